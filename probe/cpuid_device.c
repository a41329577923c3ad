/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/cpuid.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool mc_cpuid_device_open(const char *path, struct mc_cpuid_device *ret, struct mc_error *ret_error)
{
    /* O_NONBLOCK: a FIFO that stands there must not hang the probe. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot open: %s", strerror(errno));
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode)) {
        close(fd);
        return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET, "not a character device");
    }
    ret->fd = fd;
    return true;
}

static bool read_leaf(void *ctx, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    const struct mc_cpuid_device *device = ctx;
    memset(regs, 0, 4 * sizeof *regs);
    off_t position = (off_t)((uint64_t)subleaf << 32 | leaf);
    return pread(device->fd, regs, 4 * sizeof *regs, position) == 4 * (ssize_t)sizeof *regs;
}

struct mc_cpuid_source mc_cpuid_device_source(struct mc_cpuid_device *device)
{
    return (struct mc_cpuid_source){.leaf = read_leaf, .ctx = device};
}

void mc_cpuid_device_close(struct mc_cpuid_device *device)
{
    if (device->fd >= 0)
        close(device->fd);
    device->fd = -1;
}
