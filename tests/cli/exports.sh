#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A library that exports all of its functions by accident (libopenh264): they call each other through the PLT, flags are handed on
# as arguments, and come out of a function through a pointer to the stack, beside other variables. The right bit guards; another
# bit, another caller, another pointer that leads there, or one that is kept for later does not.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"
cc=${CC:-cc}

# A library NAME, of which TEXT opens a codec.
library() { # NAME TEXT
    {
        cat <<'END'
#include <cpuid.h>
#include <stdlib.h>
struct operations { int (*multiply)(int a, int b); };
struct machine { int threads, line; unsigned flags; };
unsigned detect(void)
{
    unsigned a, b, c = 0, d, flags = 0;
    __get_cpuid(1, &a, &b, &c, &d);
    if (c >> 9 & 1)
        flags |= 0x10;
    if (c >> 19 & 1)
        flags |= 0x20;
    return flags;
}
int multiply_plain(int a, int b) { return a * b; }
int multiply_fast(int a, int b)
{
    __asm__("movd %0, %%xmm0; movd %1, %%xmm1; pmulld %%xmm1, %%xmm0; movd %%xmm0, %0" : "+r"(a) : "r"(b) : "xmm0", "xmm1");
    return a;
}
void choose(struct operations *o, unsigned flags)
{
    o->multiply = multiply_plain;
    if (flags & BIT)
        o->multiply = multiply_fast;
}
void begin(struct operations *o, int threads, unsigned flags)
{
    o[threads].multiply = 0;
    choose(o, flags);
}
struct machine *kept;
void keep(struct machine *m) { kept = m; }
void later(void) { if (kept) kept->flags = ~0u; }
void set_all(struct machine *m)
{
    m->line = 1;
    m->flags = ~0u;
}
void look(int *threads, int *line, unsigned *flags)
{
    *flags = detect();
    *line = 64;
    *threads = 1;
}
void look_and_keep(struct machine *m, unsigned *flags)
{
    kept = m;
    *flags = detect();
}
END
        echo "$2"
    } >"$work/$1.c"
    "$cc" -O2 -fPIC -fsemantic-interposition -shared "${3:--DBIT=0x20}" -o "$work/lib$1.so" "$work/$1.c" && strip "$work/lib$1.so"
}
verdict() { # STATUS NAME VERDICTS
    run "$1" scan --no-cache --all-uses --format json "$work/lib$2.so"
    check "$2: $3" test "$(jq -r '[.files[0].uses[] | select(.instruction | startswith("pmulld")).verdict] | unique | join(",")' "$out" |
        grep -cxE "$3")" = 1
}

right='struct operations *codec_open(void)
{
    int threads = 0, line = 16;
    unsigned flags = 0;
    look(&threads, &line, &flags);
    struct operations *o = calloc((unsigned)threads + 1, (unsigned)line);
    begin(o, threads, flags);
    return o;
}'
library right "$right"
verdict 0 right guarded
library other_bit "$right" -DBIT=0x10
verdict 1 other_bit misguarded
library other_caller "$right"'
void codec_force(struct operations *o) { choose(o, 0x20); }'
verdict 1 other_caller 'unguarded|misguarded'
library other_pointer 'struct operations *codec_open(void)
{
    struct machine m = {0};
    look(&m.threads, &m.line, &m.flags);
    set_all(&m);
    struct operations *o = calloc((unsigned)m.threads + 1, (unsigned)m.line);
    begin(o, m.threads, m.flags);
    return o;
}'
verdict 1 other_pointer 'unguarded|misguarded'
library kept_pointer 'struct operations *codec_open(void)
{
    struct machine m = {0};
    look_and_keep(&m, &m.flags);
    later();
    struct operations *o = calloc((unsigned)m.threads + 1, 16);
    begin(o, m.threads, m.flags);
    return o;
}'
verdict 1 kept_pointer 'unguarded|misguarded'

# The flags stand where a list has its pointer to the next one, which 70 functions follow.
heap=$(
    cat <<'END'
struct codec { struct operations o; void *space[12]; unsigned flags, depth; };
struct list { void *space[13]; struct list *next; };
void codec_defaults(struct codec *c)
{
    c->flags = detect();
    c->depth = 8;
}
void codec_choose(struct codec *c) { begin(&c->o, 0, c->flags); }
struct codec *codec_open(void)
{
    struct codec *c = calloc(2, sizeof *c);
    if (c) {
        codec_defaults(c);
        codec_choose(c);
    }
    return c;
}
END
    for n in {1..70}; do echo "void *list_$n(struct list *l) { return l->next && l->next->next ? (void *)codec_open() : l; }"; done
)
library heap "$heap"
verdict 0 heap guarded
library heap_other_bit "$heap" -DBIT=0x10
verdict 1 heap_other_bit misguarded
library heap_forced "$heap"'
void codec_force(struct codec *c)
{
    c->flags = ~0u; /* and the next member with it, by one store of 8 bytes */
    c->depth = 1;
    codec_choose(c);
}'
verdict 1 heap_forced 'unguarded|misguarded'
finish
