/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_SIZE ((size_t)64 << 10)
#define ALIGNMENT ((size_t)16)

struct mc_arena_chunk {
    struct mc_arena_chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char data[];
};

_Noreturn void mc_out_of_memory(void)
{
    static const char text[] = "maskcheck: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(3);
}

void *mc_realloc(void *memory, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        mc_out_of_memory();
    if (!bytes) {
        free(memory);
        return NULL;
    }
    void *result = realloc(memory, bytes);
    if (!result)
        mc_out_of_memory();
    return result;
}

static struct mc_arena_chunk *add_chunk(struct mc_arena *arena, size_t size)
{
    size_t payload = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
    struct mc_arena_chunk *chunk = calloc(1, sizeof *chunk + payload);
    if (!chunk)
        mc_out_of_memory();
    chunk->size = payload;
    arena->reserved += sizeof *chunk + payload;
    if (payload != CHUNK_SIZE && arena->chunks) { /* keep the open chunk first: a big block must not close it */
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *mc_arena_alloc(struct mc_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        mc_out_of_memory();
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    struct mc_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < size)
        chunk = add_chunk(arena, size);
    void *result = chunk->data + chunk->used;
    chunk->used += size;
    return result;
}

void *mc_arena_array(struct mc_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        mc_out_of_memory();
    return mc_arena_alloc(arena, bytes);
}

char *mc_arena_strndup(struct mc_arena *arena, const char *text, size_t length)
{
    char *copy = mc_arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *mc_arena_strdup(struct mc_arena *arena, const char *text)
{
    return mc_arena_strndup(arena, text, strlen(text));
}

char *mc_arena_printf(struct mc_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return mc_arena_strdup(arena, "");
    char *text = mc_arena_alloc(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void mc_arena_free(struct mc_arena *arena)
{
    while (arena->chunks) {
        struct mc_arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    arena->reserved = 0;
}
