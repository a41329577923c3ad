/* SPDX-License-Identifier: Apache-2.0 */
/* Layout: "!<arch>\n", then members at even offsets: a header of 60 text bytes {name 16, date 12, uid 6, gid 6, mode 8,
 * size 10, "`\n"} and the contents. GNU: "/" and "/SYM64/" are symbol tables, "//" holds long names, "/N" is a name at
 * N in it, ended by "/\n". BSD: "#1/N" puts a name of N bytes before the contents. Thin archives hold "//" and no
 * contents. libelf reads the whole GNU ones; the others and damaged ones are read here. */
#include "scanner/archive.h"

#include <ar.h>
#include <string.h>

#include "base/vector.h"
#include "scanner/elf_library.h"

struct reader {
    struct mc_archive *archive;
    const uint8_t *bytes;
    size_t size, position;
    const char *long_names;
    size_t long_size;
    MC_VECTOR(struct mc_archive_member) members;
};

static bool read_number(const char *text, size_t length, uint64_t *ret)
{
    uint64_t value = 0;
    size_t at = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        value = value * 10 + (uint64_t)(text[at] - '0'); /* at most 15 digits: no overflow */
    for (size_t rest = at; rest < length; rest++)
        if (text[rest] != ' ')
            return false;
    *ret = value;
    return at != 0;
}

static const char *short_name(struct reader *reader, const struct ar_hdr *header)
{
    size_t length = sizeof header->ar_name;
    while (length && header->ar_name[length - 1] == ' ')
        length--;
    if (length > 1 && header->ar_name[length - 1] == '/')
        length--;
    return mc_arena_strndup(&reader->archive->arena, header->ar_name, length);
}

static const char *long_name(struct reader *reader, uint64_t offset)
{
    if (offset >= reader->long_size)
        return NULL;
    const char *start = reader->long_names + offset, *end = memchr(start, '\n', reader->long_size - offset);
    size_t length = end ? (size_t)(end - start) : reader->long_size - offset;
    if (length && start[length - 1] == '/')
        length--;
    return mc_arena_strndup(&reader->archive->arena, start, length);
}

/* Names the member and cuts a BSD name off its contents. NULL: a table, not a member. */
static const char *name_member(struct reader *reader, const struct ar_hdr *header, struct mc_archive_member *member)
{
    uint64_t number;
    const char *name = header->ar_name;
    if (!memcmp(name, "//", 2)) {
        reader->long_names = (const char *)member->bytes;
        reader->long_size = member->size;
        return NULL;
    }
    if (!memcmp(name, "/ ", 2) || !memcmp(name, "/SYM64/", 7) || !memcmp(name, "__.SYMDEF", 9))
        return NULL;
    if (name[0] == '/' && read_number(name + 1, sizeof header->ar_name - 1, &number)) {
        const char *found = long_name(reader, number);
        return found ? found : short_name(reader, header);
    }
    if (member->bytes && !memcmp(name, "#1/", 3) && read_number(name + 3, sizeof header->ar_name - 3, &number) &&
        number <= member->size) {
        const char *found = mc_arena_strndup(&reader->archive->arena, (const char *)member->bytes, number);
        member->bytes += number;
        member->offset += number;
        member->size -= number;
        return !strncmp(found, "__.SYMDEF", 9) ? NULL : found;
    }
    return short_name(reader, header);
}

/* False at the end, or with the damage described. */
static bool read_member(struct reader *reader)
{
    struct mc_archive *archive = reader->archive;
    struct ar_hdr header;
    uint64_t size;
    reader->position += reader->position & 1;
    if (reader->position >= reader->size)
        return false;
    if (reader->size - reader->position < sizeof header)
        return mc_fail(&archive->damage, MC_ERROR_FORMAT, reader->position, "truncated in a member's header");
    memcpy(&header, reader->bytes + reader->position, sizeof header);
    if (memcmp(header.ar_fmag, ARFMAG, 2) || !read_number(header.ar_size, sizeof header.ar_size, &size))
        return mc_fail(&archive->damage, MC_ERROR_FORMAT, reader->position, "not a member's header");
    reader->position += sizeof header;
    bool table = header.ar_name[0] == '/' && (header.ar_name[1] < '0' || header.ar_name[1] > '9');
    bool stored = !archive->thin || table;
    if (stored && size > reader->size - reader->position)
        return mc_fail(&archive->damage, MC_ERROR_FORMAT, reader->position,
                       "truncated: a member of %llu bytes where %zu are left", (unsigned long long)size,
                       reader->size - reader->position);
    struct mc_archive_member member = {
        .bytes = stored ? reader->bytes + reader->position : NULL, .size = size, .offset = reader->position};
    member.name = name_member(reader, &header, &member);
    if (member.name)
        mc_push(&reader->members, member);
    reader->position += stored ? size : 0;
    return true;
}

bool mc_archive_from_bytes(const uint8_t *bytes, size_t size, struct mc_archive *ret, struct mc_error *ret_error)
{
    static const char thin_magic[] = "!<thin>\n";
    bool thin = size >= SARMAG && !memcmp(bytes, thin_magic, SARMAG);
    if (size < SARMAG || (!thin && memcmp(bytes, ARMAG, SARMAG)))
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 0, "not an ar archive");
    *ret = (struct mc_archive){.thin = thin};
    if (!thin && mc_elf_library_members(bytes, size, ret))
        return true;
    struct reader reader = {.archive = ret, .bytes = bytes, .size = size, .position = SARMAG};
    while (read_member(&reader))
        ;
    ret->count = reader.members.count;
    ret->members = MC_NEW_ARRAY(&ret->arena, ret->count + 1, struct mc_archive_member);
    if (ret->count)
        memcpy(ret->members, reader.members.items, ret->count * sizeof *ret->members);
    mc_vector_free(&reader.members);
    return true;
}

bool mc_archive_open(const char *path, struct mc_archive *ret, struct mc_error *ret_error)
{
    struct mc_mapping mapping;
    if (!mc_mapping_open(path, &mapping, ret_error))
        return false;
    if (!mc_archive_from_bytes(mapping.bytes, mapping.size, ret, ret_error)) {
        mc_mapping_close(&mapping);
        return false;
    }
    ret->mapping = mapping;
    return true;
}

bool mc_archive_lost(const struct mc_archive *archive)
{
    return mc_mapping_lost(&archive->mapping);
}

void mc_archive_close(struct mc_archive *archive)
{
    mc_mapping_close(&archive->mapping);
    mc_arena_free(&archive->arena);
    *archive = (struct mc_archive){0};
}
