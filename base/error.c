/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line whatever bytes its arguments held: control characters become '?'. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

bool mc_fail(struct mc_error *ret_error, enum mc_error_kind kind, uint64_t offset, const char *format, ...)
{
    if (!ret_error)
        return false;
    ret_error->kind = kind;
    ret_error->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ret_error->text, sizeof ret_error->text, format, arguments);
    va_end(arguments);
    make_printable(ret_error->text);
    return false;
}

bool mc_fail_context(struct mc_error *error, const char *format, ...)
{
    if (!error)
        return false;
    char context[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length + 3 > sizeof context)
        return false;
    size_t used = (size_t)length;
    char old[sizeof error->text];
    memcpy(old, error->text, sizeof old);
    memcpy(error->text, context, used);
    memcpy(error->text + used, ": ", 2);
    size_t room = sizeof error->text - used - 2; /* what does not fit is cut */
    snprintf(error->text + used + 2, room, "%.*s", (int)room - 1, old);
    make_printable(error->text);
    return false;
}
