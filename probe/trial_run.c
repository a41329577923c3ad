/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: children run the trials, a shared page carries the answers.
 *
 * A child works through the trials of one feature. After a clean #UD (SIGILL exactly at the instruction) its state is
 * as before, so it goes on; after anything else it ends and a new child goes on behind the trial. A child that dies
 * leaves `current` behind, which tells the parent where. Cost: one fork per feature (0.1 to 0.3 ms) and about a
 * microsecond per run. Hangs: an interval timer; a signal handler leaves the stub by rewriting the saved instruction
 * pointer, so there is no longjmp out of a handler. RLIMIT_CPU ends a child whose handler is gone as well. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* REG_RIP */
#endif
#include "probe/trial_input.h"
#include "probe/trial_stub.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define CONTEXT_IP REG_RIP
#else
#define CONTEXT_IP REG_EIP
#endif
#define ALTERNATE_STACK (64 * 1024) /* bytes; a frame with AMX state takes 11 KB */
#define HWCAP2_FSGSBASE 2u          /* Linux arch/x86/include/uapi/asm/hwcap2.h */
#define ARCH_REQ_XCOMP_PERM 0x1023  /* Linux arch/x86/include/uapi/asm/prctl.h */
#define XFEATURE_XTILEDATA 18

struct shared {
    volatile uint32_t current; /* index of the row being tried */
    volatile uint32_t done;    /* rows finished by this child, in order */
    uint32_t xcr0_known;
    uint64_t xcr0;
    struct mc_trial_result results[];
};

static struct { /* of the child: what its signal handler needs */
    struct mc_stub *stub;
    uintptr_t bail, early_bail; /* early: the set-up faulted, so MXCSR is as it was, or there is none */
    volatile sig_atomic_t running, faulted;
    volatile uint32_t serial, ticked, ticks;
    siginfo_t info;
    uintptr_t ip;
} child;

struct engine {
    const struct mc_trial *const *rows;
    size_t count;
    unsigned timeout_ms;
    struct mc_stub stub;
    struct shared *shared;
    size_t shared_size;
    unsigned children;
};

/* Entries, exits and bail-outs stand before the first snippet. */
static bool in_set_up(uintptr_t ip)
{
    uintptr_t code = (uintptr_t)child.stub->code;
    return ip >= code && ip < code + child.stub->snippets[0].start;
}

/* The first tick only notes which run it met; a second one in the same run is a hang. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    uintptr_t ip = (uintptr_t)at->uc_mcontext.gregs[CONTEXT_IP];
    if (signal == SIGALRM && (!child.running || child.ticked != child.serial)) {
        child.ticked = child.serial;
        child.ticks++;
        return;
    }
    if (!child.running)
        _exit(2);
    child.running = 0;
    child.faulted = 1;
    child.info = *info;
    child.ip = ip;
    at->uc_mcontext.gregs[CONTEXT_IP] = (greg_t)(in_set_up(ip) ? child.early_bail : child.bail);
}

static void catch_signals(unsigned timeout_ms)
{
    static const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM, SIGSYS};
    static uint8_t alternate[ALTERNATE_STACK];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigset_t none;

    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    long half = (long)timeout_ms * 1000 / 2 + 1000;
    struct timeval tick = {.tv_sec = half / 1000000, .tv_usec = half % 1000000};
    setitimer(ITIMER_REAL, &(struct itimerval){tick, tick}, NULL);
}

/* Runs a snippet once on context->live. False when it faulted: child.info and child.ip tell how. */
static bool run_snippet(const struct mc_snippet *snippet, enum mc_trial_state state)
{
    struct mc_stub *stub = child.stub;
    void (*enter)(void);
    uintptr_t entry = (uintptr_t)stub->code + stub->entry[state];
    memcpy(&enter, &entry, sizeof enter);
    stub->context->target = (uintptr_t)stub->code + snippet->start;
    child.bail = (uintptr_t)stub->code + stub->bail[state];
    child.early_bail = (uintptr_t)stub->code + stub->bail[MC_TRIAL_GPR];
    child.serial++;
    child.faulted = 0;
    child.running = 1;
    enter();
    child.running = 0;
    return !child.faulted;
}

