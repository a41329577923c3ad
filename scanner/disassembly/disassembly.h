/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to Capstone: the text of an instruction, and the general registers it touches.
 *
 * libcapstone is opened when first needed (linking it would cost every start 2 ms), by the soname that belongs to the
 * header compiled against: its structures differ between major versions. Thread-safe: each thread has its own handles,
 * closed when it ends. Capstone is never asked for lengths or features: those are isa/decode.h's. */
#ifndef MC_SCANNER_DISASSEMBLY_H
#define MC_SCANNER_DISASSEMBLY_H

#include "isa/decode.h"

/* Writes the instruction in Intel syntax ("pmulld xmm0, xmm1") to ret_text, cut at text_size - 1 characters. What
 * Capstone cannot decode, or takes for another instruction, gets our table's mnemonic without operands, "" when the
 * table has no name for it either. `address` is the instruction's virtual address. False when the bytes are no
 * instruction: ret_text is then "(bad)". */
bool mc_disassemble(enum mc_mode mode, const uint8_t *bytes, size_t size, uint64_t address, char *ret_text,
                    size_t text_size);

/* The general registers that the instruction reads and writes, at any width, implicit ones included: bit n is register
 * n of the encoding (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp ... 15 r15). Memory operands' registers count as read. False
 * when Capstone is missing or does not know the instruction: the caller must then expect any register to change. */
bool mc_disassemble_registers(enum mc_mode mode, const uint8_t *bytes, size_t size, uint32_t *ret_read,
                              uint32_t *ret_written);
bool mc_disassemble_writes(enum mc_mode mode, const uint8_t *bytes, size_t size, uint32_t *ret_written);

/* Whether libcapstone could be opened; when not, a sentence in *ret_why (may be NULL) that says what was looked for. */
bool mc_disassembly_available(const char **ret_why);

#endif
