/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a library that is loaded when it is first needed. */
#ifndef MC_BASE_LIBRARY_H
#define MC_BASE_LIBRARY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* Writes the function's address to the function pointer behind ret_function; false when the library has none of that name.
 * dlsym gives a data pointer: copied, as POSIX wants it. */
static inline bool mc_library_function(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

#endif
