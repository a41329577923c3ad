/* SPDX-License-Identifier: Apache-2.0 */
#include "input/squashfs_library.h"

#include "base/library.h"

#include <pthread.h>

static struct mc_squashfs_library functions;
static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load_all(void)
{
    void *library = dlopen("libsquashfs.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    available = true;
#define MC_LOAD(name) available &= mc_library_function(library, "sqfs_" #name, &functions.name);
    MC_SQUASHFS_FUNCTIONS(MC_LOAD)
#undef MC_LOAD
}

const struct mc_squashfs_library *mc_squashfs_library_load(void)
{
    pthread_once(&once, load_all);
    return available ? &functions : NULL;
}
