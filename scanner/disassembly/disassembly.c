/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/disassembly/disassembly.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if CS_API_MAJOR == 4
#define SONAME "libcapstone.so.4"
#elif CS_API_MAJOR == 5
#define SONAME "libcapstone.so.5"
#else
#error "Capstone 4 or 5 is needed: the structures of others are not known here"
#endif

static struct {
    bool available;
    cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
    cs_err (*close)(csh *handle);
    cs_err (*option)(csh handle, cs_opt_type type, size_t value);
    cs_insn *(*malloc)(csh handle);
    void (*free)(cs_insn *insn, size_t count);
    bool (*disasm_iter)(csh handle, const uint8_t **code, size_t *size, uint64_t *address, cs_insn *insn);
    cs_err (*regs_access)(csh handle, const cs_insn *insn, cs_regs read, uint8_t *read_count, cs_regs written,
                          uint8_t *written_count);
} capstone;

/* One per thread: a handle and a reused instruction for each mode, without and with operand details. */
struct door {
    csh handles[2][2];
    cs_insn *insns[2][2];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void close_door(void *opaque)
{
    struct door *door = opaque;
    for (int i = 0; i < 4; i++) {
        if (door->insns[i / 2][i % 2])
            capstone.free(door->insns[i / 2][i % 2], 1);
        if (door->handles[i / 2][i % 2])
            capstone.close(&door->handles[i / 2][i % 2]);
    }
    free(door);
}

/* Function pointers come from dlsym as data pointers: copied, as POSIX wants it. */
static bool load(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void open_capstone(void)
{
    void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library || pthread_key_create(&key, close_door))
        return;
    capstone.available = load(library, "cs_open", &capstone.open) && load(library, "cs_close", &capstone.close) &&
                         load(library, "cs_option", &capstone.option) && load(library, "cs_malloc", &capstone.malloc) &&
                         load(library, "cs_free", &capstone.free) &&
                         load(library, "cs_disasm_iter", &capstone.disasm_iter) &&
                         load(library, "cs_regs_access", &capstone.regs_access);
}

bool mc_disassembly_available(const char **ret_why)
{
    pthread_once(&once, open_capstone);
    if (ret_why)
        *ret_why = capstone.available ? NULL : "the disassembler " SONAME " could not be opened";
    return capstone.available;
}

/* This thread's decoder for the mode; NULL when Capstone is missing. */
static cs_insn *decode(enum mc_mode mode, bool detail, const uint8_t *bytes, size_t size, uint64_t address,
                       csh *ret_handle)
{
    if (!mc_disassembly_available(NULL))
        return NULL;
    struct door *door = pthread_getspecific(key);
    if (!door) {
        door = calloc(1, sizeof *door);
        if (!door || pthread_setspecific(key, door)) {
            free(door);
            return NULL;
        }
    }
    csh *handle = &door->handles[mode][detail];
    cs_insn **insn = &door->insns[mode][detail];
    if (!*handle) {
        if (capstone.open(CS_ARCH_X86, mode == MC_MODE_64 ? CS_MODE_64 : CS_MODE_32, handle) != CS_ERR_OK) {
            *handle = 0;
            return NULL;
        }
        if (detail)
            capstone.option(*handle, CS_OPT_DETAIL, CS_OPT_ON);
    }
    if (!*insn && !(*insn = capstone.malloc(*handle)))
        return NULL;
    *ret_handle = *handle;
    return capstone.disasm_iter(*handle, &bytes, &size, &address, *insn) ? *insn : NULL;
}

/* Capstone 4.0.2 takes some newer instructions for others without an error (TPAUSE for mfence, RDPID for rdseed,
 * WBNOINVD for wbinvd, CLDEMOTE for nop). Its name is believed when it begins like the table's; a table's name may
 * stand for a family (cmpps: cmpltps). A prefix word is no name. */
static bool names_agree(const char *text, const char *mnemonic)
{
    static const char *const prefixes[] = {"lock ",    "rep ", "repe ",   "repne ",    "repz ",     "repnz ",
                                           "notrack ", "bnd ", "data16 ", "xacquire ", "xrelease ", "addr32 "};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
            text += strlen(prefixes[i]);
    size_t length = strcspn(mnemonic, " ");
    size_t common = length < 3 ? length : 3;
    static const char *const never_families[] = {"rdpid", "rdpru", "rdpkru", "wbnoinvd", "cldemote", "clzero"};
    for (size_t i = 0; i < sizeof never_families / sizeof *never_families; i++)
        if (strcmp(mnemonic, never_families[i]) == 0)
            common = length;
    return strncmp(text, mnemonic, common) == 0;
}

/* Capstone 4 writes "xmm0 , xmm1" where a mask could stand. */
static void drop_blanks_before_commas(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (from[0] != ' ' || from[1] != ',')
            *to++ = *from;
    *to = '\0';
}

bool mc_disassemble(enum mc_mode mode, const uint8_t *bytes, size_t size, uint64_t address, char *ret_text,
                    size_t text_size)
{
    struct mc_insn ours;
    unsigned length = mc_decode(mode, bytes, size, &ours);
    if (!length) {
        snprintf(ret_text, text_size, "(bad)");
        return false;
    }
    const char *mnemonic = ours.need ? mc_need_at(ours.need)->text : "";
    csh handle;
    const cs_insn *insn = decode(mode, false, bytes, length, address, &handle);
    if (insn && insn->size == length && names_agree(insn->mnemonic, mnemonic))
        snprintf(ret_text, text_size, "%s%s%s", insn->mnemonic, *insn->op_str ? " " : "", insn->op_str);
    else
        snprintf(ret_text, text_size, "%s", mnemonic);
    drop_blanks_before_commas(ret_text);
    return true;
}

/* The number in encodings of the general register that a Capstone register is, or is a part of; -1 for all others. */
static int general_register(unsigned reg)
{
#define REGISTER(number, l, h, w, d, q) \
    case X86_REG_##l:                   \
    case X86_REG_##h:                   \
    case X86_REG_##w:                   \
    case X86_REG_##d:                   \
    case X86_REG_##q:                   \
        return number
#define REGISTER_R(number)     \
    case X86_REG_R##number:    \
    case X86_REG_R##number##D: \
    case X86_REG_R##number##W: \
    case X86_REG_R##number##B: \
        return number
    switch (reg) {
        REGISTER(0, AL, AH, AX, EAX, RAX);
        REGISTER(1, CL, CH, CX, ECX, RCX);
        REGISTER(2, DL, DH, DX, EDX, RDX);
        REGISTER(3, BL, BH, BX, EBX, RBX);
    case X86_REG_SPL:
    case X86_REG_SP:
    case X86_REG_ESP:
    case X86_REG_RSP:
        return 4;
    case X86_REG_BPL:
    case X86_REG_BP:
    case X86_REG_EBP:
    case X86_REG_RBP:
        return 5;
    case X86_REG_SIL:
    case X86_REG_SI:
    case X86_REG_ESI:
    case X86_REG_RSI:
        return 6;
    case X86_REG_DIL:
    case X86_REG_DI:
    case X86_REG_EDI:
    case X86_REG_RDI:
        return 7;
        REGISTER_R(8);
        REGISTER_R(9);
        REGISTER_R(10);
        REGISTER_R(11);
        REGISTER_R(12);
        REGISTER_R(13);
        REGISTER_R(14);
        REGISTER_R(15);
    default:
        return -1;
    }
#undef REGISTER
#undef REGISTER_R
}

static uint32_t general_registers(const uint16_t *registers, unsigned count)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < count; i++) {
        int number = general_register(registers[i]);
        if (number >= 0)
            set |= UINT32_C(1) << number;
    }
    return set;
}

bool mc_disassemble_registers(enum mc_mode mode, const uint8_t *bytes, size_t size, uint32_t *ret_read,
                              uint32_t *ret_written)
{
    struct mc_insn ours;
    unsigned length = mc_decode(mode, bytes, size, &ours);
    csh handle;
    const cs_insn *insn = length ? decode(mode, true, bytes, length, 0, &handle) : NULL;
    if (!insn || insn->size != length || (ours.need && !names_agree(insn->mnemonic, mc_need_at(ours.need)->text)))
        return false;
    cs_regs read, written;
    uint8_t read_count = 0, written_count = 0;
    if (capstone.regs_access(handle, insn, read, &read_count, written, &written_count) != CS_ERR_OK)
        return false;
    *ret_read = general_registers(read, read_count);
    *ret_written = general_registers(written, written_count);
    return true;
}

bool mc_disassemble_writes(enum mc_mode mode, const uint8_t *bytes, size_t size, uint32_t *ret_written)
{
    uint32_t read;
    return mc_disassemble_registers(mode, bytes, size, &read, ret_written);
}
