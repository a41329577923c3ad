/* SPDX-License-Identifier: Apache-2.0 */
/* A region allocator: one arena per analysed file, freed as a whole.
 *
 * Allocation never fails from the caller's view: when the system has no memory the process ends with one line
 * (mc_out_of_memory), because no analysis can go on soundly. Zeroed memory, 16-byte aligned. */
#ifndef MC_BASE_ARENA_H
#define MC_BASE_ARENA_H

#include <stddef.h>

struct mc_arena_chunk;

struct mc_arena {
    struct mc_arena_chunk *chunks; /* newest first */
    size_t reserved;               /* bytes obtained from the system */
};

/* A zero-initialised struct mc_arena is an empty arena. */
void *mc_arena_alloc(struct mc_arena *arena, size_t size);
void *mc_arena_array(struct mc_arena *arena, size_t count, size_t size); /* overflow-checked */
char *mc_arena_strdup(struct mc_arena *arena, const char *text);
char *mc_arena_strndup(struct mc_arena *arena, const char *text, size_t length);
char *mc_arena_printf(struct mc_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mc_arena_free(struct mc_arena *arena); /* leaves an empty arena */

_Noreturn void mc_out_of_memory(void);
void *mc_realloc(void *memory, size_t count, size_t size); /* overflow-checked; never NULL unless count is 0 */

#define MC_NEW(arena, type) ((type *)mc_arena_alloc((arena), sizeof(type)))
#define MC_NEW_ARRAY(arena, count, type) ((type *)mc_arena_array((arena), (count), sizeof(type)))

#endif
