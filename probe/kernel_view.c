/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/kernel_view.h"

#include "base/cursor.h"
#include "base/vector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* 4096 CPUs with 4 KiB of text each. */
#define CPUINFO_LIMIT ((size_t)16 << 20)

static char *read_descriptor(int fd, size_t limit, size_t *ret_size, struct mc_error *ret_error)
{
    size_t capacity = 0, size = 0;
    char *text = NULL;
    for (;;) {
        if (capacity - size < 4097) {
            capacity = 2 * capacity + 16384;
            text = mc_realloc(text, capacity, 1);
        }
        ssize_t got = read(fd, text + size, capacity - size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
        size += got > 0 ? (size_t)got : 0;
        if (size > limit)
            mc_fail(ret_error, MC_ERROR_LIMIT, MC_NO_OFFSET, "more than %zu bytes: not a file of this kind", limit);
        if (got < 0 || size > limit) {
            free(text);
            return NULL;
        }
        if (got == 0)
            break;
    }
    text[size] = '\0';
    *ret_size = size;
    return text;
}

char *mc_read_small_file(const char *path, size_t limit, size_t *ret_size, struct mc_error *ret_error)
{
    if (strcmp(path, "-") == 0)
        return read_descriptor(STDIN_FILENO, limit, ret_size, ret_error);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot open: %s", strerror(errno));
        return NULL;
    }
    struct stat status;
    char *text = NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "not a regular file");
    else
        text = read_descriptor(fd, limit, ret_size, ret_error);
    close(fd);
    return text;
}

/* Kernel flags are matched exactly: a lookup by our own names would take "sm3" for a flag the kernel does not have. */
static int find_kernel_flag(const char *word, size_t length)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const char *flag = mc_features[feature].kernel_flag;
        if (strlen(flag) == length && memcmp(flag, word, length) == 0)
            return feature;
    }
    return -1;
}

static void add_flags(const char *text, size_t length, struct mc_feature_set *set)
{
    size_t position = 0;
    while (position < length) {
        size_t start = position;
        while (position < length && text[position] != ' ' && text[position] != '\t')
            position++;
        int feature = position > start ? find_kernel_flag(text + start, position - start) : -1;
        if (feature >= 0)
            mc_set_add(set, (enum mc_feature)feature);
        position++;
    }
}

/* Is this "key<blanks>: value"? The value's start within the line, or 0. */
static size_t find_value(const char *line, size_t length, const char *key)
{
    size_t at = strlen(key);
    if (length < at || memcmp(line, key, at) != 0)
        return 0;
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < length && line[at] == ':' ? at + 1 : 0;
}

bool mc_kernel_view_parse(const char *text, size_t size, struct mc_kernel_view *ret, struct mc_error *ret_error)
{
    MC_VECTOR(struct mc_kernel_cpu) cpus = {0};
    size_t position = 0;
    if (memchr(text, '\0', size))
        return mc_fail(ret_error, MC_ERROR_FORMAT, (uint64_t)((const char *)memchr(text, '\0', size) - text),
                       "a NUL byte; expected the text of /proc/cpuinfo");
    while (position < size) {
        const char *line = text + position, *newline = memchr(line, '\n', size - position);
        size_t length = newline ? (size_t)(newline - line) : size - position, value;
        if ((value = find_value(line, length, "processor")) != 0)
            mc_push(&cpus, ((struct mc_kernel_cpu){.cpu = (unsigned)strtoul(line + value, NULL, 10)}));
        else if (cpus.count > 0 && (value = find_value(line, length, "flags")) != 0) {
            cpus.items[cpus.count - 1].known = true;
            add_flags(line + value, length - value, &cpus.items[cpus.count - 1].flags);
        }
        position += length + 1;
    }
    if (cpus.count == 0)
        return mc_fail(ret_error, MC_ERROR_FORMAT, 0, "no line \"processor : N\"; expected the text of /proc/cpuinfo");
    *ret = (struct mc_kernel_view){.cpus = cpus.items, .count = cpus.count};
    return true;
}

/* From /proc/self/auxv, because glibc on x86 answers getauxval(AT_HWCAP) with platform bits of its own (dl_hwcap). */
static void read_hwcaps(struct mc_kernel_view *view)
{
    size_t size;
    char *bytes = mc_read_small_file("/proc/self/auxv", 1 << 16, &size, NULL);
    struct mc_cursor cursor = mc_cursor_at(bytes, bytes ? size : 0);
    while (cursor.position < cursor.size && !cursor.bad) {
        uint64_t type = sizeof(long) == 8 ? mc_read_u64(&cursor) : mc_read_u32(&cursor);
        uint64_t value = sizeof(long) == 8 ? mc_read_u64(&cursor) : mc_read_u32(&cursor);
        if (type == AT_HWCAP)
            view->hwcap = value;
        else if (type == AT_HWCAP2)
            view->hwcap2 = value;
        view->hwcap_known |= type == AT_HWCAP && !cursor.bad;
    }
    free(bytes);
}

bool mc_kernel_view_read(const char *directory, bool live, struct mc_kernel_view *ret, struct mc_error *ret_error)
{
    char path[4096];
    size_t size;
    if (snprintf(path, sizeof path, "%s/cpuinfo", directory) >= (int)sizeof path)
        return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET, "the path is too long");
    char *text = mc_read_small_file(path, CPUINFO_LIMIT, &size, ret_error);
    if (!text)
        return false;
    bool parsed = mc_kernel_view_parse(text, size, ret, ret_error);
    free(text);
    if (parsed && live)
        read_hwcaps(ret);
    return parsed;
}

void mc_kernel_view_free(struct mc_kernel_view *view)
{
    free(view->cpus);
    *view = (struct mc_kernel_view){0};
}

const struct mc_kernel_cpu *mc_kernel_view_cpu(const struct mc_kernel_view *view, unsigned cpu)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->cpus[i].cpu == cpu)
            return &view->cpus[i];
    return NULL;
}

struct mc_feature_set mc_kernel_visible_features(void)
{
    struct mc_feature_set set = {0};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_features[feature].kernel_flag[0])
            mc_set_add(&set, (enum mc_feature)feature);
    return set;
}
