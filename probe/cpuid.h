/* SPDX-License-Identifier: Apache-2.0 */
/* The one seam between maskcheck and the CPUID instruction: a function that answers (leaf, subleaf) with four
 * registers.
 *
 * Sources: the instruction on the CPU that the calling thread runs on, the kernel's /dev/cpu/N/cpuid, a recorded dump
 * (mc_cpuid_recorded), or a test's own function. Everything above reads a source once into a snapshot
 * (probe/snapshot.h) and decides without hardware. cpuid.c also goes into the static executable: no library beyond
 * string.h. */
#ifndef MC_PROBE_CPUID_H
#define MC_PROBE_CPUID_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct mc_cpuid_source {
    /* Fills regs, indexed by enum mc_register. False when the source has no answer (leaf not recorded, read failed);
     * regs are then zero. */
    bool (*leaf)(void *ctx, uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);
    void *ctx;
};

/* The CPUID instruction. Pin the thread first: CPUs may differ. */
struct mc_cpuid_source mc_cpuid_instruction(void);

/* XCR0 by XGETBV (Intel SDM vol. 1, 13.3). Call it only where CPUID 1.ECX[27] (OSXSAVE) is set, else it raises #UD. */
uint64_t mc_read_xcr0(void);

struct mc_snapshot;
/* The leaves of a snapshot as a source; the snapshot must live as long as the source. */
struct mc_cpuid_source mc_cpuid_recorded(const struct mc_snapshot *snapshot);

/* The kernel's device, or a file that stands for it: a character device is read at position leaf | subleaf << 32,
 * sixteen bytes a leaf (Linux cpuid(4)); anything else is not a device, and the caller reads it as a dump. In
 * cpuid_device.c, which the static executable leaves out. */
struct mc_cpuid_device {
    int fd;
};
bool mc_cpuid_device_open(const char *path, struct mc_cpuid_device *ret, struct mc_error *ret_error);
struct mc_cpuid_source mc_cpuid_device_source(struct mc_cpuid_device *device);
void mc_cpuid_device_close(struct mc_cpuid_device *device);

#endif
