/* SPDX-License-Identifier: Apache-2.0 */
/* The little of a C library that the static executable needs, under the names of the system's own headers: system calls
 * in start.c, strings and formatting in tiny.c. Formats: %s %c %d %u %x %X %% with -, 0, width, .precision, *, h hh l
 * ll z. */
#ifndef MC_PROBE_STATIC_TINY_H
#define MC_PROBE_STATIC_TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Buffered output to a file descriptor; flushed by mc_flush. False once a write failed. */
void mc_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool mc_flush(void);

#endif
