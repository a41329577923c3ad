/* SPDX-License-Identifier: Apache-2.0 */
#include "report/markup.h"

#include "base/demangle.h"
#include "report/words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void mc_print_markup(FILE *stream, const char *text)
{
    if (!text)
        return;
    char *copy = mc_clean_copy(text);
    for (const char *at = copy; *at; at++) {
        /* U+FFFE and U+FFFF are no characters of XML (1.0, 2.2). */
        bool none = strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0;
        if (none) {
            fputs("\xef\xbf\xbd", stream);
            at += 2;
        } else if (entity(*at)) {
            fputs(entity(*at), stream);
        } else {
            fputc(*at, stream);
        }
    }
    free(copy);
}

void mc_print_symbol_markup(FILE *stream, const char *symbol)
{
    struct mc_arena arena = {0};
    mc_print_markup(stream, mc_symbol_text(symbol, &arena));
    mc_arena_free(&arena);
}

void mc_printf_markup(FILE *stream, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = mc_format(format, arguments);
    va_end(arguments);
    mc_print_markup(stream, text);
    free(text);
}

void mc_print_csv(FILE *stream, const char *text)
{
    if (!text)
        return;
    char *copy = mc_clean_copy(text);
    fputs(*copy && strchr("=+-@", *copy) ? "\"'" : "\"", stream);
    for (const char *at = copy; *at; at++) {
        if (*at == '"')
            fputc('"', stream);
        fputc(*at, stream);
    }
    fputc('"', stream);
    free(copy);
}

void mc_print_label(FILE *stream, const char *text)
{
    char *copy = mc_clean_copy(text ? text : "");
    fputc('"', stream);
    for (const char *at = copy; *at; at++) {
        if (*at == '"' || *at == '\\')
            fputc('\\', stream);
        fputc(*at, stream);
    }
    fputc('"', stream);
    free(copy);
}
