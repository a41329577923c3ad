/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder against encodings written down by hand from the manuals: lengths, needs, what older CPUs do, operands. */
#include "isa/decode.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define M32 MC_MODE_32
#define M64 MC_MODE_64

struct need_row {
    enum mc_mode mode;
    uint8_t bytes[15];
    size_t size;
    const char
        *needs; /* features of the alternatives, by name, in the order of the catalogue: "a b or c"; "" nothing */
    enum mc_absent absent;
};

static const struct need_row need_rows[] = {
    /* PEXTRW and PINSRW: the old forms are SSE and SSE2, the new one SSE4.1 */
    {M64, BYTES(0x0f, 0x01, 0xc1), "vmx", MC_ABSENT_HYPERCALL},
    {M64, BYTES(0x0f, 0x01, 0xd9), "svm", MC_ABSENT_HYPERCALL},
    {M64, BYTES(0x0f, 0x01, 0xd8), "svm", MC_ABSENT_UD},
    {M64, BYTES(0x0f, 0xc5, 0xc1, 0), "sse or mmxext", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0xc5, 0xc1, 0), "sse2", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x3a, 0x15, 0xc1, 0), "sse4.1", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0xc4, 0xc1, 0), "sse2", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x3a, 0x20, 0xc1, 0), "sse4.1", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x48, 0x0f, 0x3a, 0x16, 0xc1, 0), "sse4.1", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0xe7, 0x00), "sse2", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x38, 0x2a, 0x00), "sse4.1", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x38, 0x29, 0xc1), "sse4.1", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x38, 0x37, 0xc1), "sse4.2", MC_ABSENT_UD},
    /* SSSE3 in MMX registers; VEX forms need AVX or AVX2, not SSSE3 */
    {M64, BYTES(0x0f, 0x38, 0x00, 0xc1), "ssse3", MC_ABSENT_UD},
    {M32, BYTES(0x66, 0x0f, 0x38, 0x00, 0xc1), "ssse3", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x71, 0x00, 0xc2), "avx", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x75, 0x00, 0xc2), "avx2", MC_ABSENT_UD},
    {M32, BYTES(0xc5, 0xf9, 0xef, 0xc1), "avx", MC_ABSENT_UD},
    {M64, BYTES(0xf2, 0x0f, 0x78, 0xc1, 1, 2), "sse4a", MC_ABSENT_UD},
    /* MMX forms that came with SSE, or with AMD's MmxExt; PADDQ in MMX registers is SSE2 */
    {M32, BYTES(0x0f, 0xe0, 0xc1), "sse or mmxext", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0xfc, 0xc1), "mmx", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0xd4, 0xc1), "sse2", MC_ABSENT_UD},
    /* one opcode, told apart by the prefix */
    {M64, BYTES(0x0f, 0x38, 0xf0, 0x00), "movbe", MC_ABSENT_UD},
    {M64, BYTES(0xf2, 0x0f, 0x38, 0xf0, 0xc1), "sse4.2", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0xf2, 0x0f, 0x38, 0xf1, 0xc1), "sse4.2", MC_ABSENT_UD},
    {M64, BYTES(0xf3, 0x0f, 0xb8, 0xc1), "popcnt", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0xf3, 0x0f, 0xb8, 0xc1), "popcnt", MC_ABSENT_UD},
    {M64, BYTES(0xf3, 0x0f, 0xbd, 0xc1), "lzcnt", MC_ABSENT_ALIAS},
    {M64, BYTES(0xf3, 0x48, 0x0f, 0xbc, 0xc1), "bmi", MC_ABSENT_ALIAS},
    {M64, BYTES(0x0f, 0xbd, 0xc1), "", MC_ABSENT_UD},
    {M64, BYTES(0xf3, 0x0f, 0x09), "wbnoinvd", MC_ABSENT_ALIAS},
    {M64, BYTES(0x0f, 0x09), "", MC_ABSENT_UD},
    /* hint space */
    {M64, BYTES(0xf3, 0x0f, 0x1e, 0xfa), "ibt", MC_ABSENT_NOP},
    {M32, BYTES(0xf3, 0x0f, 0x1e, 0xfb), "ibt", MC_ABSENT_NOP},
    {M64, BYTES(0xf3, 0x48, 0x0f, 0x1e, 0xc8), "shstk", MC_ABSENT_NOP},
    {M64, BYTES(0xf3, 0x48, 0x0f, 0xae, 0xe8), "shstk", MC_ABSENT_UD},
    {M64, BYTES(0x0f, 0x1c, 0x00), "cldemote", MC_ABSENT_NOP},
    {M64, BYTES(0x0f, 0x0d, 0x08), "3dnow or prfchw", MC_ABSENT_NOP},
    {M64, BYTES(0x0f, 0x0d, 0x10), "prefetchwt1", MC_ABSENT_NOP},
    {M64, BYTES(0xf3, 0x0f, 0x1a, 0x00), "mpx", MC_ABSENT_NOP},
    {M64, BYTES(0xf3, 0x90), "", MC_ABSENT_UD},
    {M64, BYTES(0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0), "", MC_ABSENT_UD},
    /* XACQUIRE and XRELEASE change nothing */
    {M64, BYTES(0xf2, 0xf0, 0x01, 0x08), "", MC_ABSENT_UD},
    /* the floor, for i386 baselines */
    {M32, BYTES(0x0f, 0x44, 0xc1), "cmov", MC_ABSENT_UD},
    {M32, BYTES(0xda, 0xc1), "cmov fpu", MC_ABSENT_UD},
    {M32, BYTES(0xd9, 0xe8), "fpu", MC_ABSENT_UD},
    {M32, BYTES(0xdf, 0x08), "fpu sse3", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0xc7, 0x08), "cx8", MC_ABSENT_UD},
    {M64, BYTES(0x48, 0x0f, 0xc7, 0x08), "cx16", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0x05), "syscall", MC_ABSENT_UD},
    {M64, BYTES(0x0f, 0x05), "", MC_ABSENT_UD},
    {M64, BYTES(0x9f), "lahf_lm", MC_ABSENT_UD},
    {M32, BYTES(0x9f), "", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0x31), "tsc", MC_ABSENT_UD},
    /* AES, PCLMULQDQ, GFNI in their four encodings */
    {M64, BYTES(0x66, 0x0f, 0x38, 0xdc, 0xc1), "aes", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x71, 0xdc, 0xc2), "aes avx", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x75, 0xdc, 0xc2), "avx vaes", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0x75, 0x48, 0xdc, 0xc2), "avx512f vaes or vaes avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0x75, 0x28, 0xdc, 0xc2), "avx512f avx512vl vaes or vaes avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe3, 0x71, 0x44, 0xc2, 0), "pclmul avx", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x71, 0xcf, 0xc2), "avx gfni", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0x75, 0x08, 0xcf, 0xc2), "avx512f avx512vl gfni or gfni avx10.1", MC_ABSENT_UD},
    /* AVX-512: by length, W and opcode; rounding control makes L'L the rounding mode */
    {M64, BYTES(0x62, 0xf1, 0x75, 0x48, 0xfe, 0xc2), "avx512f or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf1, 0x75, 0x08, 0xfe, 0xc2), "avx512f avx512vl or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf1, 0x74, 0x18, 0x58, 0xc2), "avx512f or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0xf5, 0x48, 0x40, 0xc2), "avx512dq or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0x75, 0x48, 0x40, 0xc2), "avx512f or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf1, 0x75, 0x48, 0xfc, 0xc2), "avx512bw or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x71, 0x50, 0xc2), "avxvnni", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf2, 0x75, 0x48, 0x50, 0xc2), "avx512vnni or avx10.1", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x79, 0x13, 0xc1), "f16c", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0xf1, 0xb8, 0xc2), "fma", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe3, 0xf1, 0x69, 0xc2, 0x30), "fma4", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x70, 0xf2, 0xc2), "bmi", MC_ABSENT_UD},
    {M32, BYTES(0xc4, 0xe2, 0x73, 0xf5, 0xc2), "bmi2", MC_ABSENT_UD},
    {M64, BYTES(0x8f, 0xe8, 0x70, 0xa2, 0xc2, 0x30), "xop", MC_ABSENT_UD},
    {M64, BYTES(0x8f, 0xe9, 0x78, 0x01, 0xc8), "tbm", MC_ABSENT_UD},
    {M64, BYTES(0x8f, 0xe9, 0x78, 0x12, 0xc0), "lwp", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0x0f, 0xc1, 0x9e), "3dnow", MC_ABSENT_UD},
    {M32, BYTES(0x0f, 0x0f, 0xc1, 0xbb), "3dnowa", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x69, 0xe0, 0x08), "cmpccxadd", MC_ABSENT_UD},
    {M64, BYTES(0xc4, 0xe2, 0x78, 0x49, 0xc0), "amx-tile", MC_ABSENT_UD},
    {M64, BYTES(0xf3, 0x0f, 0xc7, 0xf8), "rdpid", MC_ABSENT_UD},
    {M64, BYTES(0xf3, 0x48, 0x0f, 0xae, 0xd0), "fsgsbase", MC_ABSENT_UD},
    {M64, BYTES(0xc7, 0xf8, 0, 0, 0, 0), "rtm", MC_ABSENT_UD},
    /* APX: REX2, map 4, an EVEX vector instruction with r16 as base */
    {M64, BYTES(0xd5, 0x10, 0x01, 0xc0), "apxf", MC_ABSENT_UD},
    {M64, BYTES(0xd5, 0x90, 0x58, 0xc1), "sse apxf", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf4, 0x7c, 0x18, 0x01, 0xc8), "apxf", MC_ABSENT_UD},
    {M64, BYTES(0x62, 0xf9, 0x75, 0x48, 0xfe, 0x00), "avx512f apxf or avx10.1 apxf", MC_ABSENT_UD},
};

