/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/debug_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static struct mc_libdw functions;
static bool available;

/* Function pointers come from dlsym as data pointers: copied, as POSIX wants it. */
static bool load(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load_all(void)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    available = true;
#define MC_LIBDW_LOAD(name) available &= load(library, #name, &functions.name);
    MC_LIBDW_FUNCTIONS(MC_LIBDW_LOAD)
#undef MC_LIBDW_LOAD
}

const struct mc_libdw *mc_libdw_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_all);
    return available ? &functions : NULL;
}