/* #UD exactly at the instruction; for some instructions #GP there means the same. */
static bool is_refused(const struct mc_trial *row, const struct mc_snippet *snippet)
{
    int signal = child.info.si_signo;
    return (signal == SIGILL || (signal == SIGSEGV && row->model.refused_by_gp)) &&
           child.ip == (uintptr_t)child.stub->code + snippet->instruction;
}

/* Whether the child that made this result has to go: a clean #UD leaves it as it was. */
static bool ends_child(const struct mc_trial_result *result)
{
    return result->outcome == MC_OUTCOME_FAULT ||
           (result->signal != 0 && result->outcome != MC_OUTCOME_UD && result->outcome != MC_OUTCOME_OS_OFF);
}

/* Whether the operating system has switched on what the feature needs; true when nothing says otherwise. */
static bool os_state_on(const struct shared *shared, enum mc_feature feature, const char **ret_why)
{
    uint64_t needed = mc_os_state_xcr0(mc_features[feature].os);
    *ret_why = "";
    if (needed && !shared->xcr0_known)
        *ret_why = "#UD, and so does XGETBV: CR4.OSXSAVE is off or the CPU has no XSAVE";
    else if (needed && (shared->xcr0 & needed) != needed)
        *ret_why = "#UD, and XCR0 lacks the state that the instruction needs";
    else if (mc_features[feature].os == MC_OS_CR4 && strcmp(mc_features[feature].name, "fsgsbase") == 0 &&
             !(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
        *ret_why = "#UD, and AT_HWCAP2 says that CR4.FSGSBASE is off";
    return !**ret_why;
}

static void note_fault(const struct shared *shared, const struct mc_trial *row, const struct mc_snippet *snippet,
                       struct mc_trial_result *result)
{
    const char *why;
    result->signal = child.info.si_signo;
    result->code = child.info.si_code;
    result->fault_address = (uintptr_t)child.info.si_addr;
    result->fault_offset = (int64_t)(child.ip - ((uintptr_t)child.stub->code + snippet->instruction));
    if (is_refused(row, snippet)) {
        result->outcome = os_state_on(shared, row->feature, &why) ? MC_OUTCOME_UD : MC_OUTCOME_OS_OFF;
        snprintf(result->why, sizeof result->why, "%s",
                 *why                       ? why
                 : result->signal == SIGILL ? "#UD at the instruction"
                                            : "#GP at the instruction");
        return;
    }
    result->outcome = MC_OUTCOME_FAULT;
    if (result->signal == SIGALRM)
        snprintf(result->why, sizeof result->why, "did not end in time");
    else if (result->fault_offset == 0)
        snprintf(result->why, sizeof result->why, "signal %d, code %d, at the instruction", result->signal,
                 result->code);
    else { /* something else ran, and what followed could not go on */
        result->outcome = MC_OUTCOME_WRONG;
        snprintf(result->why, sizeof result->why, "runs as something else: signal %d, code %d after it", result->signal,
                 result->code);
    }
}

static const struct mc_state *input(const struct mc_trial *row, unsigned run)
{
    struct mc_state *live = &child.stub->context->live;
    return mc_input(row->inputs, run, (uintptr_t)live->m, (uintptr_t)live->n, (uintptr_t)child.stub->context->scratch);
}

/* The set-up (vector loads, helper bytes) faulted: then run the instruction without it, so that the answer is the
 * instruction's own. */
static void try_bare(const struct shared *shared, const struct mc_trial *row, const struct mc_snippet *bare,
                     struct mc_trial_result *result)
{
    int signal = child.info.si_signo, code = child.info.si_code;
    child.stub->context->live = *input(row, 0);
    if (!run_snippet(bare, MC_TRIAL_GPR)) {
        note_fault(shared, row, bare, result);
        return;
    }
    result->outcome = MC_OUTCOME_FAULT;
    result->signal = signal;
    result->code = code;
    snprintf(result->why, sizeof result->why, "runs, but the registers it needs cannot be loaded");
}

static bool agrees(const struct mc_trial *row, bool alias, unsigned immediate, unsigned run, const struct mc_state *in,
                   char *ret_where, size_t size)
{
    static struct mc_state expect;
    const struct mc_state *got = &child.stub->context->live;
    mc_expect(row, alias, immediate, run, in, got, &expect);
    return mc_states_agree(row, got, &expect, ret_where, size);
}

/* One run; false when there is nothing more to learn from further runs. A run that the timer's tick fell into and that
 * does not agree is repeated: emulators exist that lose x87 registers, with which 32-bit models compute, over a signal.
 */
static bool try_once(const struct mc_trial *row, unsigned immediate, unsigned run, const struct mc_snippet *snippet,
                     bool *alias, struct mc_trial_result *result)
{
    static struct mc_state in;
    char why[sizeof result->why], unused[sizeof result->why];
    uint32_t ticks;
    bool same, same_alias;
    result->runs++;
    do {
        ticks = child.ticks;
        in = *input(row, run);
        child.stub->context->live = in;
        if (!run_snippet(snippet, row->state))
            return false;
        in.gpr[MC_RSP] = child.stub->context->saved_stack;
        same_alias = row->model.alias && *alias && agrees(row, true, immediate, run, &in, unused, sizeof unused);
        same = agrees(row, false, immediate, run, &in, why, sizeof why);
    } while (ticks != child.ticks && !same);
    *alias = same_alias;
    if (!same && result->outcome != MC_OUTCOME_WRONG) {
        result->outcome = MC_OUTCOME_WRONG;
        memcpy(result->why, why, sizeof why);
    }
    return result->outcome != MC_OUTCOME_WRONG || *alias;
}

static void try_row(const struct shared *shared, const struct mc_trial *row, size_t index,
                    struct mc_trial_result *result)
{
    size_t values;
    const uint8_t *immediates = mc_trial_immediates(row->immediates, &values);
    const struct mc_snippet *snippets = child.stub->snippets + child.stub->first[index];
    bool alias = row->model.alias != NULL, go_on = true;
    result->outcome = MC_OUTCOME_OK;
    for (size_t i = 0; i < values && go_on; i++)
        for (unsigned run = 0; run < MC_INPUT_RUNS && go_on; run++)
            go_on = try_once(row, immediates[i], run, &snippets[i], &alias, result);
    if (child.faulted) {
        const struct mc_snippet *at = &snippets[(result->runs - 1) / MC_INPUT_RUNS];
        uintptr_t offset = child.ip - (uintptr_t)child.stub->code;
        if (in_set_up(child.ip) || (offset >= at->start && offset < at->instruction))
            try_bare(shared, row, &snippets[values], result);
        else
            note_fault(shared, row, at, result);
    } else if (result->outcome == MC_OUTCOME_WRONG && alias) {
        result->outcome = MC_OUTCOME_ALIAS;
        snprintf(result->why, sizeof result->why, "runs as the older instruction with the same bytes");
    }
}

/* Intel SDM vol. 1, 13.3: XGETBV with ECX 0 reads XCR0 and raises #UD while CR4.OSXSAVE is 0. */
static void read_xcr0(struct engine *engine)
{
    struct mc_trial_context *context = engine->stub.context;
    memset(&context->live, 0, sizeof context->live);
    if (!run_snippet(&engine->stub.snippets[engine->stub.first[engine->count]], MC_TRIAL_GPR))
        return;
    engine->shared->xcr0 = (uint32_t)context->live.gpr[MC_RAX] | context->live.gpr[MC_RDX] << 32;
    engine->shared->xcr0_known = 1;
}

static bool tile_permission(enum mc_feature feature)
{
#if defined(__x86_64__)
    if (mc_features[feature].os == MC_OS_AMX)
        return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#endif
    (void)feature;
    return true;
}

/* [from, to) are rows of one feature; from == count asks for XCR0. */
static _Noreturn void run_child(struct engine *engine, size_t from, size_t to)
{
    child.stub = &engine->stub;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CPU, &(struct rlimit){2, 3});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    catch_signals(engine->timeout_ms);
    if (from == engine->count) {
        read_xcr0(engine);
        _exit(0);
    }
    bool permitted = tile_permission(engine->rows[from]->feature);
    for (size_t i = from; i < to; i++) {
        struct mc_trial_result *result = &engine->shared->results[i];
        engine->shared->current = (uint32_t)i;
        try_row(engine->shared, engine->rows[i], i, result);
        if (!permitted &&
            result->outcome != MC_OUTCOME_OS_OFF) { /* without permission the kernel makes it SIGILL too */
            result->outcome = MC_OUTCOME_UNTESTABLE;
            snprintf(result->why, sizeof result->why, "the kernel does not permit AMX to this process");
        }
        engine->shared->done++;
        if (ends_child(result))
            _exit(1);
    }
    _exit(0);
}

static bool fork_child(struct engine *engine, size_t from, size_t to, int *ret_status, struct mc_error *ret_error)
{
    engine->shared->current = (uint32_t)from;
    engine->shared->done = 0;
    pid_t pid = fork();
    if (pid == 0)
        run_child(engine, from, to);
    if (pid < 0)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "no child process could be started for the trials");
    engine->children++;
    *ret_status = -1; /* stays so when the caller ignores SIGCHLD; the shared page then tells all the same */
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        continue;
    return true;
}

