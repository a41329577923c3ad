/* SPDX-License-Identifier: Apache-2.0 */
/* The door to Capstone: texts, and the registers that value flow asks for. */
#include "scanner/disassembly/disassembly.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

struct text_row {
    enum mc_mode mode;
    uint8_t bytes[15];
    uint8_t size;
    const char *text;
};

static const struct text_row text_rows[] = {
    {MC_MODE_64, {0x66, 0x0f, 0x38, 0x40, 0xc1}, 5, "pmulld xmm0, xmm1"},
    {MC_MODE_64, {0x0f, 0xa2}, 2, "cpuid"},
    {MC_MODE_64, {0xf3, 0x0f, 0xbd, 0xc1}, 4, "lzcnt eax, ecx"},
    {MC_MODE_32, {0x40}, 1, "inc eax"},
    {MC_MODE_64, {0xe8, 0x10, 0, 0, 0}, 5, "call 0x401015"},
    /* Capstone 4.0.2 says mfence, rdseed, wbinvd, nop for these */
    {MC_MODE_64, {0x66, 0x0f, 0xae, 0xf1}, 4, "tpause"},
    {MC_MODE_64, {0xf3, 0x0f, 0xc7, 0xf8}, 4, "rdpid"},
    {MC_MODE_64, {0xf3, 0x0f, 0x09}, 3, "wbnoinvd"},
    {MC_MODE_64, {0x0f, 0x1c, 0x00}, 3, "cldemote"},
    /* and cannot decode these */
    {MC_MODE_64, {0x66, 0x0f, 0x38, 0xcf, 0xc1}, 5, "gf2p8mulb"},
    {MC_MODE_64, {0xc4, 0xe2, 0x71, 0x50, 0xc2}, 5, "vpdpbusd"},
    {MC_MODE_64, {0x06}, 1, "(bad)"},
};

Test(disassembly, texts)
{
    const char *why;
    if (!mc_disassembly_available(&why))
        cr_skip_test("%s", why);
    for (size_t i = 0; i < sizeof text_rows / sizeof *text_rows; i++) {
        const struct text_row *row = &text_rows[i];
        char text[128];
        mc_disassemble(row->mode, row->bytes, row->size, 0x401000, text, sizeof text);
        /* a newer Capstone may know the operands: the mnemonic is what must be right */
        size_t length = strchr(row->text, ' ') ? strlen(row->text) : strcspn(text, " ");
        cr_expect(strlen(row->text) == length && strncmp(text, row->text, length) == 0,
                  "row %zu: expected '%s', got '%s'", i, row->text, text);
    }
}

#define RAX 1u
#define RCX 2u
#define RDX 4u
#define RBX 8u
#define RSP 16u

struct register_row {
    uint8_t bytes[15];
    uint8_t size;
    uint32_t read, written;
};

static const struct register_row register_rows[] = {
    {{0x0f, 0xa2}, 2, RAX | RCX, RAX | RBX | RCX | RDX}, /* cpuid */
    {{0x88, 0xe1}, 2, RAX, RCX},                         /* mov cl, ah */
    {{0x4c, 0x8b, 0x04, 0x88}, 4, RAX | RCX, 1u << 8},   /* mov r8, [rax + rcx*4] */
    {{0x48, 0xf7, 0xe1}, 3, RAX | RCX, RAX | RDX},       /* mul rcx */
    {{0x53}, 1, RBX | RSP, RSP},                         /* push rbx */
    {{0x89, 0x08}, 2, RAX | RCX, 0},                     /* mov [rax], ecx */
};

Test(disassembly, registers)
{
    const char *why;
    if (!mc_disassembly_available(&why))
        cr_skip_test("%s", why);
    for (size_t i = 0; i < sizeof register_rows / sizeof *register_rows; i++) {
        const struct register_row *row = &register_rows[i];
        uint32_t read = 0, written = 0;
        cr_expect(mc_disassemble_registers(MC_MODE_64, row->bytes, row->size, &read, &written), "row %zu", i);
        cr_expect(eq(u32, written, row->written), "row %zu", i);
        cr_expect(eq(u32, read, row->read), "row %zu", i);
    }
}

Test(disassembly, unknown_instruction_gives_no_registers)
{
    static const uint8_t bytes[] = {0xf3, 0x0f, 0xc7, 0xf8}; /* rdpid rax: Capstone 4.0.2 says rdseed */
    uint32_t written;
    if (mc_disassemble_writes(MC_MODE_64, bytes, sizeof bytes, &written))
        cr_expect(eq(u32, written, RAX));
}
