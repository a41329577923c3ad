/* SPDX-License-Identifier: Apache-2.0 */
/* How an instruction uses its memory operand. One letter per opcode: l reads, s writes (or reads and writes), a takes the
 * address, g depends on more than the opcode, u unknown, . does not touch data. Intel SDM vol. 2, appendix A; read rows of 64. */
#include "scanner/sweep_access.h"

static const char primary[] =
    "sslluuuusslluuuusslluuuusslluuuusslluuuusslluuuusslluuuulllluuuu" /* 00 */
    "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuulluuuuululuuuuuuuuuuuuuuuuuuuu" /* 40 */
    "ggggllssssllsalsuuuuuuuuuuuuuuuullssuuuuuuuuuuuuuuuuuuuuuuuuuuuu" /* 80 */
    "ssuullssuuuuuuuussssuuuugggggggguuuuuuuuuuuuuuuuuuuuuugguuuuuugg"; /* c0 */
static const char map_0f[] =
    "gglluuuuuuuuu.uulslsllls........uuuuuuuulslslllluuuuuuuuuuuuuuuu" /* 00 */
    "lllllllllllllllllllllllllllllllllllllllllllllllllllllllullllllgs" /* 40 */
    "uuuuuuuuuuuuuuuussssssssssssssssuuulssuuuuusssglsslslllllugsllll" /* 80 */
    "sslslulguuuuuuuullllllsllllllllllllllllslllllllllllllllllllllllu"; /* c0 */
static const char map_0f38[] =
    "llllllllllllllllggggggllllllllllggggggllllllllssggggggllllllllll" /* 00 */
    "lllllllllllllllllllllllllllllllllllsllllllllllllllllllllllllllll" /* 40 */
    "llllllllllssllslllllllllllllllllssssllllllllllllllllllllllllllll" /* 80 */
    "llllllllllllllllllllllllllllllllsssssssssssssssslsllulllusuuuuuu"; /* c0 */
static const char map_0f3a[] =
    "llllllllllllllllllllsssslslslslllllllllllllllllllllllllllslsllll" /* 00 */
    "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll" /* 40 */
    "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll" /* 80 */
    "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"; /* c0 */
static_assert(sizeof primary == 257 && sizeof map_0f == 257 && sizeof map_0f38 == 257 && sizeof map_0f3a == 257,
              "one letter per opcode");

/* x87 by D8..DF and the reg field. */
static const char x87[8][9] = {"llllllll", "l.ssllss", "llllllll", "lsss.l.s", "llllllll", "lssslsss", "llllllll", "lsssllss"};

static char primary_group(const struct mc_insn *insn)
{
    unsigned reg = insn->reg & 7;
    switch (insn->opcode) {
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
        return reg == 7 ? 'l' : 's'; /* cmp */
    case 0xf6:
    case 0xf7:
        return reg == 2 || reg == 3 ? 's' : 'l'; /* not, neg */
    case 0xfe:
    case 0xff:
        return reg < 2 ? 's' : 'l'; /* inc, dec; call, jmp, push */
    default:
        return x87[insn->opcode - 0xd8][reg];
    }
}

static char map_0f_group(const struct mc_insn *insn)
{
    unsigned reg = insn->reg & 7;
    switch (insn->opcode) {
    case 0x7e:
        return insn->prefix == 0xf3 ? 'l' : 's'; /* movq xmm, m64 */
    case 0xba:
        return reg == 4 ? 'l' : 's'; /* bt */
    case 0xae:
        return "sllsslss"[reg]; /* fxsave fxrstor ldmxcsr stmxcsr xsave xrstor xsaveopt; clflush, which writes nothing new */
    case 0xc7:
        return 's'; /* cmpxchg8b and xsave's kin */
    default:
        return 'u'; /* descriptor tables */
    }
}

/* 0F38 10..15, 20..25, 30..35: with F3 under EVEX these are the truncating stores. */
static char narrowing_group(const struct mc_insn *insn)
{
    return insn->encoding == MC_EVEX && insn->prefix == 0xf3 ? 's' : 'l';
}

static char letter(const struct mc_insn *insn)
{
    switch (insn->map) {
    case MC_MAP_PRIMARY:
        return primary[insn->opcode] == 'g' ? primary_group(insn) : primary[insn->opcode];
    case MC_MAP_0F:
        return map_0f[insn->opcode] == 'g' ? map_0f_group(insn) : map_0f[insn->opcode];
    case MC_MAP_0F38:
        if (insn->opcode == 0xf1 && insn->prefix == 0xf2)
            return 'l'; /* crc32 */
        return map_0f38[insn->opcode] == 'g' ? narrowing_group(insn) : map_0f38[insn->opcode];
    case MC_MAP_0F3A:
        return map_0f3a[insn->opcode];
    case MC_MAP_3DNOW:
        return 'l';
    default:
        return 'u';
    }
}

unsigned mc_memory_access(const struct mc_insn *insn)
{
    if (!insn->has_modrm && !(insn->map == MC_MAP_PRIMARY && insn->opcode >= 0xa0 && insn->opcode <= 0xa3))
        return 0;
    switch (letter(insn)) {
    case 'l':
        return MC_ACCESS_READ;
    case 's':
        return MC_ACCESS_WRITE;
    case 'a':
        return MC_ACCESS_ADDRESS;
    case '.':
        return 0;
    default:
        return MC_ACCESS_READ | MC_ACCESS_WRITE;
    }
}

unsigned mc_accessed_bytes(const struct mc_insn *insn)
{
    unsigned opcode = insn->opcode;
    if (insn->encoding != MC_LEGACY)
        return MC_WIDEST_ACCESS;
    if (insn->map == MC_MAP_0F)
        return (opcode & 0xF0) == 0x90 || (opcode & 0xF7) == 0xB6 ? 1 : (opcode & 0xF7) == 0xB7 ? 2 : MC_WIDEST_ACCESS;
    if (insn->map != MC_MAP_PRIMARY)
        return MC_WIDEST_ACCESS;
    bool byte = (opcode < 0x40 && !(opcode & 1)) || opcode == 0x80 || (opcode >= 0x84 && opcode <= 0x8B && !(opcode & 1)) ||
                opcode == 0xC0 || opcode == 0xC6 || opcode == 0xD0 || opcode == 0xD2 || opcode == 0xF6 || opcode == 0xFE;
    return byte ? 1 : opcode < 0xD8 || opcode > 0xDF ? insn->operand_size : MC_WIDEST_ACCESS;
}