/* "a b or c" with each alternative in the catalogue's order. */
static void needs_text(const struct mc_need *need, char *ret_text, size_t size)
{
    *ret_text = '\0';
    for (unsigned i = 0; need && i < need->count; i++) {
        strncat(ret_text, i ? " or" : "", size - strlen(ret_text) - 1);
        for (int f = mc_set_next(&need->alternatives[i], 0); f >= 0; f = mc_set_next(&need->alternatives[i], f + 1)) {
            strncat(ret_text, *ret_text ? " " : "", size - strlen(ret_text) - 1);
            strncat(ret_text, mc_features[f].name, size - strlen(ret_text) - 1);
        }
    }
}

/* Whether two such texts name the same features, in any order within an alternative and among alternatives. */
static bool same_needs(const char *a, const char *b)
{
    struct mc_feature_set sets[2][4] = {0};
    unsigned counts[2] = {0};
    const char *texts[2] = {a, b};
    for (int side = 0; side < 2; side++) {
        for (const char *at = texts[side]; *at;) {
            size_t length = strcspn(at, " ");
            if (length == 2 && strncmp(at, "or", 2) == 0)
                counts[side]++;
            else
                mc_set_add(&sets[side][counts[side]], (enum mc_feature)mc_feature_find(at, length));
            at += length + (at[length] == ' ');
        }
    }
    if (counts[0] != counts[1])
        return false;
    for (unsigned i = 0; i <= counts[0]; i++) {
        bool found = false;
        for (unsigned j = 0; j <= counts[1]; j++)
            found |= mc_set_equal(&sets[0][i], &sets[1][j]);
        if (!found)
            return false;
    }
    return true;
}

