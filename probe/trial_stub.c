/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings used here: Intel SDM vol. 2, MOV, MOVUPS, VMOVUPS, KMOV, PUSHF, LDMXCSR, FNINIT, VZEROUPPER. In both modes
 * general register 0 holds the context's address wherever a [base + disp32] operand is emitted. */
#include "probe/trial_stub.h"

#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#define LONG_MODE 1
#define REGISTERS 16
#else
#define LONG_MODE 0
#define REGISTERS 8
#endif

#define OFFSET(member) (uint32_t) offsetof(struct mc_trial_context, member)

struct emitter {
    struct mc_stub *stub;
    size_t at;
    uint32_t exit[MC_TRIAL_STATES];
};

static void emit(struct emitter *e, const void *bytes, size_t size)
{
    memcpy(e->stub->code + e->at, bytes, size);
    e->at += size;
}

static void emit8(struct emitter *e, unsigned byte)
{
    e->stub->code[e->at++] = (uint8_t)byte;
}

static void emit32(struct emitter *e, uint32_t value)
{
    emit(e, &value, sizeof value);
}

#define EMIT(e, ...) emit(e, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The 32-bit field of an operand that names a place in the context: RIP-relative in 64-bit code, absolute in 32-bit
 * code. */
static void emit_place(struct emitter *e, uint32_t offset)
{
    uintptr_t place = (uintptr_t)e->stub->context + offset;
    uintptr_t next = LONG_MODE ? (uintptr_t)(e->stub->code + e->at + 4) : 0;
    emit32(e, (uint32_t)(place - next));
}

static void emit_context_address(struct emitter *e)
{
    if (LONG_MODE) {
        EMIT(e, 0x48, 0x8D, 0x05); /* lea rax, [rip + context] */
        emit_place(e, 0);
    } else {
        emit8(e, 0xB8); /* mov eax, context */
        emit_place(e, 0);
    }
}

/* opcode reg, [rax + offset] */
static void emit_operand(struct emitter *e, unsigned opcode, unsigned reg, uint32_t offset)
{
    emit8(e, opcode);
    emit8(e, 0x80 | (reg & 7) << 3);
    emit32(e, offset);
}

static void emit_general(struct emitter *e, unsigned opcode, unsigned reg, uint32_t offset)
{
    if (LONG_MODE)
        emit8(e, 0x48 | (reg >> 3) << 2);
    emit_operand(e, opcode, reg, offset);
}

static void emit_vectors(struct emitter *e, enum mc_trial_state state, bool store)
{
    if (state >= MC_TRIAL_MMX)
        for (unsigned i = 0; i < 8; i++) {
            emit8(e, 0x0F);
            emit_operand(e, store ? 0x7F : 0x6F, i, OFFSET(live.mm) + 8 * i);
        }
    if (state >= MC_TRIAL_XMM)
        for (unsigned i = 0; i < 8; i++) {
            if (state == MC_TRIAL_XMM)
                emit8(e, 0x0F);
            else if (state == MC_TRIAL_YMM)
                EMIT(e, 0xC5, 0xFC);
            else
                EMIT(e, 0x62, 0xF1, 0x7C, 0x48);
            emit_operand(e, store ? 0x11 : 0x10, i, OFFSET(live.vec) + 64 * i);
        }
    if (state >= MC_TRIAL_ZMM)
        for (unsigned i = 0; i < 8; i++) {
            if (state == MC_TRIAL_ZMM)
                EMIT(e, 0xC5, 0xF8);
            else
                EMIT(e, 0xC4, 0xE1, 0xF8);
            emit_operand(e, store ? 0x91 : 0x90, i, OFFSET(live.k) + 8 * i);
        }
}

/* Flags without IF, DF, AC, TF; x87 as after a function's entry; MXCSR default; callee-saved registers; return. */
static void emit_return(struct emitter *e, enum mc_trial_state state)
{
    EMIT(e, 0x6A, 0x02, 0x9D, 0xDB, 0xE3); /* push 2; popf; fninit */
    if (state >= MC_TRIAL_XMM) {
        emit8(e, 0x0F);
        emit_operand(e, 0xAE, 2, OFFSET(mxcsr_default)); /* ldmxcsr */
    }
    if (LONG_MODE)
        EMIT(e, 0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3);
    else
        EMIT(e, 0x5F, 0x5E, 0x5D, 0x5B, 0xC3);
}

static void emit_entry(struct emitter *e, enum mc_trial_state state)
{
    e->stub->entry[state] = (uint32_t)e->at;
    if (LONG_MODE)
        EMIT(e, 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57); /* push rbx rbp r12-r15 */
    else
        EMIT(e, 0x53, 0x55, 0x56, 0x57);
    emit_context_address(e);
    emit_general(e, 0x89, MC_RSP, OFFSET(saved_stack));
    emit_vectors(e, state, false);
    if (state >= MC_TRIAL_XMM) {
        emit8(e, 0x0F);
        emit_operand(e, 0xAE, 2, OFFSET(live.mxcsr));
    }
    emit_operand(e, 0xFF, 6, OFFSET(live.flags)); /* push */
    emit8(e, 0x9D);
    for (unsigned i = 1; i < REGISTERS; i++)
        if (i != MC_RSP)
            emit_general(e, 0x8B, i, OFFSET(live.gpr) + 8 * i);
    emit_general(e, 0x8B, MC_RAX, OFFSET(live.gpr));
    EMIT(e, 0xFF, 0x25); /* jmp [target] */
    emit_place(e, OFFSET(target));
}

