/* SPDX-License-Identifier: Apache-2.0 */
/* An error as a value: what kind, where in the input, one sentence for a person.
 *
 * Functions that can fail return bool (or a pointer) and take `struct mc_error *ret_error` last; it is written
 * only on failure and may be NULL. Nothing below cli/ prints. */
#ifndef MC_BASE_ERROR_H
#define MC_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum mc_error_kind {
    MC_ERROR_NONE = 0,
    MC_ERROR_IO,          /* the system refused: open, read, map */
    MC_ERROR_FORMAT,      /* the bytes are not what the format demands */
    MC_ERROR_UNSUPPORTED, /* valid, but not something maskcheck analyses: other machine, x32, core file */
    MC_ERROR_LIMIT,       /* a documented bound was hit */
    MC_ERROR_MEMORY,
    MC_ERROR_USAGE,       /* the caller's words: unknown name, bad option */
};

#define MC_NO_OFFSET UINT64_MAX

struct mc_error {
    enum mc_error_kind kind;
    uint64_t offset; /* file offset in bytes, or MC_NO_OFFSET */
    char text[256];  /* what was found and what was expected; no file name, no newline */
};

/* Fills *ret_error (when not NULL) and returns false, so that `return mc_fail(...)` reads well. */
bool mc_fail(struct mc_error *ret_error, enum mc_error_kind kind, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "context: " before the text of an error that travels up. Returns false. */
bool mc_fail_context(struct mc_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
