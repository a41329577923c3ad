/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/dump.h"

#include "base/arena.h"
#include "probe/kernel_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUMP_LIMIT ((size_t)64 << 20) /* bytes; a dump of 512 CPUs has about 10 MiB */
#define CPU_LIMIT 4096u

const char *mc_dump_format_name(enum mc_dump_format format)
{
    static const char *const names[] = {"cpuid -r", "InstLatx64", "libvirt XML", "probe report", "QEMU CPU model",
                                        "libvirt feature list"};
    return names[format];
}

bool mc_dump_names_features(enum mc_dump_format format)
{
    return format == MC_DUMP_QEMU_JSON || format == MC_DUMP_LIBVIRT_FEATURES;
}

static bool has_cpu(const struct mc_dump *dump, unsigned cpu)
{
    for (size_t i = 0; i < dump->count; i++)
        if (dump->cpus[i].cpu == cpu)
            return true;
    return false;
}

struct mc_dump_cpu *mc_dump_add_cpu(struct mc_dump *dump, unsigned cpu)
{
    while (has_cpu(dump, cpu))
        cpu++;
    if ((dump->count & (dump->count - 1)) == 0) /* full: room for 1, 2, 4, 8 ... */
        dump->cpus = mc_realloc(dump->cpus, dump->count ? 2 * dump->count : 1, sizeof *dump->cpus);
    struct mc_dump_cpu *added = &dump->cpus[dump->count++];
    memset(added, 0, sizeof *added);
    added->cpu = cpu;
    return added;
}

bool mc_dump_add_leaf(struct mc_dump *dump, uint32_t leaf, uint32_t subleaf, const uint32_t regs[4], unsigned line,
                      uint64_t offset, struct mc_error *ret_error)
{
    if (dump->count > CPU_LIMIT)
        return mc_fail(ret_error, MC_ERROR_LIMIT, offset, "line %u: more than %u CPUs", line, CPU_LIMIT);
    struct mc_snapshot *snapshot = &dump->cpus[dump->count - 1].snapshot;
    const struct mc_leaf *known = mc_snapshot_find(snapshot, leaf, subleaf);
    if (known && memcmp(known->regs, regs, sizeof known->regs) != 0)
        return mc_fail(ret_error, MC_ERROR_FORMAT, offset,
                       "line %u: contradictory: leaf 0x%08" PRIx32 " subleaf 0x%" PRIx32
                       " has another value earlier for this CPU; expected one",
                       line, leaf, subleaf);
    return mc_snapshot_add(snapshot, leaf, subleaf, regs) ||
           mc_fail(ret_error, MC_ERROR_LIMIT, offset, "line %u: more than %d leaves for one CPU", line,
                   MC_SNAPSHOT_LEAVES);
}

static void set_maximum(struct mc_snapshot *snapshot, uint32_t base, uint32_t highest, const char *vendor)
{
    uint32_t regs[4] = {highest, 0, 0, 0};
    if (vendor && strlen(vendor) == 12) {
        memcpy(&regs[MC_EBX], vendor, 4);
        memcpy(&regs[MC_EDX], vendor + 4, 4);
        memcpy(&regs[MC_ECX], vendor + 8, 4);
    }
    mc_snapshot_add(snapshot, base, 0, regs);
}

void mc_dump_set_maxima(struct mc_snapshot *snapshot, const char *vendor)
{
    const struct mc_leaf *structured = mc_snapshot_find(snapshot, 7, 0);
    uint32_t regs[4] = {0};
    set_maximum(snapshot, 0, 0x24, vendor);
    set_maximum(snapshot, 0x80000000, 0x80000028, vendor);
    if (vendor && strcmp(vendor, "CentaurHauls") == 0)
        set_maximum(snapshot, 0xC0000000, 0xC0000004, NULL);
    if (structured)
        memcpy(regs, structured->regs, sizeof regs);
    regs[MC_EAX] = 2; /* subleaves 1 and 2 count */
    mc_snapshot_add(snapshot, 7, 0, regs);
}

/* Would features be called absent only because the dump does not have their leaf? */
static bool check_complete(const struct mc_dump_cpu *cpu, uint64_t size, struct mc_error *ret_error)
{
    static const struct {
        uint32_t leaf, base;
    } needed[] = {{0, 0}, {1, 0}, {7, 0}, {0x80000001, 0x80000000}};
    const struct mc_snapshot *snapshot = &cpu->snapshot;
    uint32_t missing = 0;
    bool complete = true;
    for (size_t i = 0; i < sizeof needed / sizeof *needed && complete; i++) {
        const struct mc_leaf *first = mc_snapshot_find(snapshot, needed[i].base, 0);
        bool promised = needed[i].leaf == 0 || (first && first->regs[MC_EAX] >= needed[i].leaf);
        complete = !promised || mc_snapshot_find(snapshot, needed[i].leaf, 0);
        missing = needed[i].leaf;
    }
    /* Every CPU with SSE2 has extended leaves, so a dump without them ends too early. */
    if (complete && (mc_snapshot_register(snapshot, 1, 0, MC_EDX) >> 26 & 1)) {
        missing = 0x80000000;
        complete = mc_snapshot_find(snapshot, missing, 0) != NULL;
    }
    return complete ||
           mc_fail(ret_error, MC_ERROR_FORMAT, size,
                   "cut short: CPU %u has no leaf 0x%08" PRIx32 ", which its other leaves promise; expected it "
                   "before the end of the file",
                   cpu->cpu, missing);
}

