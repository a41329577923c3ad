/* SPDX-License-Identifier: Apache-2.0 */
/* Our own instruction decoder: exact lengths, control flow and the encoding row that says which features an instruction
 * needs. Table-driven, from isa/encodings.txt. It never allocates and reads no byte outside [bytes, bytes + size).
 *
 * Two depths: mc_decode_class for the sweep (length, flow, need: nothing else), mc_decode for value flow. They agree by
 * construction (same tables), and a test holds them against each other. */
#ifndef MC_ISA_DECODE_H
#define MC_ISA_DECODE_H

#include "isa/feature.h"

enum mc_mode { MC_MODE_32, MC_MODE_64 };

enum mc_flow {
    MC_FLOW_NEXT,     /* goes on to the next instruction */
    MC_FLOW_JCC,      /* conditional direct: jcc, loop, jcxz, xbegin */
    MC_FLOW_JMP,      /* unconditional direct */
    MC_FLOW_CALL,     /* direct call */
    MC_FLOW_RET,      /* ret, iret, sysexit ... */
    MC_FLOW_JMP_IND,  /* jmp r/m, far jmp */
    MC_FLOW_CALL_IND, /* call r/m, far call */
    MC_FLOW_STOP,     /* ud0/ud1/ud2, int3, hlt: does not go on */
    MC_FLOW_SYSCALL,  /* syscall, sysenter, int n: may or may not return */
};

/* What a CPU without the features does with the bytes (design.md section 3). */
enum mc_absent {
    MC_ABSENT_UD,    /* #UD */
    MC_ABSENT_NOP,   /* hint space: never a use */
    MC_ABSENT_ALIAS, /* runs as another instruction: wrong answer, no fault */
    MC_ABSENT_HYPERCALL, /* #UD, but a guest's goes to the hypervisor whatever CPUID says (SDM vol. 3C, 26.1.2; APM vol. 2, 15.9): never
                            a use */
};

/* What an instruction needs: one of `count` alternatives, each a set of which all must be there. */
struct mc_need {
    const char *text;                         /* the row's mnemonic, for messages and tests: "pmulld" */
    enum mc_feature feature;                  /* the one to name it by: the most specific of the first alternative */
    enum mc_absent absent;
    uint8_t count;                            /* 1 nearly always */
    const struct mc_feature_set *alternatives; /* [count] */
};

/* need 0 is "nothing beyond the instructions every x86-64 (or i686) CPU has". Rows of x86-64-v1 features (cmov, sse2, mmx,
 * fxsr ...) have needs of their own, so that i386 baselines can be told; callers compare with the baseline's set. */
uint16_t mc_need_count(void);
const struct mc_need *mc_need_at(uint16_t need);
extern const uint64_t mc_encodings_fingerprint; /* of the rows of isa/encodings.txt */

struct mc_class {
    uint8_t length;  /* bytes; 0: not an instruction (or truncated by size) */
    uint8_t flow;    /* enum mc_flow */
    uint8_t flags;   /* MC_CLASS_* */
    uint16_t need;
    int32_t displacement; /* branch displacement (JCC, JMP, CALL) or RIP-relative displacement, from the end of the
                             instruction; of others it says nothing */
};
#define MC_CLASS_RIP_RELATIVE 1 /* has a memory operand [rip + displacement] */
#define MC_CLASS_CPUID 2        /* CPUID or XGETBV */

/* Returns the length, 0 when the bytes are no instruction. *ret is written always. size may exceed 15. */
unsigned mc_decode_class(enum mc_mode mode, const uint8_t *bytes, size_t size, struct mc_class *ret);

enum mc_encoding { MC_LEGACY, MC_VEX, MC_EVEX, MC_XOP, MC_REX2 };
enum mc_map { /* opcode maps; EVEX maps 5 and 6 by number, XOP maps 8..10 by number */
    MC_MAP_PRIMARY = 0, MC_MAP_0F = 1, MC_MAP_0F38 = 2, MC_MAP_0F3A = 3, MC_MAP_4 = 4, MC_MAP_5 = 5, MC_MAP_6 = 6, MC_MAP_7 = 7,
    MC_MAP_XOP8 = 8, MC_MAP_XOP9 = 9, MC_MAP_XOPA = 10, MC_MAP_3DNOW = 15,
};

struct mc_insn {
    uint8_t length, flow, flags; /* as in mc_class */
    uint16_t need;
    uint8_t encoding;            /* enum mc_encoding */
    uint8_t map, opcode;         /* opcode byte; for 3DNow! the suffix byte */
    uint8_t prefix;              /* mandatory prefix as it takes effect: 0, 0x66, 0xF2 or 0xF3 (legacy: last of F2/F3, else 66) */
    bool operand_size_16;        /* 66 present among legacy prefixes, whatever `prefix` says */
    bool address_size;           /* 67 present */
    bool lock, repne, rep;       /* F0, F2, F3 present */
    uint8_t segment;             /* 0, or the prefix byte 0x26 0x2E 0x36 0x3E 0x64 0x65 in effect (64-bit mode: only 64 and 65) */
    uint8_t operand_size;        /* 2, 4 or 8 by prefixes, REX.W and the opcode's default (push, call: 8 in 64-bit mode); byte forms are told by the opcode */
    bool rex, w;                 /* a REX (or REX2) byte is present; W */
    uint8_t vector_length;       /* VEX/EVEX/XOP L'L: 0 128, 1 256, 2 512 */
    uint8_t vvvv;                /* 0..31, already un-inverted */
    uint8_t mask;                /* EVEX aaa */
    bool has_modrm;
    uint8_t mod;                 /* 0..3 */
    uint8_t reg;                 /* modrm.reg with R/R' extension: 0..31; opcode extension /n is reg & 7 */
    uint8_t rm;                  /* modrm.rm with B extension, when mod == 3 (register number 0..31) */
    /* memory operand, when has_modrm && mod != 3 */
    int8_t base, index;          /* general register 0..31, MC_REG_NONE or MC_REG_RIP */
    uint8_t scale;               /* 1 2 4 8 */
    bool vector_index;           /* VSIB: index is the number of a vector register */
    int64_t displacement;        /* sign-extended; EVEX disp8*N already multiplied. Also moffs and direct branches */
    uint8_t displacement_offset, displacement_size; /* within the instruction; size 0: none */
    int64_t immediate;           /* sign-extended */
    uint8_t immediate_offset, immediate_size;
    uint8_t opcode_register;     /* opcode & 7 with REX.B, for the +r opcodes */
};
#define MC_REG_NONE (-1)
#define MC_REG_RIP (-2)

unsigned mc_decode(enum mc_mode mode, const uint8_t *bytes, size_t size, struct mc_insn *ret);

#endif