static bool run_rows(struct engine *engine, size_t from, size_t to, struct mc_error *ret_error)
{
    while (from < to) {
        int status;
        if (!fork_child(engine, from, to, &status, ret_error))
            return false;
        size_t finished = from + engine->shared->done;
        if (finished > to)
            finished = to; /* the child's memory may be corrupt */
        bool ended = finished > from && (finished == to || ends_child(&engine->shared->results[finished - 1]));
        if (!ended) {
            struct mc_trial_result *result = &engine->shared->results[finished];
            *result = (struct mc_trial_result){.outcome = MC_OUTCOME_FAULT,
                                               .runs = 1,
                                               .signal = status != -1 && WIFSIGNALED(status) ? WTERMSIG(status) : 0};
            snprintf(result->why, sizeof result->why, "ended its process (signal %d)", result->signal);
            finished++;
        }
        from = finished;
    }
    return true;
}

static bool run_all(struct engine *engine, struct mc_error *ret_error)
{
    int status;
    struct mc_state *live = &engine->stub.context->live;
    for (enum mc_inputs kind = 0; kind < MC_IN_KINDS; kind++) /* before the forks: the children share the fillings */
        for (unsigned run = 0; run < MC_INPUT_RUNS; run++)
            mc_input(kind, run, (uintptr_t)live->m, (uintptr_t)live->n, (uintptr_t)engine->stub.context->scratch);
    if (!fork_child(engine, engine->count, engine->count, &status, ret_error))
        return false;
    for (size_t from = 0, to; from < engine->count; from = to) {
        for (to = from + 1; to < engine->count && engine->rows[to]->feature == engine->rows[from]->feature;)
            to++;
        if (!run_rows(engine, from, to, ret_error))
            return false;
    }
    return true;
}