Test(decode, needs)
{
    for (size_t i = 0; i < sizeof need_rows / sizeof *need_rows; i++) {
        const struct need_row *row = &need_rows[i];
        struct mc_insn insn;
        unsigned length = mc_decode(row->mode, row->bytes, row->size, &insn);
        char text[256] = "";
        if (insn.need)
            needs_text(mc_need_at(insn.need), text, sizeof text);
        cr_expect(length == row->size, "row %zu (%02x %02x %02x, needs %s): length %zu expected, %u found", i,
                  row->bytes[0], row->bytes[1], row->bytes[2], row->needs, row->size, length);
        cr_expect(same_needs(text, row->needs), "row %zu: needs '%s' expected, '%s' found", i, row->needs, text);
        cr_expect(!insn.need || mc_need_at(insn.need)->absent == row->absent, "row %zu (%s): absent", i, row->needs);
    }
}

struct invalid_row {
    enum mc_mode mode;
    uint8_t bytes[16];
    const char *why;
};

static const struct invalid_row invalid_rows[] = {
    {M64, {0x06}, "push es"},
    {M64, {0x07}, "pop es"},
    {M64, {0x0e}, "push cs"},
    {M64, {0x16}, "push ss"},
    {M64, {0x17}, "pop ss"},
    {M64, {0x1e}, "push ds"},
    {M64, {0x1f}, "pop ds"},
    {M64, {0x27}, "daa"},
    {M64, {0x2f}, "das"},
    {M64, {0x37}, "aaa"},
    {M64, {0x3f}, "aas"},
    {M64, {0x60}, "pusha"},
    {M64, {0x61}, "popa"},
    {M64, {0x62, 0x00}, "bound"},
    {M64, {0x82, 0xc0, 1}, "add, 82"},
    {M64, {0x9a, 0, 0, 0, 0, 0, 0}, "far call"},
    {M64, {0xce}, "into"},
    {M64, {0xd4, 0x0a}, "aam"},
    {M64, {0xd6}, "salc"},
    {M64, {0xea, 0, 0, 0, 0, 0, 0}, "far jmp"},
    {M64, {0xc5, 0x00, 0x00, 0x00}, "vex: no opcode 0"},
    {M64, {0x66, 0xc5, 0xf9, 0xef, 0xc1}, "66 before vex"},
    {M64, {0x48, 0xc5, 0xf9, 0xef, 0xc1}, "rex before vex"},
    {M64, {0xc5, 0xe9, 0x6f, 0xc1}, "vex.vvvv not 1111"},
    {M64, {0x62, 0xf1, 0x75, 0xc8, 0xfe, 0xc2}, "evex.z without mask"},
    {M64, {0x62, 0xf1, 0x75, 0x68, 0xfe, 0xc2}, "evex.L'L 3"},
    {M64, {0x62, 0xf2, 0x7d, 0x48, 0x90, 0x04, 0x08}, "gather without mask"},
    {M64, {0xc4, 0xe2, 0x69, 0x90, 0x00}, "gather without sib"},
    {M64, {0xf0, 0x90}, "lock nop"},
    {M64, {0xf0, 0x01, 0xc0}, "lock with a register"},
    {M64, {0x0f, 0x04}, "0f 04"},
    {M64, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90}, "16 bytes"},
    {M64, {0xd5, 0x00, 0x0f, 0x58}, "rex2 before 0f"},
    {M64, {0xd5, 0x00, 0x70, 0x00}, "rex2 jcc"},
    {M32, {0x62, 0xf1, 0x7d, 0x48, 0x04, 0x00}, "evex: no opcode 4"},
    {M32, {0xc4, 0xe2, 0x69, 0xe0, 0x08}, "cmpoxadd in 32-bit mode"},
    {M32, {0x8d, 0xc0}, "lea with a register"},
};

