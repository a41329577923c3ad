/* SPDX-License-Identifier: Apache-2.0 */
#include "base/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

static bool disabled;

struct text {
    char bytes[MC_LONGEST_DEMANGLED + 1];
    size_t length;
    jmp_buf full;
};

/* libiberty's demanglers cannot be told to stop, and one symbol can keep them printing for hours: they are left from here.
 * They hold no memory of the heap while they print; Rust's may lose the few bytes of one non-ASCII identifier. */
static void add_text(const char *bytes, size_t length, void *context)
{
    struct text *text = context;
    if (length > MC_LONGEST_DEMANGLED - text->length)
        longjmp(text->full, 1);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

/* Rust's older mangling is C++'s with a hash behind it: Rust is asked first. */
static bool print_name(const char *symbol, bool parameters, struct text *text)
{
    int options = parameters ? DMGL_PARAMS | DMGL_ANSI : DMGL_NO_OPTS;
    text->length = 0;
    if (setjmp(text->full))
        return false;
    if (rust_demangle_callback(symbol, DMGL_NO_OPTS, add_text, text) && text->length)
        return true;
    text->length = 0;
    return symbol[0] == '_' && symbol[1] == 'Z' && cplus_demangle_v3_callback(symbol, options, add_text, text) && text->length;
}

static const char *demangle(const char *symbol, bool parameters, struct mc_arena *arena)
{
    struct text text;
    /* "_Z" and "_R", which begins Rust's second mangling */
    if (disabled || !symbol || symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R'))
        return NULL;
    return print_name(symbol, parameters, &text) ? mc_arena_strndup(arena, text.bytes, text.length) : NULL;
}

const char *mc_demangle(const char *symbol, struct mc_arena *arena)
{
    return demangle(symbol, true, arena);
}

const char *mc_symbol_text(const char *symbol, struct mc_arena *arena)
{
    const char *name = mc_demangle(symbol, arena);
    return name ? name : symbol;
}

/* False: the symbol cannot mean the word, for a mangling holds the function's own name as it is. Saves demangling whole
 * symbol tables. Operators and Rust's closures have none. */
static bool may_be(const char *symbol, const char *word)
{
    static const char identifier[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    char name[128];
    size_t end = strcspn(word, "(<"), start = end;
    if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R') || strncmp(word, "_Z", 2) == 0 || strncmp(word, "_R", 2) == 0)
        return false;
    while (start && strchr(identifier, word[start - 1]))
        start--;
    if (start == end || end - start >= sizeof name || strstr(word, "operator") || strchr(word, '{'))
        return true;
    memcpy(name, word + start, end - start);
    name[end - start] = 0;
    return strstr(symbol, name);
}

/* "ns::blend<char>" -> length of "ns::blend"; the whole where no template's arguments end it. */
static size_t without_arguments(const char *name)
{
    size_t at = strlen(name), depth = 0;
    if (!at || name[at - 1] != '>')
        return at;
    while (at--) {
        depth += name[at] == '>';
        depth -= name[at] == '<';
        if (!depth)
            return at;
    }
    return strlen(name);
}

bool mc_symbol_is(const char *symbol, const char *word)
{
    struct mc_arena arena = {0};
    if (strcmp(symbol, word) == 0)
        return true;
    if (!may_be(symbol, word))
        return false;
    const char *full = demangle(symbol, true, &arena), *bare = demangle(symbol, false, &arena);
    bool same = (full && strcmp(full, word) == 0) || (bare && strcmp(bare, word) == 0) ||
                (bare && strlen(word) == without_arguments(bare) && strncmp(bare, word, strlen(word)) == 0);
    mc_arena_free(&arena);
    return same;
}

void mc_demangle_disable(void)
{
    disabled = true;
}
