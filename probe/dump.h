/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded CPUs: reads a CPUID dump into snapshots, one per CPU.
 *
 * Formats, told by content: the text of `cpuid -r`; the text dumps of the InstLatx64 collection (EVEREST, AIDA64 and
 * its own "CPUID 00000001: ..." lines, with or without [SL nn] and colon); libvirt's cpuData XML; a report of
 * `maskcheck probe` (schema maskcheck/probe/1); and the CPU model JSON of QEMU's query-cpu-model-expansion (features without
 * registers). Text may be UTF-8 or UTF-16 with a byte order mark.
 * A dump is refused where it cannot be believed: cut short, two answers for one leaf, or leaves missing without which
 * features would be called absent only because nobody wrote them down. */
#ifndef MC_PROBE_DUMP_H
#define MC_PROBE_DUMP_H

#include "isa/baseline.h"
#include "probe/snapshot.h"

enum mc_dump_format {
    MC_DUMP_CPUID_R,
    MC_DUMP_INSTLAT,
    MC_DUMP_LIBVIRT_XML,
    MC_DUMP_PROBE_JSON,
    MC_DUMP_QEMU_JSON,
    MC_DUMP_LIBVIRT_FEATURES, /* libvirt's -enabled.xml: the feature registers alone, as far as QEMU can name their bits */
};
const char *mc_dump_format_name(enum mc_dump_format format); /* "cpuid -r", "InstLatx64" ... for messages */

/* Does it tell only the features that QEMU can name, and nothing of other bits? */
bool mc_dump_names_features(enum mc_dump_format format);

struct mc_dump_cpu {
    unsigned cpu; /* number as the dump gives it, else counted from 0 */
    struct mc_snapshot snapshot;
};

struct mc_dump {
    enum mc_dump_format format;
    struct mc_dump_cpu *cpus; /* at least one; owned */
    size_t count;
};

/* "-" is standard input. The error's offset is that of the line in question, which its text names by number, too. */
bool mc_dump_read(const char *path, struct mc_dump *ret, struct mc_error *ret_error);
bool mc_dump_parse(const char *text, size_t size, struct mc_dump *ret, struct mc_error *ret_error);
void mc_dump_free(struct mc_dump *dump);

/* The file as a baseline: the features that every CPU in it has; ret->name is the path's last part. */
bool mc_dump_baseline(const char *path, struct mc_baseline *ret, struct mc_error *ret_error);

/* For the readers of single formats, which fill a dump that is zeroed. */
/* Starts a CPU with this number, or the next free one where that is taken. Returns it; valid until the next call. */
struct mc_dump_cpu *mc_dump_add_cpu(struct mc_dump *dump, unsigned cpu);
/* Adds a leaf to the dump's last CPU; an error where another answer is recorded for it. line, offset: for the message.
 */
bool mc_dump_add_leaf(struct mc_dump *dump, uint32_t leaf, uint32_t subleaf, const uint32_t regs[4], unsigned line,
                      uint64_t offset, struct mc_error *ret_error);
/* For a CPU of which only features are told: leaves 0, 7 and 0x80000000 so that each of them counts. vendor: 12 characters, or
 * NULL when it is not told. */
void mc_dump_set_maxima(struct mc_snapshot *snapshot, const char *vendor);
bool mc_dump_parse_text(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error);
bool mc_dump_parse_xml(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error);
bool mc_dump_parse_json(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error);

#endif