static void emit_exit(struct emitter *e, enum mc_trial_state state)
{
    e->exit[state] = (uint32_t)e->at;
    if (LONG_MODE)
        EMIT(e, 0x48, 0x89, 0x05); /* mov [context.rax], rax */
    else
        emit8(e, 0xA3);
    emit_place(e, OFFSET(live.gpr));
    emit_context_address(e);
    emit_general(e, 0x89, MC_RSP, OFFSET(live.gpr) + 8 * MC_RSP);
    emit_general(e, 0x8B, MC_RSP, OFFSET(saved_stack));
    emit8(e, 0x9C); /* pushf */
    emit_operand(e, 0x8F, 0, OFFSET(live.flags));
    for (unsigned i = 1; i < REGISTERS; i++)
        if (i != MC_RSP)
            emit_general(e, 0x89, i, OFFSET(live.gpr) + 8 * i);
    emit_vectors(e, state, true);
    if (state >= MC_TRIAL_XMM) {
        emit8(e, 0x0F);
        emit_operand(e, 0xAE, 3, OFFSET(live.mxcsr));
    }
    if (state >= MC_TRIAL_YMM)
        EMIT(e, 0xC5, 0xF8, 0x77);
    emit_return(e, state);
}

static void emit_bail(struct emitter *e, enum mc_trial_state state)
{
    e->stub->bail[state] = (uint32_t)e->at;
    emit_context_address(e);
    emit_general(e, 0x8B, MC_RSP, OFFSET(saved_stack));
    emit_return(e, state);
}

static struct mc_snippet emit_snippet(struct emitter *e, const struct mc_trial *row, int immediate, uint32_t exit)
{
    uint8_t bytes[32];
    struct mc_snippet snippet = {.start = (uint32_t)e->at};
    emit(e, bytes, mc_trial_hex(row->before, bytes));
    snippet.instruction = (uint32_t)e->at;
    size_t size = mc_trial_hex(row->hex, bytes);
    if (immediate >= 0)
        bytes[size - 1] = (uint8_t)immediate;
    emit(e, bytes, size);
    emit(e, bytes, mc_trial_hex(row->after, bytes));
    emit8(e, 0xE9);
    emit32(e, exit - (uint32_t)(e->at + 4));
    return snippet;
}

static void emit_row(struct emitter *e, const struct mc_trial *row, struct mc_snippet *snippets)
{
    size_t count;
    const uint8_t *values = mc_trial_immediates(row->immediates, &count);
    for (size_t i = 0; i < count; i++)
        snippets[i] = emit_snippet(e, row, row->immediates == MC_IMM_NONE ? -1 : values[i], e->exit[row->state]);
    struct mc_trial bare = *row;
    bare.before = bare.after = "";
    snippets[count] = emit_snippet(e, &bare, -1, e->exit[MC_TRIAL_GPR]);
}

bool mc_stub_make(struct mc_stub *stub, const struct mc_trial *const *rows, size_t count, struct mc_error *ret_error)
{
    enum { PAGE = 4096, SNIPPET_MAX = 3 * 32 + 5, FRAME_MAX = PAGE * MC_TRIAL_STATES };
    size_t snippets = 0;
    for (size_t i = 0; i < count; i++) {
        size_t values;
        mc_trial_immediates(rows[i]->immediates, &values);
        snippets += values + 1;
    }
    size_t context = (sizeof(struct mc_trial_context) + PAGE - 1) & ~(size_t)(PAGE - 1);
    size_t tables = (snippets * sizeof(struct mc_snippet) + count * sizeof(uint32_t) + PAGE - 1) & ~(size_t)(PAGE - 1);
    size_t code = (FRAME_MAX + snippets * SNIPPET_MAX + PAGE - 1) & ~(size_t)(PAGE - 1);
    uint8_t *map = mmap(NULL, tables + context + code, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return mc_fail(ret_error, MC_ERROR_MEMORY, MC_NO_OFFSET, "no memory for the trials");
    *stub = (struct mc_stub){.context = (struct mc_trial_context *)(void *)(map + tables),
                             .code = map + tables + context,
                             .mapping_size = tables + context + code,
                             .snippets = (struct mc_snippet *)(void *)map};
    stub->first = (uint32_t *)(void *)(map + snippets * sizeof(struct mc_snippet));
    stub->context->mxcsr_default = 0x1F80;
    struct emitter e = {.stub = stub};
    for (enum mc_trial_state state = 0; state < MC_TRIAL_STATES; state++) {
        emit_entry(&e, state);
        emit_exit(&e, state);
        emit_bail(&e, state);
    }
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        size_t values;
        mc_trial_immediates(rows[i]->immediates, &values);
        stub->first[i] = (uint32_t)next;
        emit_row(&e, rows[i], stub->snippets + next);
        next += values + 1;
    }
    stub->code_size = e.at;
    if (mprotect(stub->code, code, PROT_READ | PROT_EXEC) == 0)
        return true;
    mc_stub_free(stub);
    return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET,
                   "the system refuses an executable mapping, which the trials need");
}

void mc_stub_free(struct mc_stub *stub)
{
    if (stub->snippets)
        munmap(stub->snippets, stub->mapping_size);
    *stub = (struct mc_stub){0};
}