Test(decode, invalid)
{
    for (size_t i = 0; i < sizeof invalid_rows / sizeof *invalid_rows; i++) {
        const struct invalid_row *row = &invalid_rows[i];
        struct mc_class class;
        struct mc_insn insn;
        cr_expect_eq(mc_decode(row->mode, row->bytes, sizeof row->bytes, &insn), 0, "%s", row->why);
        cr_expect_eq(mc_decode_class(row->mode, row->bytes, sizeof row->bytes, &class), 0, "%s", row->why);
    }
}

struct flow_row {
    enum mc_mode mode;
    uint8_t bytes[15];
    size_t size;
    enum mc_flow flow;
    uint8_t flags;
    int32_t displacement;
};

static const struct flow_row flow_rows[] = {
    {M64, BYTES(0x75, 0xfe), MC_FLOW_JCC, 0, -2},
    {M64, BYTES(0x0f, 0x84, 0x10, 0, 0, 0), MC_FLOW_JCC, 0, 16},
    {M64, BYTES(0xeb, 0x05), MC_FLOW_JMP, 0, 5},
    {M64, BYTES(0xe9, 0xfb, 0xff, 0xff, 0xff), MC_FLOW_JMP, 0, -5},
    {M64, BYTES(0xe8, 0, 1, 0, 0), MC_FLOW_CALL, 0, 256},
    {M32, BYTES(0x66, 0xe8, 0xfc, 0xff), MC_FLOW_CALL, 0, -4},
    {M64, BYTES(0xff, 0xd0), MC_FLOW_CALL_IND, 0, 0},
    {M64, BYTES(0x3e, 0xff, 0xe0), MC_FLOW_JMP_IND, 0, 0},
    {M64, BYTES(0xff, 0x25, 0x10, 0, 0, 0), MC_FLOW_JMP_IND, MC_CLASS_RIP_RELATIVE, 16},
    {M64, BYTES(0xf2, 0xff, 0x25, 0x10, 0, 0, 0), MC_FLOW_JMP_IND, MC_CLASS_RIP_RELATIVE, 16},
    {M32, BYTES(0xff, 0x25, 0x10, 0, 0, 0), MC_FLOW_JMP_IND, 0, 0},
    {M64, BYTES(0xc3), MC_FLOW_RET, 0, 0},
    {M64, BYTES(0xf3, 0xc3), MC_FLOW_RET, 0, 0},
    {M64, BYTES(0xc2, 8, 0), MC_FLOW_RET, 0, 0},
    {M64, BYTES(0x0f, 0x0b), MC_FLOW_STOP, 0, 0},
    {M64, BYTES(0xcc), MC_FLOW_STOP, 0, 0},
    {M64, BYTES(0xf4), MC_FLOW_STOP, 0, 0},
    {M64, BYTES(0x0f, 0x05), MC_FLOW_SYSCALL, 0, 0},
    {M32, BYTES(0xcd, 0x80), MC_FLOW_SYSCALL, 0, 0},
    {M64, BYTES(0x0f, 0xa2), MC_FLOW_NEXT, MC_CLASS_CPUID, 0},
    {M64, BYTES(0x0f, 0x01, 0xd0), MC_FLOW_NEXT, MC_CLASS_CPUID, 0},
    {M64, BYTES(0x48, 0x8d, 0x05, 0xf0, 0xff, 0xff, 0xff), MC_FLOW_NEXT, MC_CLASS_RIP_RELATIVE, -16},
    {M64, BYTES(0x80, 0x3d, 0x04, 0, 0, 0, 1), MC_FLOW_NEXT, MC_CLASS_RIP_RELATIVE, 4},
    {M64, BYTES(0xc5, 0xf9, 0x6f, 0x05, 0x20, 0, 0, 0), MC_FLOW_NEXT, MC_CLASS_RIP_RELATIVE, 32},
    {M64, BYTES(0x62, 0xf1, 0x7d, 0x48, 0x6f, 0x05, 0x20, 0, 0, 0), MC_FLOW_NEXT, MC_CLASS_RIP_RELATIVE, 32},
    {M64, BYTES(0xc7, 0xf8, 0x08, 0, 0, 0), MC_FLOW_JCC, 0, 8},
    {M64, BYTES(0xe3, 0x10), MC_FLOW_JCC, 0, 16},
    {M64, BYTES(0x0f, 0x18, 0x05, 0x10, 0, 0, 0), MC_FLOW_NEXT, MC_CLASS_RIP_RELATIVE, 16},
};

