/* SPDX-License-Identifier: Apache-2.0 */
/* What a few functions of the C library do to memory that is followed: initialised structures on the stack are copied
 * by memcpy or cleared by memset before they are used. */
#include "scanner/proof/machine.h"

#include <stdlib.h>
#include <string.h>

/* Parameters by POSIX, and the Itanium C++ ABI (section 3.3). What else is in the registers of arguments was left there;
 * numbers of floating point are in others. `reads`: it writes nothing behind its pointers, and keeps none. In the order of strcmp. */
static const struct arity {
    const char *name;
    int count;
    bool reads;
} arities[] = {
    {"_Unwind_Resume", 1, false}, {"_ZdaPv", 1, false}, {"_ZdlPv", 1, false}, {"_ZdlPvm", 2, false},
    {"_Znam", 1, false}, {"_Znwm", 1, false}, {"__assert_fail", 4, false}, {"__cxa_allocate_exception", 1, false},
    {"__cxa_atexit", 3, false}, {"__cxa_begin_catch", 1, false}, {"__cxa_end_catch", 0, false},
    {"__cxa_free_exception", 1, false}, {"__cxa_guard_acquire", 1, false}, {"__cxa_guard_release", 1, false},
    {"__cxa_pure_virtual", 0, false}, {"__cxa_rethrow", 0, false}, {"__cxa_throw", 3, false},
    {"__errno_location", 0, false}, {"__sigsetjmp", 2, false}, {"__stack_chk_fail", 0, false},
    {"__tls_get_addr", 1, false}, {"_setjmp", 1, false}, {"abort", 0, false}, {"acos", 0, true}, {"acosf", 0, true},
    {"asin", 0, true}, {"asinf", 0, true}, {"atan", 0, true}, {"atan2", 0, true}, {"atan2f", 0, true},
    {"atanf", 0, true}, {"atoi", 1, true}, {"bcmp", 3, true}, {"calloc", 2, false}, {"cbrt", 0, true},
    {"cbrtf", 0, true}, {"ceil", 0, true}, {"ceilf", 0, true}, {"cos", 0, true}, {"cosf", 0, true}, {"cosh", 0, true},
    {"exit", 1, false}, {"exp", 0, true}, {"exp2", 0, true}, {"exp2f", 0, true}, {"expf", 0, true}, {"floor", 0, true},
    {"floorf", 0, true}, {"fmod", 0, true}, {"fmodf", 0, true}, {"fputs", 2, true}, {"free", 1, false},
    {"fwrite", 4, true}, {"getauxval", 1, false}, {"getenv", 1, true}, {"getpid", 0, false}, {"hypot", 0, true},
    {"hypotf", 0, true}, {"log", 0, true}, {"log10", 0, true}, {"log10f", 0, true}, {"log2", 0, true},
    {"log2f", 0, true}, {"logf", 0, true}, {"lrint", 0, true}, {"lrintf", 0, true}, {"lround", 0, true},
    {"lroundf", 0, true}, {"malloc", 1, false}, {"memchr", 3, true}, {"memcmp", 3, true}, {"memcpy", 3, false},
    {"memmove", 3, false}, {"memset", 3, false}, {"pow", 0, true}, {"powf", 0, true}, {"pthread_mutex_lock", 1, false},
    {"pthread_mutex_unlock", 1, false}, {"pthread_once", 2, false}, {"pthread_sigmask", 3, false}, {"puts", 1, true},
    {"raise", 1, false}, {"realloc", 2, false}, {"rint", 0, true}, {"rintf", 0, true}, {"round", 0, true},
    {"roundf", 0, true}, {"secure_getenv", 1, true}, {"setjmp", 1, false}, {"sigaction", 3, false},
    {"sigemptyset", 1, false}, {"signal", 2, false}, {"sigprocmask", 3, false}, {"sigsetjmp", 2, false},
    {"sin", 0, true}, {"sinf", 0, true}, {"sinh", 0, true}, {"sqrt", 0, true}, {"sqrtf", 0, true},
    {"strcasecmp", 2, true}, {"strchr", 2, true}, {"strcmp", 2, true}, {"strcspn", 2, true}, {"strlen", 1, true},
    {"strncasecmp", 3, true}, {"strncmp", 3, true}, {"strnlen", 2, true}, {"strrchr", 2, true}, {"strspn", 2, true},
    {"strstr", 2, true}, {"strtol", 3, false}, {"strtoul", 3, false}, {"strtoull", 3, false}, {"sysconf", 1, false},
    {"tan", 0, true}, {"tanf", 0, true}, {"tanh", 0, true}, {"tanhf", 0, true}, {"trunc", 0, true}, {"truncf", 0, true}};

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct arity *)row)->name);
}

static const struct arity *find_arity(const char *name)
{
    return bsearch(name, arities, sizeof arities / sizeof *arities, sizeof *arities, compare_name);
}

int mc_import_arity(const char *name)
{
    const struct arity *row = find_arity(name);
    return row ? row->count : -1;
}

mc_value mc_call_argument(struct mc_machine *m, unsigned index)
{
    static const uint8_t registers[3] = {MC_RDI, MC_RSI, MC_RDX};
    if (m->prover->pointer_size == 8)
        return m->state->registers[registers[index]];
    uint32_t base;
    int64_t offset;
    bool found;
    if (!mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset))
        return MC_TOP;
    return mc_state_load(m->values, m->state, base, offset + 4 * (int64_t)index, 4, &found);
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcmp(name, *names))
            return true;
    return false;
}

