/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of the CPUs: flags of /proc/cpuinfo, AT_HWCAP and AT_HWCAP2. A file of another machine, or of a
 * test, can stand in for /proc. No flag at all and no answer at all are different things: see `known`. */
#ifndef MC_PROBE_KERNEL_VIEW_H
#define MC_PROBE_KERNEL_VIEW_H

#include "base/error.h"
#include "isa/feature.h"

struct mc_kernel_cpu {
    unsigned cpu;                /* as in "processor : N" */
    bool known;                  /* the block has a line of flags */
    struct mc_feature_set flags; /* features whose kernel flag stands there */
};

struct mc_kernel_view {
    struct mc_kernel_cpu *cpus; /* in file order, owned */
    size_t count;
    bool hwcap_known; /* only for the running kernel */
    uint64_t hwcap;   /* AT_HWCAP: CPUID 1.EDX */
    uint64_t hwcap2;  /* AT_HWCAP2: bit 1 FSGSBASE usable */
};

/* Reads `directory`/cpuinfo. live: also AT_HWCAP and AT_HWCAP2 of this process. */
bool mc_kernel_view_read(const char *directory, bool live, struct mc_kernel_view *ret, struct mc_error *ret_error);
/* The same from bytes. */
bool mc_kernel_view_parse(const char *text, size_t size, struct mc_kernel_view *ret, struct mc_error *ret_error);
void mc_kernel_view_free(struct mc_kernel_view *view);
const struct mc_kernel_cpu *mc_kernel_view_cpu(const struct mc_kernel_view *view, unsigned cpu); /* NULL: not there */
/* Features that have a kernel flag at all: only these can be compared. */
struct mc_feature_set mc_kernel_visible_features(void);

/* A whole file of at most `limit` bytes, for the small text files the probe reads. NUL-terminated, to be freed; NULL
 * and *ret_error otherwise. FIFOs and devices are refused, not waited for. "-" is standard input. */
char *mc_read_small_file(const char *path, size_t limit, size_t *ret_size, struct mc_error *ret_error);

#endif