Test(decode, flow_and_displacement)
{
    for (size_t i = 0; i < sizeof flow_rows / sizeof *flow_rows; i++) {
        const struct flow_row *row = &flow_rows[i];
        struct mc_class class;
        uint8_t wide[40] = {0};
        memcpy(wide, row->bytes, row->size);
        for (int window = 0; window < 2; window++) { /* exact and ample sizes take different ways */
            unsigned length = mc_decode_class(row->mode, wide, window ? sizeof wide : row->size, &class);
            cr_expect(length == row->size, "row %zu: length %zu expected, %u found", i, row->size, length);
            cr_expect_eq(class.flow, row->flow, "row %zu: flow %lld expected, %lld found", i, (long long)row->flow,
                         (long long)class.flow);
            cr_expect_eq(class.flags, row->flags, "row %zu: flags %lld expected, %lld found", i, (long long)row->flags,
                         (long long)class.flags);
            if (row->displacement) /* of instructions without one it says nothing */
                cr_expect_eq(class.displacement, row->displacement, "row %zu: displacement %lld expected, %lld found",
                             i, (long long)row->displacement, (long long)class.displacement);
        }
    }
}

Test(decode, truncated_is_no_instruction)
{
    for (size_t i = 0; i < sizeof need_rows / sizeof *need_rows; i++) {
        const struct need_row *row = &need_rows[i];
        for (size_t size = 0; size < row->size; size++) {
            struct mc_class class;
            struct mc_insn insn;
            unsigned length = mc_decode_class(row->mode, row->bytes, size, &class);
            cr_expect(length <= size, "row %zu cut to %zu: length %u", i, size, length);
            cr_expect_eq(mc_decode(row->mode, row->bytes, size, &insn), length, "row %zu cut to %zu", i, size);
        }
    }
}