bool mc_trials_run_rows(const struct mc_trial *const *rows, size_t count, unsigned timeout_ms,
                        struct mc_trial_result *results, struct mc_trials *ret, struct mc_error *ret_error)
{
    /* The row behind the last is XGETBV */
    static const struct mc_trial xgetbv = {.text = "xgetbv", .before = "", .hex = "0F01D0", .after = ""};
    struct engine engine = {.count = count, .timeout_ms = timeout_ms ? timeout_ms : 200};
    engine.shared_size = sizeof(struct shared) + (count + 1) * sizeof(struct mc_trial_result);
    size_t list_size = (count + 1) * sizeof *rows;
    void *list = mmap(NULL, list_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *shared = mmap(NULL, engine.shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (list == MAP_FAILED ||
        shared == MAP_FAILED) /* the process is out of address space: nothing else is worth freeing */
        return mc_fail(ret_error, MC_ERROR_MEMORY, MC_NO_OFFSET, "no memory for the trials");
    memcpy(list, rows, count * sizeof *rows);
    ((const struct mc_trial **)list)[count] = &xgetbv;
    engine.rows = list;
    engine.shared = shared;
    bool good = mc_stub_make(&engine.stub, engine.rows, count + 1, ret_error) && run_all(&engine, ret_error);
    if (good) {
        memcpy(results, engine.shared->results, count * sizeof *results);
        ret->xcr0_known = engine.shared->xcr0_known != 0;
        ret->xcr0 = engine.shared->xcr0;
        ret->children = engine.children;
    }
    mc_stub_free(&engine.stub);
    munmap(shared, engine.shared_size);
    munmap(list, list_size);
    return good;
}
