/* SPDX-License-Identifier: Apache-2.0 */
/* How many registers for arguments a C++ function may look at, by its mangled name (Itanium C++ ABI, 5.1; psABI, 3.2.3): a name tells
 * of the parameters. Counts are rather too high, as a caller that keeps something in a register has not passed it. */
#include "scanner/proof/machine.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST 6 /* registers */

/* <number> <name>; NULL when it is none. */
static const char *behind_name(const char *at)
{
    char *end;
    unsigned long length = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : 0;
    return length && strlen(end) >= length ? end + length : NULL;
}

/* The name of the function, and whether it may have an object; NULL for what has arguments of a template, or is an operator. */
static const char *behind_function(const char *at, bool *ret_object)
{
    *ret_object = *at == 'N';
    if (!*ret_object)
        return behind_name(at + (strncmp(at, "St", 2) ? 0 : 2));
    for (at++; *at == 'K' || *at == 'V' || *at == 'r'; at++)
        ;
    if (!strncmp(at, "St", 2))
        at += 2;
    while (at && *at && *at != 'E')
        at = (*at == 'C' || *at == 'D') && isdigit((unsigned char)at[1]) ? at + 2 : behind_name(at);
    return at && *at ? at + 1 : NULL;
}

/* One parameter: of a class it may be two words. NULL for what is not told. */
static const char *behind_parameter(const char *at, int *count)
{
    bool pointer = false;
    for (; *at && strchr("PRKO", *at); at++)
        pointer |= *at != 'K';
    *count += 1;
    if (*at && strchr("wbcahstijlmxynofdegz", *at))
        return *at == 'z' ? NULL : at + 1;
    if (*at == 'v')
        return pointer ? at + 1 : NULL;
    *count += !pointer;
    if (!strncmp(at, "St", 2))
        return behind_name(at + 2);
    if (*at == 'S' && at[1] && strchr("absiod", at[1]))
        return at + 2;
    if (*at == 'S') {
        for (at++; isdigit((unsigned char)*at) || isupper((unsigned char)*at); at++)
            ;
        return *at == '_' ? at + 1 : NULL;
    }
    return behind_name(at);
}

int mc_mangled_arity(const char *name)
{
    bool object;
    const char *at = strncmp(name, "_Z", 2) ? NULL : behind_function(name + 2, &object);
    int count = 1; /* where the result goes */
    if (!at || !*at)
        return -1;
    count += object;
    if (strcmp(at, "v") != 0)
        while (at && *at)
            at = behind_parameter(at, &count);
    return !at ? -1 : count < MOST ? count : MOST;
}