Test(decode, reads_no_byte_outside)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(mprotect(memory + page, page, PROT_NONE), 0);
    uint64_t state = 1;
    for (int round = 0; round < 200000; round++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t size = state >> 33 & 31;
        uint8_t *at = memory + page - size;
        for (size_t i = 0; i < size; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            at[i] = (uint8_t)(state >> 56);
        }
        struct mc_class class;
        struct mc_insn insn;
        unsigned length = mc_decode_class(round & 1 ? M64 : M32, at, size, &class);
        cr_expect(length <= size);
        cr_expect_eq(mc_decode(round & 1 ? M64 : M32, at, size, &insn), length);
    }
    munmap(memory, 2 * page);
}

struct operand_row {
    enum mc_mode mode;
    uint8_t bytes[15];
    size_t size;
    int base, index, scale, reg;
    int64_t displacement, immediate;
};

static const struct operand_row operand_rows[] = {
    {M64, BYTES(0x8b, 0x44, 0x91, 0x08), 1, 2, 4, 0, 8, 0},                    /* mov eax, [rcx + rdx*4 + 8] */
    {M64, BYTES(0x4d, 0x8b, 0x64, 0x24, 0xf8), 12, MC_REG_NONE, 1, 12, -8, 0}, /* mov r12, [r12 - 8] */
    {M64, BYTES(0x8b, 0x04, 0x25, 0, 0x10, 0, 0), MC_REG_NONE, MC_REG_NONE, 1, 0, 0x1000, 0}, /* mov eax, [0x1000] */
    {M64, BYTES(0x8b, 0x05, 4, 0, 0, 0), MC_REG_RIP, MC_REG_NONE, 1, 0, 4, 0},
    {M32, BYTES(0x8b, 0x05, 4, 0, 0, 0), MC_REG_NONE, MC_REG_NONE, 1, 0, 4, 0},
    {M32, BYTES(0x67, 0x8b, 0x40, 0xff), 3, 6, 1, 0, -1, 0},                    /* mov eax, [bx + si - 1] */
    {M64, BYTES(0xf7, 0x42, 0x04, 0, 2, 0, 0), 2, MC_REG_NONE, 1, 0, 4, 0x200}, /* test dword [rdx + 4], 0x200 */
    {M64, BYTES(0x48, 0x81, 0x7d, 0, 0xff, 0xff, 0xff, 0xff), 5, MC_REG_NONE, 1, 7, 0, -1}, /* cmp qword [rbp], -1 */
    {M64, BYTES(0x62, 0xf1, 0x7d, 0x48, 0x6f, 0x40, 0x01), 0, MC_REG_NONE, 1, 0, 64, 0},    /* disp8*64 */
    {M64, BYTES(0x62, 0xf1, 0x75, 0x58, 0xfe, 0x40, 0xff), 0, MC_REG_NONE, 1, 0, -4, 0},    /* broadcast: disp8*4 */
    {M64, BYTES(0xa0, 1, 2, 3, 4, 5, 6, 7, 8), MC_REG_NONE, MC_REG_NONE, 1, 0, 0x0807060504030201, 0},
};

Test(decode, operands)
{
    for (size_t i = 0; i < sizeof operand_rows / sizeof *operand_rows; i++) {
        const struct operand_row *row = &operand_rows[i];
        struct mc_insn insn;
        cr_expect_eq(mc_decode(row->mode, row->bytes, row->size, &insn), row->size, "row %zu", i);
        cr_expect_eq(insn.base, row->base, "row %zu: base %lld expected, %lld found", i, (long long)row->base,
                     (long long)insn.base);
        cr_expect_eq(insn.index, row->index, "row %zu: index %lld expected, %lld found", i, (long long)row->index,
                     (long long)insn.index);
        cr_expect_eq(insn.scale, row->scale, "row %zu: scale %lld expected, %lld found", i, (long long)row->scale,
                     (long long)insn.scale);
        cr_expect_eq(insn.reg, row->reg, "row %zu: reg %lld expected, %lld found", i, (long long)row->reg,
                     (long long)insn.reg);
        cr_expect_eq(insn.displacement, row->displacement, "row %zu: displacement %lld expected, %lld found", i,
                     (long long)row->displacement, (long long)insn.displacement);
        cr_expect_eq(insn.immediate, row->immediate, "row %zu: immediate %lld expected, %lld found", i,
                     (long long)row->immediate, (long long)insn.immediate);
    }
}
