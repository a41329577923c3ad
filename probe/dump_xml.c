/* SPDX-License-Identifier: Apache-2.0 */
/* libvirt's cpuData: <cpudata arch='x86'> with <cpuid eax_in='0x..' ecx_in='0x..' eax='0x..' ebx=... ecx=... edx=.../>.
 * Older files write function= for eax_in= and have no ecx_in. Just as much XML as that needs: no entities, no DTD.
 *
 * libvirt keeps two more files beside such a dump: what QEMU enables of it (-enabled.xml) and what not (-disabled.xml). They
 * have the feature registers alone, without leaf 0 and the signature. The first is a list of features; the second does not
 * describe a CPU, and is told by its comment. */
#include "probe/dump.h"

#include <stdlib.h>
#include <string.h>

struct xml {
    const char *text;
    size_t size, position;
    unsigned line; /* of `counted` */
    size_t counted;
    bool open; /* inside <cpudata> */
};

static unsigned line_at(struct xml *xml, size_t position)
{
    for (; xml->counted < position && xml->counted < xml->size; xml->counted++)
        xml->line += xml->text[xml->counted] == '\n';
    return xml->line;
}

static bool fail_at(struct xml *xml, size_t position, struct mc_error *ret_error, const char *what)
{
    return mc_fail(ret_error, MC_ERROR_FORMAT, position, "line %u: %s", line_at(xml, position), what);
}

static bool is_at(const struct xml *xml, size_t position, const char *text)
{
    size_t length = strlen(text);
    return xml->size - position >= length && memcmp(xml->text + position, text, length) == 0;
}

static size_t find_text(const struct xml *xml, size_t position, const char *text)
{
    for (; position < xml->size; position++)
        if (is_at(xml, position, text))
            return position;
    return xml->size;
}

/* The number in name='0x..' of the tag [start, end). 1 found, 0 not there, -1 there but no number of 32 bits. */
static int find_attribute(const struct xml *xml, size_t start, size_t end, const char *name, uint32_t *ret)
{
    size_t length = strlen(name);
    for (size_t at = start + 1; at + length + 3 < end; at++) { /* start is the "<" */
        char before = xml->text[at - 1];
        if (memcmp(xml->text + at, name, length) != 0 || !strchr(" \t\r\n", before))
            continue;
        size_t value = at + length;
        if (xml->text[value] != '=' || (xml->text[value + 1] != '\'' && xml->text[value + 1] != '"'))
            continue;
        char number[20] = "";
        char quote = xml->text[value + 1];
        size_t digits = 0;
        for (value += 2; value < end && xml->text[value] != quote && digits < sizeof number - 1; value++)
            number[digits++] = xml->text[value];
        char *stop;
        unsigned long long parsed = strtoull(number, &stop, 0);
        if (digits == 0 || *stop || value >= end || xml->text[value] != quote || parsed > UINT32_MAX)
            return -1;
        *ret = (uint32_t)parsed;
        return 1;
    }
    return 0;
}

static bool parse_cpuid(struct xml *xml, size_t start, size_t end, struct mc_dump *dump, struct mc_error *ret_error)
{
    static const char *const names[4] = {"eax", "ebx", "ecx", "edx"};
    uint32_t leaf = 0, subleaf = 0, regs[4] = {0};
    int found = find_attribute(xml, start, end, "eax_in", &leaf);
    if (found == 0)
        found = find_attribute(xml, start, end, "function", &leaf);
    bool good = found == 1 && find_attribute(xml, start, end, "ecx_in", &subleaf) >= 0;
    for (int i = 0; i < 4 && good; i++)
        good = find_attribute(xml, start, end, names[i], &regs[i]) == 1;
    if (!good)
        return fail_at(xml, start, ret_error,
                       "a <cpuid> element without good eax_in, eax, ebx, ecx and edx; expected numbers of 32 bits");
    if (!xml->open)
        return fail_at(xml, start, ret_error, "a <cpuid> element outside of <cpudata>");
    return mc_dump_add_leaf(dump, leaf, subleaf, regs, line_at(xml, start), start, ret_error);
}

static bool open_data(struct xml *xml, size_t start, size_t end, struct mc_dump *dump, struct mc_error *ret_error)
{
    bool x86 = false;
    for (size_t at = start; at < end; at++)
        x86 |= is_at(xml, at, "'x86'") || is_at(xml, at, "\"x86\"");
    if (!x86)
        return fail_at(xml, start, ret_error, "<cpudata> of another architecture; expected arch='x86'");
    mc_dump_add_cpu(dump, dump->count > 0 ? dump->cpus[dump->count - 1].cpu + 1 : 0);
    xml->open = true;
    return true;
}

static bool is_tag(const struct xml *xml, size_t start, const char *name)
{
    size_t length = strlen(name);
    return is_at(xml, start, name) && start + length < xml->size && strchr(" \t\r\n/>", xml->text[start + length]);
}

/* Has the file feature registers only? The signature (1.EAX) is 0 on no CPU. */
static bool is_feature_list(const struct mc_dump *dump)
{
    for (size_t i = 0; i < dump->count; i++) {
        const struct mc_snapshot *snapshot = &dump->cpus[i].snapshot;
        const struct mc_leaf *signature = mc_snapshot_find(snapshot, 1, 0);
        if (mc_snapshot_find(snapshot, 0, 0) || mc_snapshot_find(snapshot, 0x80000000, 0) ||
            (signature && signature->regs[MC_EAX]))
            return false;
    }
    return true;
}

static void complete_feature_list(struct mc_dump *dump)
{
    dump->format = MC_DUMP_LIBVIRT_FEATURES;
    for (size_t i = 0; i < dump->count; i++)
        mc_dump_set_maxima(&dump->cpus[i].snapshot, NULL);
}

bool mc_dump_parse_xml(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error)
{
    struct xml xml = {.text = text, .size = size, .line = 1};
    size_t leaves = 0;
    dump->format = MC_DUMP_LIBVIRT_XML;
    for (;;) {
        size_t start = find_text(&xml, xml.position, "<");
        if (start == size)
            break;
        bool comment = is_at(&xml, start, "<!--");
        size_t end = find_text(&xml, start, comment ? "-->" : ">");
        if (end == size)
            return fail_at(&xml, start, ret_error, "cut short: an element that does not end; expected '>'");
        xml.position = end + 1;
        if (comment && find_text(&xml, start, "disabled by QEMU") < end)
            return fail_at(&xml, start, ret_error,
                           "a list of what QEMU does not enable, not a CPU; expected the -enabled.xml or the dump beside it");
        if (comment)
            continue;
        bool good = true;
        if (is_tag(&xml, start + 1, "cpudata") || is_tag(&xml, start + 1, "cpuData"))
            good = open_data(&xml, start, end, dump, ret_error);
        else if (is_tag(&xml, start + 1, "/cpudata") || is_tag(&xml, start + 1, "/cpuData"))
            xml.open = false;
        else if (is_tag(&xml, start + 1, "cpuid")) {
            good = parse_cpuid(&xml, start, end, dump, ret_error);
            leaves++;
        }
        if (!good)
            return false;
    }
    if (leaves == 0)
        return mc_fail(ret_error, MC_ERROR_FORMAT, 0, "XML without a <cpuid> element; expected libvirt's <cpudata>");
    if (xml.open)
        return fail_at(&xml, size, ret_error, "cut short: expected </cpudata>");
    if (is_feature_list(dump))
        complete_feature_list(dump);
    return true;
}