bool mc_import_speaks(const char *name)
{
    static const char *const names[] = {
        "sigaction", "__sigaction", "rt_sigaction", "signal", "__sysv_signal", "bsd_signal", "sigset", "ssignal", /* trials */
        "fork", "vfork", "__fork", "_Fork", "wait", "wait3", "wait4", "waitpid", "__waitpid",
        "getauxval", "__getauxval", "__cpu_model", "__cpu_features2", "__cpu_indicator_init",
        "__x86_get_cpuid_feature_leaf", "_dl_x86_get_cpu_features", "__x86_get_cpu_features", "__get_cpu_features", "boot_cpu_data", "x86_match_cpu", "cpu_has_xfeatures", NULL};
    return is_one_of(name, names);
}

bool mc_is_environment(struct mc_prover *prover, uint64_t final)
{
    static const char *const names[] = {"getenv", "secure_getenv", "__secure_getenv", NULL};
    const char *name = mc_import_name(prover, final);
    return name && is_one_of(name, names);
}

static const char *const copies[] = {"memcpy", "memmove", "__memcpy_chk", "__memmove_chk", "mempcpy", NULL};
static const char *const fills[] = {"memset", "__memset_chk", NULL};
static const char *const forgetful[] = {
    "memcpy",    "memmove",     "__memcpy_chk", "__memmove_chk", "mempcpy",   "memset", "__memset_chk",
    "sigaction", "__sigaction", "sigemptyset",  "sigfillset",    "sigaddset", NULL};

void mc_import_before(struct mc_machine *m, uint64_t final, struct mc_import_call *ret)
{
    ret->function = final;
    ret->name = mc_import_name(m->prover, final);
    ret->pointee = MC_TOP;
    ret->writes_nothing = false;
    ret->block.size = 0;
    ret->keeps_nothing = ret->name && is_one_of(ret->name, forgetful);
    if (!ret->name)
        return;
    for (unsigned i = 0; i < 3; i++)
        ret->arguments[i] = mc_call_argument(m, i);
    uint32_t base;
    int64_t offset;
    uint64_t size;
    bool found;
    bool copy = is_one_of(ret->name, copies), fill = is_one_of(ret->name, fills);
    if ((copy || fill) && mc_value_is_constant(m->values, ret->arguments[2], &size))
        mc_block_read(m, fill ? mc_value_zero_extend(m->values, ret->arguments[1], 8) : ret->arguments[1], size, fill, &ret->block);
    const struct arity *row = find_arity(ret->name);
    ret->keeps_nothing |= row && row->reads;
    ret->writes_nothing = (row && row->reads) || ((copy || fill) && mc_on_stack(m, ret->arguments[0], &base, &offset));
    if (mc_on_stack(m, ret->arguments[1], &base, &offset))
        ret->pointee = mc_state_load(m->values, m->state, base, offset, m->prover->pointer_size, &found);
}

bool mc_import_moves(const char *name)
{
    return is_one_of(name, copies) || is_one_of(name, fills);
}

void mc_import_after(struct mc_machine *m, const struct mc_import_call *call)
{
    static const char *const readers[] = {"sigaction", "__sigaction", NULL}; /* their second argument is only read */
    uint32_t base;
    int64_t offset;
    unsigned status;
    if (!call->name)
        return;
    if (mc_is_wait(call->name, &status)) {
        struct mc_symbol_key key = {.kind = MC_SYM_RETURN, .width = 32, .a = call->function, .b = MC_RETURN_STATUS};
        if (mc_on_stack(m, call->arguments[status], &base, &offset))
            mc_state_store(m->values, m->state, base, offset, 4,
                           mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0));
        return;
    }
    bool moves = mc_import_moves(call->name);
    if (moves && call->block.size)
        mc_block_write(m, call->arguments[0], &call->block);
    else if (moves && mc_on_stack(m, call->arguments[0], &base, &offset))
        mc_state_forget(m->state, base, offset, 4096);
    else if (call->pointee != MC_TOP && is_one_of(call->name, readers) &&
             mc_on_stack(m, call->arguments[1], &base, &offset))
        mc_state_store(m->values, m->state, base, offset, m->prover->pointer_size, call->pointee);
}

/* raise of a signal whose default action is the end (signal(7)), in a program that does not install handlers. */
bool mc_import_kills(struct mc_machine *m, const struct mc_import_call *call)
{
    static const uint64_t fatal = 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 11; /* ILL TRAP ABRT BUS FPE KILL SEGV */
    static const char *const installers[] = {"signal", "sigaction", "__sysv_signal", "bsd_signal", "sysv_signal", "sigset", NULL};
    uint64_t number;
    if (!call->name || strcmp(call->name, "raise") || !mc_value_is_constant(m->values, call->arguments[0], &number) || number > 31 ||
        !(fatal >> number & 1))
        return false;
    const struct mc_image *image = m->prover->image;
    if (image->kind != MC_KIND_EXECUTABLE && image->kind != MC_KIND_PIE && number != 9)
        return false;
    for (size_t i = 0; i < image->import_count && number != 9; i++)
        for (const char *const *name = installers; *name; name++)
            if (!strcmp(image->imports[i].symbol->name, *name))
                return false;
    return true;
}
