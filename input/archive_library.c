/* SPDX-License-Identifier: Apache-2.0 */
#include "input/archive_library.h"

#include "base/library.h"

#include <pthread.h>

static struct mc_archive_library functions;
static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load_all(void)
{
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    available = true;
#define MC_LOAD(name) available &= mc_library_function(library, "archive_" #name, &functions.name);
    MC_ARCHIVE_FUNCTIONS(MC_LOAD)
#undef MC_LOAD
}

const struct mc_archive_library *mc_archive_library_load(void)
{
    pthread_once(&once, load_all);
    return available ? &functions : NULL;
}
