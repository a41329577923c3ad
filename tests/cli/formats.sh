#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan's reports for other programs: SARIF, JUnit, CSV, Prometheus; and names that are not what a name should be.
. "$(dirname "$0")/lib.sh"
needs jq python3
make_programs
folder=$(cd "$(dirname "$0")" && pwd)
mkdir "$work/in"
cd "$work/in" || exit 1
cp "$work/clean" clean
cp "$work/unguarded" unguarded
echo text >text
head -c 20 unguarded >half-header
head -c 300 unguarded >cut-short
cp unguarded $'two\nlines'
cp unguarded $'bad\xff\xc3name'
cp unguarded '<b>&"quote'"'"'"'
cp unguarded '=1+1,"x"'
cp unguarded $'escape\033[31m\x7f'
cp unguarded $'none\xef\xbf\xbfsuch'
cp unguarded '<script><!-- ]]>'

json() { check "$said: $1" jq -e "$1" "$out" >/dev/null; }
python() { check "$said: $1" python3 -c "$2" "$out"; }

run 1 scan --format sarif .
check "$said: is UTF-8" iconv -f utf-8 -t utf-8 -o /dev/null "$out"
json '.version == "2.1.0" and (.runs | length) == 1'
json '.runs[0].tool.driver | .name == "maskcheck" and (.rules | length) > 10'
json '.runs[0].tool.driver.rules | all(.[]; (.help.text | length) > 100 and (.fullDescription.text | length) > 20)'
json '.runs[0] as $run | [$run.results[] | select(.ruleId)] | length >= 8 and all(.[]; $run.tool.driver.rules[.ruleIndex].id == .ruleId)'
json '[.runs[0].results[] | select(.analysisTarget.uri == "./unguarded")] | length == 1 and .[0].level == "error" and .[0].kind == "fail" and .[0].ruleId == "MC001"'
json '.runs[0].results[] | select(.analysisTarget.uri == "./unguarded") | .locations[0] | .logicalLocations[0].name == "_start" and (.physicalLocation.address.absoluteAddress | type) == "number"'
json '.runs[0].results[] | select(.analysisTarget.uri == "./unguarded") | .codeFlows[0].threadFlows[0].locations | length > 1'
json '[.runs[0].results[].partialFingerprints // empty | ."maskcheck/v1"] | length == (unique | length) and all(.[]; test("^[0-9a-f]{32}$"))'
json '[.runs[0].results[].analysisTarget.uri // empty] | index("./two%0Alines") != null and index("./bad%FF%C3name") != null'
json '[.runs[0].results[] | select(.kind == "open") | .locations[0].physicalLocation.artifactLocation.uri] | index("./half-header") != null'
json '.runs[0].properties.baseline.name == "x86-64-v1"'

run 1 scan --format junit .
python "is XML" 'import sys, xml.etree.ElementTree as e; e.parse(sys.argv[1])'
python "counts its cases" '
import sys, xml.etree.ElementTree as e
root = e.parse(sys.argv[1]).getroot()
suite = root.find("testsuite")
count = lambda name: len(suite.findall("testcase/" + name))
assert root.tag == "testsuites"
assert int(suite.get("tests")) == len(suite.findall("testcase")) == 12, suite.attrib
for name in "failure", "error", "skipped":
    assert int(suite.get({"failure": "failures", "error": "errors"}.get(name, name))) == count(name), name
assert count("failure") == 8'
python "has names as text" '
import sys, xml.etree.ElementTree as e
names = [case.get("name") for case in e.parse(sys.argv[1]).iter("testcase")]
assert "<b>&\"quote\x27\"" in names and "two\\x0alines" in names, names'

run 1 scan --format csv .
python "has cells as the header says" '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
assert len(rows) == 12 and not any(None in row or None in row.values() for row in rows)
by = {row["path"]: row for row in rows}
assert by["./unguarded"]["rule"] == "MC001" and by["./unguarded"]["instruction"] == "pshufb xmm0, xmm1"
assert by["./clean"]["file_verdict"] == "clean" and by["./clean"]["rule"] == ""
assert by["./half-header"]["status"] == "error" and by["./half-header"]["reason"]'
cd "$work/in" && run 1 scan --format csv -- '=1+1,"x"'
python "never begins a cell with what a spreadsheet computes" '
import csv, sys
assert not any(cell[:1] in ("=", "+", "-", "@") for row in csv.reader(open(sys.argv[1])) for cell in row if cell)'

run 1 scan --format prometheus .
python "is what Prometheus reads" '
import re, sys
sample = re.compile(r"([a-z_]+)(\{[a-z]+=\"(?:[^\"\\\n]|\\[\\\"n])*\"(?:,[a-z]+=\"(?:[^\"\\\n]|\\[\\\"n])*\")*\})? -?[0-9.e+]+$")
seen, metric, done = set(), None, set()
for line in open(sys.argv[1], encoding="utf-8"):
    line = line.rstrip("\n")
    if line.startswith("#"):
        assert re.match(r"# (HELP|TYPE) [a-z_]+ .", line), line
        continue
    match = sample.match(line)
    assert match, line
    assert match[0].rsplit(" ", 1)[0] not in seen, line
    seen.add(match[0].rsplit(" ", 1)[0])
    if match[1] != metric:
        assert match[1] not in done, "samples of %s stand apart" % match[1]
        done.add(metric)
        metric = match[1]'
out_has 'maskcheck_scan_files{verdict="unguarded"} 8'
out_has 'maskcheck_scan_unsafe_uses{path="./two\\x0alines",'
out_has 'maskcheck_scan_files_not_judged{status="error"} '

# A source line goes before the address.
printf 'int main(void)\n{\n    __asm__ volatile("pshufb %%%%xmm1, %%%%xmm0" ::: "xmm0");\n}\n' >line.c
if "${CC:-cc}" -g -O1 line.c -o line 2>/dev/null && "$maskcheck" scan line 2>/dev/null | grep -q 'line\.c:3'; then
    run 1 scan --format sarif line
    json '[.runs[0].results[] | select(.ruleId == "MC001")][0].locations[0].physicalLocation | .artifactLocation.uri == "line.c" and .region.startLine == 3'
else
    echo "ok - source lines in SARIF # SKIP no debug information, or libdw cannot be loaded"
fi

# The public schema of SARIF, where the test was given it: MASKCHECK_SARIF_SCHEMA, or the npm package that holds it.
schema=${MASKCHECK_SARIF_SCHEMA-}
if [[ -z $schema && -n ${MASKCHECK_ALL-} ]] && type -P npm >/dev/null; then
    (mkdir "$work/npm" && cd "$work/npm" && npm pack --silent @microsoft/jest-sarif && tar -xzf ./*.tgz) >/dev/null 2>&1
    schema=$(find "$work/npm" -name 'sarif-2.1.0*.json' | head -n 1)
fi
if [[ -n $schema ]] && python3 -c 'import jsonschema' 2>/dev/null; then
    run 1 scan --format sarif --all-uses .
    check "$said: valid SARIF" python3 -W ignore "$folder/validate.py" --open "$schema" "$out"
else
    echo "ok - the public schema of SARIF # SKIP only in the long tests, with npm and python3-jsonschema"
fi
finish
