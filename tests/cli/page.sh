#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The HTML report: what stands in the file, and what a reader does with it in a real browser (page_driver.js).
. "$(dirname "$0")/lib.sh"
needs python3
make_programs
folder=$(cd "$(dirname "$0")" && pwd)
mkdir "$work/in"
cd "$work/in" || exit 1
cp "$work/clean" clean
cp "$work/unguarded" unguarded
cp "$work/unguarded" '<b>&"quote'"'"
cp "$work/unguarded" $'two\nlines\xff'
head -c 20 "$work/unguarded" >half-header
cat >"$work/guarded.c" <<'C'
#include <cpuid.h>
int main(void)
{
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1))
        __asm__ volatile("pmulld %%xmm1, %%xmm0" ::: "xmm0");
    if (__get_cpuid(1, &a, &b, &c, &d) && (d & bit_SSE2))
        __asm__ volatile("pshufb %%xmm1, %%xmm0" ::: "xmm0");
    return 0;
}
C
"${CC:-cc}" -O1 "$work/guarded.c" -o guarded

run 1 scan --format html -o "$work/report.html" .
cp "$work/report.html" "$out"
out_has '<title>maskcheck: 4 of 6 files may stop working on a host that has only x86-64-v1</title>'
out_has './&lt;b&gt;&amp;&quot;quote&#39;'
out_has 'two\x0alines\xff'
out_lacks '<b>&"quote'
check "$said: is UTF-8" iconv -f utf-8 -t utf-8 -o /dev/null "$out"
check "$said: names no other place" bash -c '! grep -qiE "(src|href)=\"?[^#\" ]|url\(|@import|https?://" <(sed "s,http://www.w3.org/2000/svg,," "$1")' - "$out"
check "$said: its elements are nested" python3 - "$out" <<'PY'
import html.parser, sys
class Nesting(html.parser.HTMLParser):
    void = {"meta", "input", "br", "link"}
    stack, wrong = [], []
    def handle_starttag(self, tag, attributes):
        if tag not in self.void and tag != "option":
            self.stack.append(tag)
    def handle_endtag(self, tag):
        if tag == "option":
            return
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append((tag, self.getpos()))
page = Nesting()
page.feed(open(sys.argv[1], encoding="utf-8").read())
sys.exit(str(page.wrong[:3] + page.stack) if page.wrong or page.stack else 0)
PY

# The probe as a page, of a dump so that it is the same everywhere; and for Prometheus.
data=$folder/../probe/data
run 0 probe --cpuid "$data/instlat-penryn.txt" --format html -o "$work/probe.html"
cp "$work/probe.html" "$out"
out_has '<title>maskcheck probe: consistent: CPUID does not contradict itself (nothing was tried)</title>'
out_has '<title>sse4.1 on CPU 0: untested</title>'
out_lacks '<script'
check "$said: names no other place" bash -c '! grep -qiE "(src|href)=|url\(|@import|https?://" "$1"' - "$out"
check "$said: is well formed" python3 - "$out" <<'PY'
import re, sys, xml.dom.minidom
page = open(sys.argv[1], encoding="utf-8").read()
xml.dom.minidom.parseString(re.search(r"<svg.*</svg>", page, re.S).group(0))
body = re.search(r"<body>.*</body>", page, re.S).group(0).replace("<br>", "<br/>")
xml.dom.minidom.parseString(body)
PY
run 1 probe --cpuid "$data/instlat-penryn.txt" --baseline intel-merom --format html
out_has '<h2>Above the baseline</h2>'
out_has '<p>sse4.1</p>'
run 2 probe --watch 1 --format html
err_has "--watch writes text or json, not html"
run 2 probe --format htm
err_has "did you mean 'html'?"
run 0 probe --cpuid "$data/instlat-penryn.txt" --format prometheus
out_has 'maskcheck_probe_features{verdict="untested"} '
out_has 'maskcheck_probe_unsafe 0'
run 1 probe --cpuid "$data/instlat-penryn.txt" --baseline intel-merom --format prometheus
out_has 'maskcheck_probe_unsafe 1'
check "$said: every line is a comment or a sample" bash -c '! grep -vE "^(# (HELP|TYPE) maskcheck_probe_[a-z_]+ .|maskcheck_probe_[a-z_]+(\{[^{}]*\})? [0-9]+$)" "$1"' - "$out"

browser=$(type -P chromium || type -P chromium-browser || type -P google-chrome)
if [[ -z $browser ]]; then
    echo "ok - the page in a browser # SKIP chromium is not installed (script/bootstrap --all)"
    finish
fi
sed '/<\/body>/,$d' "$work/report.html" >"$work/driven.html"
{ echo '<script>'; cat "$folder/page_driver.js"; printf '</script>\n</body>\n</html>\n'; } >>"$work/driven.html"
drive() { # drive WIDTH: the page's own words, and what the console said to $err
    HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --enable-logging=stderr \
        --window-size="$1",900 --dump-dom "file://$work/driven.html" >"$out" 2>"$err"
}
for width in 1200 500; do
    said="chromium, $width wide"
    drive "$width"
    if ! grep -q '<pre id="result">' "$out"; then
        if ! grep -q 'CONSOLE' "$err" && ! grep -q '<h1' "$out"; then
            echo "ok - $said # SKIP the browser does not start here"
            continue
        fi
        fail "$said: the page's script did not run to its end"
        continue
    fi
    sed -n '/<pre id="result">/,/<\/pre>/p' "$out" | grep -aE '^(not )?ok - '
    check "$said: nothing failed" bash -c '! grep -qa "^not ok - " "$1"' - "$out"
    check "$said: nothing on the console" bash -c '! grep -qa CONSOLE "$1"' - "$err"
done
finish