/* A file that Windows wrote as UTF-16: its ASCII characters, "?" for others. NULL when it is none. */
static char *narrow_utf16(const char *text, size_t size, size_t *ret_size)
{
    if (size < 2 || (memcmp(text, "\xFF\xFE", 2) != 0 && memcmp(text, "\xFE\xFF", 2) != 0))
        return NULL;
    size_t low = text[0] == '\xFF' ? 0 : 1, count = (size - 2) / 2;
    char *narrow = mc_realloc(NULL, count + 1, 1);
    for (size_t i = 0; i < count; i++) {
        const char *unit = text + 2 + 2 * i;
        narrow[i] = unit[!low] == '\0' && unit[low] > 0 ? unit[low] : '?';
    }
    narrow[count] = '\0';
    *ret_size = count;
    return narrow;
}

static bool parse_by_content(const char *text, size_t size, struct mc_dump *ret, struct mc_error *ret_error)
{
    size_t start = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* UTF-8 byte order mark */
    while (start < size && strchr(" \t\r\n", text[start]))
        start++;
    if (start == size)
        return mc_fail(ret_error, MC_ERROR_FORMAT, 0,
                       "empty; expected a CPUID dump (cpuid -r, InstLatx64, libvirt XML, probe JSON)");
    const char *nul = memchr(text, '\0', size);
    if (nul)
        return mc_fail(ret_error, MC_ERROR_FORMAT, (uint64_t)(nul - text),
                       "a binary file; expected a CPUID dump as text");
    if (text[start] == '<')
        return mc_dump_parse_xml(text, size, ret, ret_error);
    if (text[start] == '{' || (text[start] == '[' && size - start > 1 && strchr("{ \n", text[start + 1])))
        return mc_dump_parse_json(text, size, ret, ret_error);
    return mc_dump_parse_text(text, size, ret, ret_error);
}

bool mc_dump_parse(const char *text, size_t size, struct mc_dump *ret, struct mc_error *ret_error)
{
    struct mc_dump dump = {0};
    size_t narrow_size;
    char *narrow = narrow_utf16(text, size, &narrow_size);
    if (narrow) {
        bool parsed = mc_dump_parse(narrow, narrow_size, ret, ret_error);
        if (!parsed && ret_error && ret_error->offset != MC_NO_OFFSET)
            ret_error->offset = 2 + 2 * ret_error->offset;
        free(narrow);
        return parsed;
    }
    bool good = parse_by_content(text, size, &dump, ret_error);
    for (size_t i = 0; i < dump.count && good && !mc_dump_names_features(dump.format); i++)
        good = check_complete(&dump.cpus[i], size, ret_error);
    if (good)
        *ret = dump;
    else
        mc_dump_free(&dump);
    return good;
}

bool mc_dump_read(const char *path, struct mc_dump *ret, struct mc_error *ret_error)
{
    size_t size;
    char *text = mc_read_small_file(path, DUMP_LIMIT, &size, ret_error);
    if (!text)
        return false;
    bool parsed = mc_dump_parse(text, size, ret, ret_error);
    free(text);
    return parsed;
}

void mc_dump_free(struct mc_dump *dump)
{
    free(dump->cpus);
    *dump = (struct mc_dump){0};
}

bool mc_dump_baseline(const char *path, struct mc_baseline *ret, struct mc_error *ret_error)
{
    struct mc_dump dump;
    if (!mc_dump_read(path, &dump, ret_error))
        return false;
    const char *slash = strrchr(path, '/');
    memset(ret, 0, sizeof *ret);
    snprintf(ret->name, sizeof ret->name, "%s", slash && slash[1] ? slash + 1 : path);
    ret->family = MC_FAMILY_MODEL;
    ret->features = mc_snapshot_comparable(&dump.cpus[0].snapshot);
    for (size_t i = 1; i < dump.count; i++) {
        struct mc_feature_set other = mc_snapshot_comparable(&dump.cpus[i].snapshot);
        ret->features = mc_set_and(ret->features, &other);
    }
    mc_dump_free(&dump);
    return true;
}
