# SPDX-License-Identifier: Apache-2.0
# Holds verdicts against samples.txt. Input files in this order: the table; known-wrong.txt; lines "own PATH ADDRESS SIZE", the sample's own
# code in a static program; lines "file ...", "gap ..." and "use ..." as scan.sh makes them; the list of built samples. Prints
# TAP.

function number(hex, n, i) { # mawk knows no hexadecimal
    n = 0
    for (i = 3; i <= length(hex); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
    return n
}

# Is the address within the sample's own code? Always, where the whole file is judged.
function is_own(path, address, i, n) {
    if (!(path in own_count)) return 1
    n = number(address)
    for (i = 1; i <= own_count[path]; i++) if (n >= own_start[path, i] && n < own_end[path, i]) return 1
    return 0
}

# One of the alternatives "a/b" of the table.
function among(value, alternatives, words, n, i) {
    n = split(alternatives, words, "/")
    for (i = 1; i <= n; i++) if (words[i] == value) return 1
    return 0
}

function judge(name, configuration, path, got, wanted, bad) {
    bad = ""
    got = path in own_count ? own_verdict[path] : file_verdict[path]
    if (path in own_count && got == "") got = "clean"
    if (!(path in status)) bad = "no result for " path
    else if (status[path] != "ok" && !(status[path] == "partial" && path in own_count && !(path in own_gap)))
        bad = "status: expected ok; got " status[path]
    else if (!among(got, verdict[name])) bad = "verdict: expected " verdict[name] "; got " got
    else if (got == "guarded") {
        if ((path in warned ? "warning" : "-") != level[name])
            bad = "warnings: expected " level[name] "; got " (path in warned ? "warning" : "-")
        else if (confidence[name] != "-" && confidence[name] != weakest[path])
            bad = "confidence: expected " confidence[name] "; got " weakest[path]
    }
    if (bad == "") print "ok - scan " name " " configuration
    else if (is_known(name, configuration, bad)) print "ok - scan " name " " configuration " # SKIP known to be wrong: " bad
    else {
        print "not ok - scan " name " " configuration
        print "# " bad
        failed = 1
    }
}

# Is this wrong answer, and no other, listed for this configuration?
function is_known(name, configuration, bad, i) {
    for (i = 1; i <= known_count; i++)
        if (known_name[i] == name && configuration ~ known_where[i] && bad ~ known_got[i] "$") return 1
    return 0
}

BEGIN {
    rank["dead"] = 0; rank["clean"] = 0; rank["guarded"] = 1; rank["misguarded"] = 2; rank["trapped"] = 3
    rank["unguarded"] = 4
}
FNR == 1 { file++ }
file == 1 && !/^#/ && NF { verdict[$1] = $4; confidence[$1] = $5; level[$1] = $6 }
file == 2 && !/^#/ && NF == 3 { i = ++known_count; known_name[i] = $1; known_where[i] = $2; known_got[i] = "got " $3; next }
$1 == "own" && NF == 4 {
    i = ++own_count[$2]
    own_start[$2, i] = number($3)
    own_end[$2, i] = number($3) + number($4)
    next
}
$1 == "file" && NF == 5 { status[$2] = $3; file_verdict[$2] = $4; next }
$1 == "gap" && NF == 3 { if (is_own($2, $3)) own_gap[$2] = 1; next }
$1 == "use" && NF == 6 {
    if (!is_own($2, $3)) next
    if ($4 != "dead" && rank[$4] >= rank[own_verdict[$2]]) own_verdict[$2] = $4
    if ($4 == "guarded" && $5 == "warning") warned[$2] = 1
    if ($4 == "guarded" && weakest[$2] != "inferred") weakest[$2] = $6
    next
}
FILENAME == ARGV[ARGC - 1] && NF == 3 { judge($1, $2, $3) }
END { exit failed }
