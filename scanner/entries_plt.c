/* SPDX-License-Identifier: Apache-2.0 */
/* PLT stubs and padding: the two things in executable sections that no function covers. */
#include "scanner/entries_build.h"

#include <elf.h>
#include <string.h>

/* Multi-byte NOPs as GNU as, LLVM and the Intel SDM (vol. 2B, NOP, table 4-12) write them; behind 66 and 2E prefixes.
 */
static size_t nop_length(enum mc_mode mode, const uint8_t *bytes, size_t size)
{
    size_t prefixes = 0;
    while (prefixes < size && prefixes < 12 && (bytes[prefixes] == 0x66 || bytes[prefixes] == 0x2e))
        prefixes++;
    const uint8_t *at = bytes + prefixes;
    size_t room = size - prefixes, length = 0;
    if (room && at[0] == 0x90)
        return prefixes + 1;
    if (room >= 3 && at[0] == 0x0f && at[1] == 0x1f && !(at[2] & 0x38)) {
        uint8_t mod = at[2] >> 6, rm = at[2] & 7;
        static const uint8_t displacement[] = {0, 1, 4, 0};
        length = 3 + (mod != 3 && rm == 4) + displacement[mod] + (mod == 0 && rm == 5 ? 4 : 0);
        return length <= room ? prefixes + length : 0;
    }
    if (mode == MC_MODE_64)
        return 0;
    static const struct {
        uint8_t bytes[3], known, length;
    } leas[] = {
        /* lea esi,[esi+0] and mov esi,esi of i386 */
        {{0x8d, 0x76, 0x00}, 3, 3}, {{0x8d, 0x74, 0x26}, 3, 4}, {{0x8d, 0xb6, 0x00}, 3, 6}, {{0x8d, 0xb4, 0x26}, 3, 7},
        {{0x89, 0xf6, 0}, 2, 2},    {{0x8d, 0xbc, 0x27}, 3, 7}, {{0x8d, 0xbf, 0x00}, 3, 6}, {{0x8d, 0x36, 0}, 2, 2},
    };
    for (size_t i = 0; i < sizeof leas / sizeof *leas; i++)
        if (room >= leas[i].length && !memcmp(at, leas[i].bytes, leas[i].known))
            return prefixes + leas[i].length;
    return 0;
}

size_t mc_padding_length(enum mc_mode mode, const uint8_t *bytes, size_t size)
{
    if (!size)
        return 0;
    return bytes[0] == 0 || bytes[0] == 0xcc ? 1 : nop_length(mode, bytes, size);
}

/* ---- stubs ---- */

struct stub {
    unsigned length; /* bytes up to the end of the jump; 0: not a stub */
    uint64_t slot;   /* the GOT slot it jumps through, 0 when it pushes and goes on to the first stub */
};

static uint32_t word_at(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The shapes of GNU ld, gold and lld (psABI x86-64 5.2, psABI i386 5.2): [endbr] [bnd] jmp *slot; [endbr] push index,
 * [bnd] jmp first; and the first stub: push GOT[1], [bnd] jmp *GOT[2]. Needs 16 readable bytes. */
static struct stub decode_stub(const struct mc_image *image, uint64_t address, const uint8_t *bytes)
{
    bool wide = image->mode == MC_MODE_64;
    unsigned at = bytes[0] == 0xf3 && bytes[1] == 0x0f && bytes[2] == 0x1e && (bytes[3] & 0xfe) == 0xfa ? 4 : 0;
    unsigned jump = at + (bytes[at] == 0xf2);
    if (bytes[jump] == 0xff && bytes[jump + 1] == 0x25) {
        uint64_t word = word_at(bytes + jump + 2);
        uint64_t slot = wide ? address + jump + 6 + (uint64_t)(int64_t)(int32_t)word : word;
        return (struct stub){jump + 6, slot};
    }
    if (!wide && bytes[jump] == 0xff && bytes[jump + 1] == 0xa3)
        return (struct stub){jump + 6, (uint32_t)(image->got_base + word_at(bytes + jump + 2))};
    if (bytes[at] == 0x68 && (bytes[at + 5] == 0xe9 || (bytes[at + 5] == 0xf2 && bytes[at + 6] == 0xe9)))
        return (struct stub){16, 0};
    if (bytes[0] == 0xff && (bytes[1] == 0x35 || (!wide && bytes[1] == 0xb3)))
        return (struct stub){16, 0};
    return (struct stub){0};
}

static const char *stub_name(struct mc_entry_finder *finder, uint64_t slot)
{
    const struct mc_reloc *reloc = slot ? mc_image_reloc_at(finder->image, slot) : NULL;
    if (!reloc || !reloc->symbol || !reloc->symbol->name[0])
        return NULL;
    size_t length = strlen(reloc->symbol->name);
    char *name = mc_arena_alloc(finder->arena, length + sizeof "@plt");
    memcpy(name, reloc->symbol->name, length);
    memcpy(name + length, "@plt", sizeof "@plt");
    return name;
}

static void add_stubs(struct mc_entry_finder *finder, uint64_t start, uint64_t end)
{
    const struct mc_image *image = finder->image;
    mc_push(&finder->stubs, ((struct mc_text_range){start, end}));
    for (uint64_t at = start; at + 8 <= end;) {
        uint8_t bytes[16] = {0};
        uint64_t room = end - at < sizeof bytes ? end - at : sizeof bytes;
        const uint8_t *from = mc_image_bytes(image, at, room);
        if (!from)
            return;
        memcpy(bytes, from, room);
        struct stub stub = decode_stub(image, at, bytes);
        bool short_stub = stub.length && stub.length <= 8 && bytes[8] == 0xff && (bytes[9] & 0x7f) == 0x25;
        uint64_t size = !stub.length || short_stub || room < 16 ? 8 : 16;
        if (stub.length)
            mc_finder_add(finder, at, size, MC_ENTRY_PLT, stub_name(finder, stub.slot));
        at += size;
    }
}

/* Without section names a PLT shows as an FDE that starts with the first stub or with a jump through a relocated slot.
 */
static bool looks_like_plt(const struct mc_image *image, const struct mc_entry *entry)
{
    const uint8_t *bytes = entry->sources == MC_ENTRY_UNWIND ? mc_image_bytes(image, entry->address, 16) : NULL;
    if (!bytes)
        return false;
    struct stub stub = decode_stub(image, entry->address, bytes);
    if (!stub.length)
        return false;
    return stub.slot ? mc_image_reloc_at(image, stub.slot) != NULL : bytes[0] == 0xff;
}

void mc_entries_from_plt(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    for (size_t i = 1; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        uint64_t end;
        if (strncmp(section->name, ".plt", 4) && strncmp(section->name, ".iplt", 5))
            continue;
        if (section->flags & SHF_EXECINSTR && mc_finder_in_code(finder, section->address, &end))
            add_stubs(finder, section->address,
                      section->size < end - section->address ? section->address + section->size : end);
    }
    size_t count = image->section_count ? 0 : finder->found.count;
    for (size_t i = 0; i < count; i++) {
        struct mc_entry entry = finder->found.items[i];
        if (looks_like_plt(image, &entry))
            add_stubs(finder, entry.address, entry.end);
    }
}
