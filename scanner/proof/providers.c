/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of a run, and which of them a file is loaded with. */
#include "scanner/proof/foreign.h"

#include "input/closure.h"
#include "scanner/image_link.h"
#include "scanner/proof/tree.h"

#include <pthread.h>
#include <string.h>

struct known_module {
    struct mc_teller *module;
    const char **needs; /* paths of the modules that it is loaded with; filled when first asked for */
    size_t need_count;
    bool listed;
    UT_hash_handle hh;
};

struct mc_providers {
    pthread_mutex_t lock;
    struct mc_arena arena;
    const char *root;
    const struct mc_input *container; /* NULL: the root's files */
    const struct mc_held *held;
    struct mc_tree *tree;             /* of the container; read with the first question */
    struct mc_loader loader; /* opened with the first question */
    bool opened;
    struct known_module *modules; /* by path */
};

struct mc_providers *mc_providers_new(const char *root)
{
    struct mc_providers *providers = mc_realloc(NULL, 1, sizeof *providers);
    pthread_mutexattr_t attributes;
    memset(providers, 0, sizeof *providers);
    providers->root = mc_arena_strdup(&providers->arena, root);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&providers->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return providers;
}

struct mc_providers *mc_providers_new_within(const struct mc_input *container)
{
    struct mc_providers *providers = mc_providers_new("");
    providers->container = container;
    return providers;
}

void mc_providers_hold(struct mc_providers *providers, const struct mc_held *held)
{
    providers->held = held;
}

bool mc_providers_are_cut(const struct mc_providers *providers)
{
    return providers->tree && mc_tree_is_cut(providers->tree);
}

const char *mc_providers_root(const struct mc_providers *providers)
{
    return providers->root;
}

void mc_providers_free(struct mc_providers *providers)
{
    if (!providers)
        return;
    for (struct known_module *known = providers->modules; known; known = known->hh.next)
        mc_teller_free(known->module);
    HASH_CLEAR(hh, providers->modules);
    mc_tree_free(providers->tree);
    if (providers->opened && !providers->container)
        mc_loader_close(&providers->loader);
    pthread_mutex_destroy(&providers->lock);
    mc_arena_free(&providers->arena);
    free(providers);
}

void mc_providers_lock(struct mc_providers *providers)
{
    pthread_mutex_lock(&providers->lock);
}

void mc_providers_unlock(struct mc_providers *providers)
{
    pthread_mutex_unlock(&providers->lock);
}

static struct known_module *know(struct mc_providers *providers, const char *path)
{
    struct known_module *found;
    HASH_FIND_STR(providers->modules, path, found);
    if (!found) {
        found = MC_NEW(&providers->arena, struct known_module);
        size_t size = 0;
        const uint8_t *bytes = providers->tree ? mc_tree_bytes(providers->tree, path, &size) : NULL;
        found->module = providers->tree ? mc_teller_new_of(providers, path, bytes, size) : mc_teller_new(providers, path);
        const char *kept = mc_teller_path(found->module);
        HASH_ADD_KEYPTR(hh, providers->modules, kept, strlen(kept), found);
    }
    return found;
}

/* Paths of what ld.so loads with the file, in its order. */
static const char **paths_of(struct mc_providers *providers, const char *path, struct mc_arena *arena, size_t *ret_count)
{
    struct mc_closure closure = {0};
    *ret_count = 0;
    if (providers->tree)
        return mc_tree_closure(providers->tree, path, arena, ret_count);
    if (!mc_closure_find(&providers->loader, path, arena, &closure, NULL))
        return NULL;
    const char **paths = MC_NEW_ARRAY(arena, closure.count + 1, const char *);
    for (size_t i = 0; i < closure.count; i++)
        if (closure.items[i].path)
            paths[(*ret_count)++] = closure.items[i].path;
    return paths;
}

static bool needs(struct mc_providers *providers, struct known_module *known, const char *path)
{
    if (!known->listed)
        known->needs = paths_of(providers, mc_teller_path(known->module), &providers->arena, &known->need_count);
    known->listed = true;
    for (size_t i = 0; i < known->need_count; i++)
        if (!strcmp(known->needs[i], path))
            return true;
    return !strcmp(mc_teller_path(known->module), path);
}

static void open_loader(struct mc_providers *providers)
{
    if (!providers->opened && providers->container)
        providers->tree = mc_tree_read(providers->container, providers->held);
    else if (!providers->opened)
        mc_loader_open(providers->root, mc_image_link_info, &providers->loader);
    providers->opened = true;
}

struct mc_teller **mc_providers_tellers(struct mc_providers *providers, const char *path, const char *asker, struct mc_arena *arena,
                                        size_t *ret_count)
{
    size_t count;
    *ret_count = 0;
    open_loader(providers);
    const char **paths = paths_of(providers, path, arena, &count);
    struct mc_teller **modules = MC_NEW_ARRAY(arena, count + 1, struct mc_teller *);
    for (size_t i = 0; i < count; i++) {
        struct known_module *known = know(providers, paths[i]);
        if (!asker || !needs(providers, known, asker))
            modules[(*ret_count)++] = known->module;
    }
    return modules;
}
