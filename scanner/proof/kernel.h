/* SPDX-License-Identifier: Apache-2.0 */
/* What Linux tells its modules of the CPU: boot_cpu_data, x86_match_cpu(), and the feature bits of alternatives and static
 * keys. The kernel is not analysed here: that it fills these from CPUID as its headers say is an inference, and so is all that
 * follows from it (design.md 5.4 (c)). A bit that is 0 proves nothing, since the kernel also turns features off. */
#ifndef MC_SCANNER_PROOF_KERNEL_H
#define MC_SCANNER_PROOF_KERNEL_H

#include "scanner/proof/machine.h"

/* `b` of a symbol of kind MC_SYM_KERNEL: */
enum mc_kernel_symbol {
    MC_KERNEL_CAPABILITY, /* a = byte offset in x86_capability */
    MC_KERNEL_MATCH,      /* a = address of the table that x86_match_cpu was given: what it returned */
    MC_KERNEL_XFEATURES,  /* a = XCR0 bits that cpu_has_xfeatures was asked for: what it returned */
    MC_KERNEL_KEY,        /* a = address of a static key: whether it is on */
    MC_KERNEL_FEATURE,    /* a = X86_FEATURE number: not 0 where the kernel says that the CPU has it */
};

/* RAX after the call of an import; MC_TOP when nothing is known. */
mc_value mc_kernel_result(struct mc_machine *m, uint64_t final);
/* The bytes at an address in the extern area; false when they are not boot_cpu_data's x86_capability. */
bool mc_kernel_load(struct mc_machine *m, uint64_t address, unsigned size, mc_value *ret);
/* The facts where this alternative is the one that runs; unresolved. */
mc_facts mc_kernel_alternative(struct mc_prover *prover, const struct mc_alternative *alternative);
/* The facts where the key of the label is on; unresolved. NONE for keys that the module does not turn on itself. */
mc_facts mc_kernel_key(struct mc_prover *prover, const struct mc_jump_label *label);
bool mc_kernel_owns_key(const struct mc_prover *prover, uint64_t key); /* code of the module names it, nobody else can */
/* Linux keeps a module only when its initialiser returned 0 (kernel/module, do_init_module): what holds then; unresolved. */
mc_facts mc_kernel_loaded(struct mc_prover *prover, uint64_t initialiser);
/* The alternatives whose replacement begins there. */
const struct mc_alternative *mc_kernel_alternatives_at(const struct mc_prover *prover, uint64_t start, size_t *ret_count);
/* What the symbol's value may be, with what follows of the CPU. */
mc_value mc_kernel_value(struct mc_prover *prover, const struct mc_symbol_key *key);

#endif
