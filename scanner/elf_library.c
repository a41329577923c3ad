/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/elf_library.h"

#include <ar.h>
#include <gelf.h>
#include <pthread.h>
#include <stdint.h>

#include "base/vector.h"

static bool library_usable;

static void negotiate_version(void)
{
    library_usable = elf_version(EV_CURRENT) != EV_NONE;
}

static bool usable(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, negotiate_version);
    return library_usable;
}

/* The handle, unless libelf takes the bytes for something else. */
static Elf *of_kind(Elf *handle, Elf_Kind kind)
{
    if (handle && elf_kind(handle) == kind)
        return handle;
    elf_end(handle);
    return NULL;
}

/* NULL when libelf refuses the bytes. elf_memory takes what may be written; it opens the bytes for reading only. */
static Elf *begin(const uint8_t *bytes, size_t size, Elf_Kind kind)
{
    return usable() && size ? of_kind(elf_memory((char *)(uintptr_t)bytes, size), kind) : NULL;
}

Elf *mc_elf_library_open_file(int file)
{
    return usable() ? of_kind(elf_begin(file, ELF_C_READ, NULL), ELF_K_ELF) : NULL;
}

Elf *mc_elf_library_open(const uint8_t *bytes, size_t size)
{
    return begin(bytes, size, ELF_K_ELF);
}

void mc_elf_library_close(Elf *handle)
{
    elf_end(handle);
}

/* ---- headers ---- */

/* libelf steps by its own record sizes and silently stops at the end of the file; a file in which that differs from what
 * the header says is the bounded reader's. */
static bool counts_agree(Elf *handle, const struct mc_elf *found, size_t *ret_segments, size_t *ret_sections)
{
    const Elf64_Ehdr *header = &found->header;
    size_t segment_record = gelf_fsize(handle, ELF_T_PHDR, 1, EV_CURRENT);
    size_t section_record = gelf_fsize(handle, ELF_T_SHDR, 1, EV_CURRENT);
    if (elf_getphdrnum(handle, ret_segments) != 0 || elf_getshdrnum(handle, ret_sections) != 0)
        return false;
    if (!header->e_phoff && header->e_phnum)
        return false;
    if (header->e_phnum != PN_XNUM && *ret_segments != header->e_phnum)
        return false;
    if (*ret_segments && (header->e_phentsize != segment_record ||
                          !mc_elf_inside(found, header->e_phoff, *ret_segments * segment_record)))
        return false;
    if (!header->e_shoff)
        return *ret_sections == 0;
    /* No count in the header: the first section holds it, and there is one. */
    if (!*ret_sections || (header->e_shnum && *ret_sections != header->e_shnum))
        return false;
    return header->e_shentsize == section_record &&
           mc_elf_inside(found, header->e_shoff, *ret_sections * section_record);
}

static bool read_segments(Elf *handle, struct mc_elf *found, size_t count, struct mc_arena *arena)
{
    found->segments = MC_NEW_ARRAY(arena, count + 1, Elf64_Phdr);
    found->segment_count = count;
    for (size_t i = 0; i < count; i++)
        if (!gelf_getphdr(handle, (int)i, &found->segments[i]))
            return false;
    return true;
}

static bool read_sections(Elf *handle, struct mc_elf *found, size_t count, struct mc_arena *arena)
{
    size_t names;
    found->sections = MC_NEW_ARRAY(arena, count + 1, Elf64_Shdr);
    found->section_count = count;
    if (!count)
        return true;
    for (size_t i = 0; i < count; i++) {
        Elf_Scn *section = elf_getscn(handle, i);
        if (!section || !gelf_getshdr(section, &found->sections[i]))
            return false;
    }
    if (found->header.e_shnum == 0 && found->sections[0].sh_size != count)
        return false;
    if (elf_getshdrstrndx(handle, &names) != 0 || names > UINT32_MAX)
        return false;
    found->names_section = (uint32_t)names;
    return true;
}

/* All or none: section_names stays NULL when libelf refuses one of them. */
static void read_names(Elf *handle, struct mc_elf *found, struct mc_arena *arena)
{
    if (!found->section_count || !found->names_section)
        return;
    const char **names = MC_NEW_ARRAY(arena, found->section_count, const char *);
    for (size_t i = 0; i < found->section_count; i++) {
        const char *name = elf_strptr(handle, found->names_section, found->sections[i].sh_name);
        if (!name)
            return;
        uintptr_t place = (uintptr_t)name - (uintptr_t)found->bytes;
        names[i] = place < found->size ? name : mc_arena_strdup(arena, name); /* the handle's own copy ends with it */
    }
    found->section_names = names;
}

bool mc_elf_library_headers(struct mc_elf *elf, struct mc_arena *arena)
{
    Elf *handle = begin(elf->bytes, elf->size, ELF_K_ELF);
    if (!handle)
        return false;
    struct mc_elf found = {.bytes = elf->bytes, .size = elf->size, .wide = gelf_getclass(handle) == ELFCLASS64};
    size_t segments, sections;
    bool done = gelf_getehdr(handle, &found.header) && found.wide == elf->wide &&
                counts_agree(handle, &found, &segments, &sections) &&
                read_segments(handle, &found, segments, arena) && read_sections(handle, &found, sections, arena);
    if (done) {
        read_names(handle, &found, arena);
        *elf = found;
    }
    elf_end(handle);
    return done;
}

/* ---- archives ---- */

typedef MC_VECTOR(struct mc_archive_member) member_vector;

static bool is_table(const char *name)
{
    return !strcmp(name, "/") || !strcmp(name, "//") || !strcmp(name, "/SYM64/") || !strncmp(name, "__.SYMDEF", 9);
}

/* Adds the member and moves *position behind it. False: not a member that the bounded reader would give too. */
static bool add_member(Elf *part, struct mc_arena *arena, size_t size, member_vector *members, uint64_t *position)
{
    const Elf_Arhdr *header = elf_getarhdr(part);
    int64_t start = elf_getbase(part);
    if (!header || !header->ar_name || start < 0 || (uint64_t)start > size || header->ar_size < 0 ||
        (uint64_t)header->ar_size > size - (uint64_t)start || !strncmp(header->ar_name, "#1/", 3))
        return false;
    *position = (uint64_t)start + (uint64_t)header->ar_size;
    if (is_table(header->ar_name))
        return true;
    struct mc_archive_member member = {.name = mc_arena_strdup(arena, header->ar_name),
                                       .size = (size_t)header->ar_size,
                                       .offset = (uint64_t)start};
    mc_push(members, member);
    return true;
}

bool mc_elf_library_members(const uint8_t *bytes, size_t size, struct mc_archive *archive)
{
    Elf *handle = begin(bytes, size, ELF_K_AR), *part;
    if (!handle)
        return false;
    member_vector members = {0};
    uint64_t position = SARMAG;
    bool good = true;
    Elf_Cmd command = ELF_C_READ;
    while (good && (part = elf_begin(-1, command, handle))) {
        good = add_member(part, &archive->arena, size, &members, &position);
        command = elf_next(part);
        elf_end(part);
    }
    elf_end(handle);
    good = good && position + (position & 1) >= size;
    if (good) {
        archive->count = members.count;
        archive->members = MC_NEW_ARRAY(&archive->arena, members.count + 1, struct mc_archive_member);
        for (size_t i = 0; i < members.count; i++) {
            archive->members[i] = members.items[i];
            archive->members[i].bytes = bytes + members.items[i].offset;
        }
    }
    mc_vector_free(&members);
    return good;
}
