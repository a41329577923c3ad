/* SPDX-License-Identifier: Apache-2.0 */
/* What of CPUID can be compared between CPUs: feature registers with all their bits, quantities, state components. The
 * rows stand in isa/words.def; here is what follows from them. */
#ifndef MC_ISA_WORD_H
#define MC_ISA_WORD_H

#include "isa/feature.h"

enum mc_used_by { MC_USED_BY_PROGRAM, MC_USED_BY_KERNEL, MC_USED_BY_BOTH };
const char *mc_used_by_name(enum mc_used_by used_by); /* "program", "kernel", "both" */

struct mc_word_info {
    uint32_t leaf, subleaf;
    enum mc_register reg;
    uint32_t left_out; /* bits that are no features */
    enum mc_used_by used_by;
    const char *source;
};
extern const struct mc_word_info mc_words[];
enum {
#define MC_WORD(leaf, subleaf, reg, left_out, used_by, source) MC_WORD_##leaf##_##subleaf##_##reg,
#include "isa/words.def"
#undef MC_WORD
    MC_WORD_COUNT
};

struct mc_limit_info {
    const char *name;
    uint32_t leaf, subleaf;
    enum mc_register reg;
    unsigned shift, width; /* of the field, in bits */
    bool absent_unknown;   /* a CPU without the leaf: unknown, else zero */
    const char *unit;      /* "bytes", "bits" or "" */
    enum mc_used_by used_by;
    const char *source;
};
enum mc_limit {
#define MC_LIMIT(id, ...) MC_LIMIT_##id,
#include "isa/words.def"
#undef MC_LIMIT
    MC_LIMIT_COUNT
};
extern const struct mc_limit_info mc_limits[MC_LIMIT_COUNT];

struct mc_component_info {
    unsigned bit;
    const char *name;
    bool supervisor; /* switched on in IA32_XSS, else in XCR0 */
    enum mc_used_by used_by;
    const char *source;
};
/* The state component of that number, 0 to 63; NULL when the catalogue names none. */
const struct mc_component_info *mc_component_at(unsigned bit);

/* Bits of a register that may differ between two readings of one CPU: ids and numbers of CPUs, the OS's choices, dynamic features. */
uint32_t mc_passing_bits(uint32_t leaf, uint32_t subleaf, enum mc_register reg);

/* The index into mc_words; -1 when the register has no feature bits. */
int mc_word_at(uint32_t leaf, uint32_t subleaf, enum mc_register reg);
/* The feature of a bit of mc_words[word]; -1 when it has no name, or is a copy of a bit that stands elsewhere. */
int mc_word_feature(size_t word, unsigned bit);
/* Bits that are compared: without fields, dynamic features and copies. */
uint32_t mc_word_compared(size_t word);
/* Where a feature stands: the index into mc_words. Every feature has one; the catalogue's tests hold it to that. */
size_t mc_word_of_feature(enum mc_feature feature);
/* Who uses it: a kernel-only feature the kernel; one whose state the kernel must switch on both; else programs. */
enum mc_used_by mc_feature_used_by(enum mc_feature feature);

#define MC_BIT_NAME_SIZE 40
/* "sse4.1", or "7.edx[14]" where the bit has no name, "7.1.edx[2]" in another subleaf than 0, "80000021.eax[12]". */
void mc_bit_name(size_t word, unsigned bit, char ret[MC_BIT_NAME_SIZE]);
void mc_word_name(size_t word, char ret[MC_BIT_NAME_SIZE]); /* "7.1.eax" */
void mc_register_name(uint32_t leaf, uint32_t subleaf, enum mc_register reg, char ret[MC_BIT_NAME_SIZE]);
void mc_component_name(unsigned bit, char ret[MC_BIT_NAME_SIZE]); /* "xcr0.opmask", "xss.cet-u", "xcr0[23]" */

#endif
