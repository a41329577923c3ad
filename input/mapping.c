/* SPDX-License-Identifier: Apache-2.0 */
#include "input/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"

#define LARGE ((size_t)16 << 20) /* bytes */

/* One live mapping as the handler sees it. Guards are pushed once and reused, never freed: the handler may walk the
 * list at any moment. start is 0 while the guard is free, 1 while it is being filled. */
struct mc_mapping_guard {
    struct mc_mapping_guard *next;
    atomic_uintptr_t start, end;
    atomic_bool lost;
};

static _Atomic(struct mc_mapping_guard *) guards;
static struct sigaction earlier_action;
static uintptr_t page_size;
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;

static void pass_on(int number, siginfo_t *info, void *context)
{
    if (earlier_action.sa_flags & SA_SIGINFO)
        earlier_action.sa_sigaction(number, info, context);
    else if (earlier_action.sa_handler != SIG_DFL && earlier_action.sa_handler != SIG_IGN)
        earlier_action.sa_handler(number);
    else
        sigaction(SIGBUS, &earlier_action, NULL); /* the fault repeats and has its usual effect */
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    uintptr_t address = (uintptr_t)info->si_addr;
    for (struct mc_mapping_guard *guard = atomic_load(&guards); guard; guard = guard->next) {
        uintptr_t start = atomic_load(&guard->start), end = atomic_load(&guard->end);
        if (start <= 1 || address < start || address >= end)
            continue;
        uintptr_t page = address & ~(page_size - 1);
        atomic_store(&guard->lost, true);
        void *zeros = mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        errno = saved_errno;
        if (zeros != MAP_FAILED)
            return;
    }
    pass_on(number, info, context);
    errno = saved_errno;
}

static void install_handler(void)
{
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &earlier_action);
}

static struct mc_mapping_guard *take_guard(uintptr_t start, uintptr_t end)
{
    struct mc_mapping_guard *guard;
    for (guard = atomic_load(&guards); guard; guard = guard->next) {
        uintptr_t free_mark = 0;
        if (atomic_compare_exchange_strong(&guard->start, &free_mark, 1))
            break;
    }
    if (!guard) {
        guard = mc_realloc(NULL, 1, sizeof *guard);
        atomic_init(&guard->start, 1);
        guard->next = atomic_load(&guards);
        while (!atomic_compare_exchange_weak(&guards, &guard->next, guard))
            ;
    }
    atomic_store(&guard->lost, false);
    atomic_store(&guard->end, end);
    atomic_store(&guard->start, start);
    return guard;
}

const char *mc_mode_text(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "a regular file";
    case S_IFDIR:
        return "a folder";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
        return "a character device";
    case S_IFBLK:
        return "a block device";
    case S_IFLNK:
        return "a symbolic link";
    default:
        return "a special file";
    }
}

static bool refuse_special(mode_t mode, struct mc_error *ret_error)
{
    return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%s, not a regular file", mc_mode_text(mode));
}

/* The stat before the open keeps device nodes untouched; the one after it, and O_NONBLOCK, cover a swap in between. */
static int open_regular(const char *path, struct stat *ret_status, struct mc_error *ret_error)
{
    if (stat(path, ret_status) != 0) {
        mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
        return -1;
    }
    if (!S_ISREG(ret_status->st_mode)) {
        refuse_special(ret_status->st_mode, ret_error);
        return -1;
    }
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || fstat(file, ret_status) != 0) {
        mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
    } else if (!S_ISREG(ret_status->st_mode)) {
        refuse_special(ret_status->st_mode, ret_error);
    } else {
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

/* The address range is reserved first, one page longer than the file, so that the zero page behind it is ours. */
static bool map_file(int file, size_t size, struct mc_mapping *ret, struct mc_error *ret_error)
{
    size_t reserved = ((size + page_size - 1) & ~(page_size - 1)) + page_size;
    uint8_t *base = mmap(NULL, reserved, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot map: %s", strerror(errno));
    struct mc_mapping_guard *guard = take_guard((uintptr_t)base, (uintptr_t)base + reserved);
    if (mmap(base, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED) {
        int reason = errno;
        atomic_store(&guard->start, 0);
        munmap(base, reserved);
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot map: %s", strerror(reason));
    }
    *ret = (struct mc_mapping){.bytes = base, .size = size, .reserved = reserved, .guard = guard};
    return true;
}

bool mc_mapping_open(const char *path, struct mc_mapping *ret, struct mc_error *ret_error)
{
    pthread_once(&handler_once, install_handler);
    struct stat status;
    int file = open_regular(path, &status, ret_error);
    if (file < 0)
        return false;
    bool done = true;
    if (status.st_size == 0)
        *ret = (struct mc_mapping){0};
    else if ((uint64_t)status.st_size > SIZE_MAX / 4)
        done = mc_fail(ret_error, MC_ERROR_LIMIT, MC_NO_OFFSET, "larger than the address space");
    else
        done = map_file(file, (size_t)status.st_size, ret, ret_error);
    close(file);
    return done;
}

void mc_mapping_release(const struct mc_mapping *mapping)
{
    if (mapping->bytes && mapping->size >= LARGE)
        madvise((void *)(uintptr_t)mapping->bytes, mapping->size, MADV_DONTNEED);
}

bool mc_mapping_lost(const struct mc_mapping *mapping)
{
    return mapping->guard && atomic_load(&mapping->guard->lost);
}

void mc_mapping_close(struct mc_mapping *mapping)
{
    if (mapping->guard) {
        void *base = (void *)atomic_exchange(&mapping->guard->start, 1); /* still taken, but no longer answering */
        munmap(base, mapping->reserved);
        atomic_store(&mapping->guard->start, 0);
    }
    *mapping = (struct mc_mapping){0};
}
