/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin of qemu-user (plugin API 1, since QEMU 4.2) that records which code runs. Appends lines to out=FILE:
 *   map START END OFFSET PATH   executable mapping of a file, as it was when the first code in it ran
 *   run FIRST LAST              addresses of the first and the last instruction of a block, when it runs for the first
 * time qemu-user without an address offset is assumed: guest addresses are those of its own process.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The part of qemu-plugin.h that is used here; distributions do not ship it. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef void (*tb_trans_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_t callback);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

static int out = -1;
static struct {
    uint64_t start, end;
} known[4096];
static size_t known_count;

static void put(const char *text, size_t length)
{
    if (write(out, text, length) < 0)
        _exit(99);
}

/* Remembers the mapping of this address, and names its file if it has one. Threads may do it twice: no harm. */
static void name_mapping(uint64_t address)
{
    for (size_t i = 0; i < known_count; i++)
        if (address >= known[i].start && address < known[i].end)
            return;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4500];
    while (maps && fgets(line, sizeof line, maps)) {
        uint64_t start, end, offset;
        int path = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &start, &end, &offset, &path) < 3 ||
            address < start || address >= end)
            continue;
        if (known_count < sizeof known / sizeof *known) {
            known[known_count].start = start;
            known[known_count].end = end;
            known_count++;
        }
        if (path > 0 && line[path] == '/') {
            char said[4600];
            int length = snprintf(said, sizeof said, "map %#" PRIx64 " %#" PRIx64 " %#" PRIx64 " %s", start, end,
                                  offset, line + path);
            put(said, (size_t)length);
        }
        break;
    }
    if (maps)
        fclose(maps);
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    uint64_t first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    uint64_t last = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1));
    name_mapping(first);
    char line[64];
    put(line, (size_t)snprintf(line, sizeof line, "run %#" PRIx64 " %#" PRIx64 "\n", first, last));
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0)
            out = open(argv[i] + 4, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (out < 0)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
    return 0;
}
