/* SPDX-License-Identifier: Apache-2.0 */
/* What the linear tools decode: the sections with code, from their first byte to their last. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_totals {
    unsigned long long bytes, instructions, undecoded; /* undecoded: bytes that were skipped one by one */
    unsigned long long interesting;                    /* instructions of an extension, by the decoder's own word */
};

typedef void bench_sweep(void *context, const uint8_t *bytes, size_t size, uint64_t address, bool wide);

/* Maps the file and sweeps its executable sections when it is x86 ELF; what cannot be read is left out. */
void bench_sweep_file(const char *path, bench_sweep *sweep, void *context);
void bench_print_totals(const struct bench_totals *totals);

#endif
