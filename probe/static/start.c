/* SPDX-License-Identifier: Apache-2.0 */
/* Process start and system calls of the static executable: no C library, so nothing that chooses code by CPUID before
 * or behind our back (glibc's static start-up resolves memcpy by IFUNC and dies where CPUID lies). System V ABI,
 * section 3.4; Linux arch/x86/entry/syscalls. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "probe/static/tiny.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int error_number;
static const uintptr_t *auxiliary; /* pairs of type and value */

int *__errno_location(void)
{
    return &error_number;
}

#if defined(__x86_64__)
static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
__asm__(".text\n.globl _start\n.type _start,@function\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n"
        "\tcall mc_start\n\thlt\n"
        ".globl mc_restore\n.type mc_restore,@function\nmc_restore:\n\tmov $15,%eax\n\tsyscall\n");
#else
/* The sixth argument travels in ebp, which the compiler needs: the six are passed as an array. */
long mc_syscall6(long number, const long *arguments);
static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    const long arguments[] = {a, b, c, d, e, f};
    return mc_syscall6(number, arguments);
}
__asm__(".text\n.globl mc_syscall6\n.type mc_syscall6,@function\nmc_syscall6:\n\tpush %ebx\n\tpush %esi\n\tpush "
        "%edi\n\tpush %ebp\n"
        "\tmov 20(%esp),%eax\n\tmov 24(%esp),%ebp\n\tmov 0(%ebp),%ebx\n\tmov 4(%ebp),%ecx\n\tmov 8(%ebp),%edx\n"
        "\tmov 12(%ebp),%esi\n\tmov 16(%ebp),%edi\n\tmov 20(%ebp),%ebp\n\tint $0x80\n"
        "\tpop %ebp\n\tpop %edi\n\tpop %esi\n\tpop %ebx\n\tret\n"
        ".globl _start\n.type _start,@function\n_start:\n\txor %ebp,%ebp\n\tmov %esp,%eax\n\tand $-16,%esp\n\tsub "
        "$12,%esp\n"
        "\tpush %eax\n\tcall mc_start\n\thlt\n"
        ".globl mc_restore\n.type mc_restore,@function\nmc_restore:\n\tmov $173,%eax\n\tint $0x80\n");
#endif
void mc_restore(void);

static long checked(long result)
{
    if (result < 0 && result > -4096) {
        error_number = (int)-result;
        return -1;
    }
    return result;
}

long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    return checked(raw(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

int main(int argc, char **argv);
_Noreturn void mc_start(uintptr_t *stack);
_Noreturn void mc_start(uintptr_t *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    uintptr_t *at = stack + 1 + argc + 1;
    while (*at) /* environment */
        at++;
    auxiliary = at + 1;
    _exit(main(argc, argv));
}

_Noreturn void _exit(int status)
{
    for (;;)
        raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

unsigned long getauxval(unsigned long type)
{
    for (const uintptr_t *pair = auxiliary; pair[0] != AT_NULL; pair += 2)
        if (pair[0] == type)
            return pair[1];
    return 0;
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
#if defined(__x86_64__)
    return (void *)checked(raw(SYS_mmap, (long)address, (long)size, protection, flags, fd, offset));
#else
    return (void *)checked(raw(SYS_mmap2, (long)address, (long)size, protection, flags, fd, offset / 4096));
#endif
}

int munmap(void *address, size_t size)
{
    return (int)checked(raw(SYS_munmap, (long)address, (long)size, 0, 0, 0, 0));
}

int mprotect(void *address, size_t size, int protection)
{
    return (int)checked(raw(SYS_mprotect, (long)address, (long)size, protection, 0, 0, 0));
}

pid_t fork(void)
{
    return (pid_t)checked(raw(SYS_fork, 0, 0, 0, 0, 0, 0));
}

pid_t waitpid(pid_t pid, int *ret_status, int options)
{
    return (pid_t)checked(raw(SYS_wait4, pid, (long)ret_status, options, 0, 0, 0));
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return (ssize_t)checked(raw(SYS_write, fd, (long)bytes, (long)size, 0, 0, 0));
}

int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    long argument = va_arg(list, long);
    va_end(list);
    return (int)checked(raw(SYS_prctl, option, argument, 0, 0, 0, 0));
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return (int)checked(raw(SYS_setrlimit, (long)resource, (long)limit, 0, 0, 0, 0));
}

int setitimer(__itimer_which_t which, const struct itimerval *value, struct itimerval *ret_old)
{
    return (int)checked(raw(SYS_setitimer, (long)which, (long)value, (long)ret_old, 0, 0, 0));
}

int sigaltstack(const stack_t *stack, stack_t *ret_old)
{
    return (int)checked(raw(SYS_sigaltstack, (long)stack, (long)ret_old, 0, 0, 0, 0));
}

int sigemptyset(sigset_t *set)
{
    *set = (sigset_t){0};
    return 0;
}

#define KERNEL_SIGSET 8 /* bytes */

int sigprocmask(int how, const sigset_t *set, sigset_t *ret_old)
{
    return (int)checked(raw(SYS_rt_sigprocmask, how, (long)set, (long)ret_old, KERNEL_SIGSET, 0, 0));
}

/* The kernel's structure differs from the C library's, and its handler needs a way back. */
int sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old)
{
    struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } kernel = {
        .handler = action->sa_sigaction, .flags = (unsigned long)action->sa_flags | 0x04000000, .restorer = mc_restore};
    (void)ret_old;
    return (int)checked(raw(SYS_rt_sigaction, signal, (long)&kernel, 0, KERNEL_SIGSET, 0, 0));
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
    return (int)checked(raw(SYS_sched_setaffinity, pid, (long)size, (long)set, 0, 0, 0));
}

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *ret)
{
    return (int)checked(raw(SYS_sched_getaffinity, pid, (long)size, (long)ret, 0, 0, 0));
}
