# SPDX-License-Identifier: Apache-2.0
# Chooses the configurations of every sample: rows of samples.txt in, lines "NAME CONFIGURATION PATH" out.
# Variables: tools " gcc-64 clang-32 gcc-lto ...", what can be built; seed; all "1" for every configuration of O0 and O2 that is
# not static, and a selection of all others, with O1, O3, Os and lto; folder.
#
# The selection is greedy: of the configurations, in an order drawn from the seed, the one with most pairs of values that
# did not occur yet is taken, until every possible pair has occurred. Of several such selections the smallest counts.

function allowed(only, group, value, words, n, i, restricted) {
    n = split(only, words, ",")
    for (i = 1; i <= n; i++) {
        if (words[i] == value || (words[i] == "dynamic" && (value == "pie" || value == "nopie"))) return 1
        if (index(" " group " ", " " words[i] " ") || (words[i] == "dynamic" && group ~ /pie/)) restricted = 1
    }
    return !restricted
}

# Is it in an exclusion of the row, !A-B: has it both values?
function excluded(only, configuration, items, values, n, m, i, j) {
    n = split(only, items, ",")
    for (i = 1; i <= n; i++) {
        if (sub(/^!/, "", items[i]) == 0) continue
        m = split(items[i], values, "-")
        for (j = 1; j <= m && index(configuration, "-" values[j] "-"); j++);
        if (j > m) return 1
    }
    return 0
}

# Does it compile the language of the sources?
function speaks(compiler, sources) {
    if (sources ~ /\.rs/) return compiler == "rustc"
    if (sources ~ /\.go/) return compiler == "go"
    return compiler == "gcc" || compiler == "clang"
}

# All configurations of a row at the first levels, into candidates[1..n]. A linker of C links no Go; -flto leaves the map empty.
function enumerate(only, levels, c, l, b, k, s, n) {
    n = 0
    for (c = 1; c <= 4; c++) for (l = 1; l <= levels; l++) for (b = 1; b <= 2; b++) for (k = 1; k <= 3; k++) {
        if (!speaks(compiler[c], $2) || !allowed(only, "gcc clang", compiler[c]) || !allowed(only, "O0 O2 O1 O3 Os lto", level[l])) continue
        if (!allowed(only, "64 32", bits[b]) || !allowed(only, "pie nopie static", link[k])) continue
        if (index(tools " ", " " compiler[c] "-" bits[b] " ") == 0 || (link[k] == "static" && (l > 2 || c > 2))) continue
        if ((compiler[c] == "rustc" && (link[k] != "pie" || level[l] == "lto")) || (compiler[c] == "go" && (link[k] != "nopie" || level[l] != "O2"))) continue
        if (excluded(only, "-" compiler[c] "-" level[l] "-" bits[b] "-" link[k] "-")) continue
        if (level[l] == "lto" && index(tools " ", " " compiler[c] "-lto ") == 0) continue
        for (s = 1; s <= 2; s++) candidates[++n] = compiler[c] "-" level[l] "-" bits[b] "-" link[k] "-" symbols[s]
    }
    return n
}

function new_pairs(candidate, mark, v, n, i, j, count) {
    n = split(candidate, v, "-")
    for (i = 1; i < n; i++) for (j = i + 1; j <= n; j++) {
        if ((i, v[i], j, v[j]) in seen) continue
        count++
        if (mark) seen[i, v[i], j, v[j]] = 1
    }
    return count + 0
}

function put(candidate, file) {
    file = candidate
    sub(/-full$/, "", file)
    print $1, candidate, folder "/" $1 "/" file
}

# One greedy selection from the candidates in a new order, into choice[1..n].
function choose(total, i, j, n, swap, best, most, count) {
    for (i = total; i > 1; i--) { # shuffle
        j = int(rand() * i) + 1
        swap = candidates[i]; candidates[i] = candidates[j]; candidates[j] = swap
    }
    split("", seen)
    count = 0
    while (1) {
        best = most = 0
        for (i = 1; i <= total; i++) if ((n = new_pairs(candidates[i], 0)) > most) { most = n; best = i }
        if (!best) return count
        new_pairs(candidates[best], 1)
        choice[++count] = candidates[best]
    }
}

BEGIN {
    split("gcc clang rustc go", compiler, " "); levels = split("O0 O2 O1 O3 Os lto", level, " "); split("64 32", bits, " ")
    split("pie nopie static", link, " "); split("full stripped", symbols, " ")
    srand(seed)
}
NF {
    total = enumerate($9, 2)
    split("", taken)
    if (all == "1") {
        for (i = 1; i <= total; i++) if (candidates[i] !~ /-static-/) { put(candidates[i]); taken[candidates[i]] }
        total = enumerate($9, levels)
    }
    fewest = 0
    for (attempt = 1; attempt <= 8; attempt++) {
        count = choose(total)
        if (fewest && count >= fewest) continue
        fewest = count
        for (i = 1; i <= count; i++) best_choice[i] = choice[i]
    }
    for (i = 1; i <= fewest; i++) if (!(best_choice[i] in taken)) put(best_choice[i])
}
