/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create */
#include "scanner/debug_info.h"

#include "scanner/debug_files.h"
#include "scanner/debug_library.h"
#include "scanner/elf_library.h"

#include <dwarf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef DW_AT_APPLE_flags
#define DW_AT_APPLE_flags 0x3fe2 /* Clang: the command line, with -grecord-command-line */
#endif

struct unit_range { /* code of a compilation unit */
    uint64_t start, end;
    Dwarf_Off die;
};

struct mc_debug_info {
    const struct mc_libdw *libdw;
    const struct mc_image *image;
    uint8_t *copy; /* of the whole file, NULL when libdw can work on the image's bytes */
    int file;      /* the separate debug file, or -1 */
    Elf *elf;
    Dwarf *dwarf;
    Dwfl *dwfl;    /* objects: it owns elf and dwarf, and lays out the sections in its own way */
    MC_VECTOR(struct unit_range) units; /* by start */
    Dwarf_Off described; /* the unit that `last` is of */
    struct mc_origin last;
};

/* ---- opening ---- */

static int compare_units(const void *left, const void *right)
{
    const struct unit_range *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->die < b->die ? -1 : a->die > b->die;
}

/* Not every compiler writes .debug_aranges; the units' own ranges are always there. */
static void read_units(struct mc_debug_info *info)
{
    Dwarf_Off offset = 0, next;
    size_t header;
    for (; info->libdw->dwarf_nextcu(info->dwarf, offset, &next, &header, NULL, NULL, NULL) == 0 && next > offset;
         offset = next) {
        Dwarf_Die die;
        Dwarf_Addr base, start, end;
        ptrdiff_t step = 0;
        if (!info->libdw->dwarf_offdie(info->dwarf, offset + header, &die))
            continue;
        while ((step = info->libdw->dwarf_ranges(&die, step, &base, &start, &end)) > 0)
            if (start && start < end) /* 0: code that the linker dropped */
                mc_push(&info->units, ((struct unit_range){start, end, offset + header}));
    }
    if (info->units.count)
        qsort(info->units.items, info->units.count, sizeof *info->units.items, compare_units);
}

/* Decompressing, libelf changes the section header where it lies. */
static bool has_compressed(const struct mc_image *image)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (image->sections[i].flags & SHF_COMPRESSED || !strncmp(image->sections[i].name, ".zdebug", 7))
            return true;
    return false;
}

static bool open_own(struct mc_debug_info *info)
{
    const struct mc_image *image = info->image;
    if (has_compressed(image)) {
        info->copy = mc_realloc(NULL, image->file_size, 1);
        memcpy(info->copy, image->file, image->file_size);
    }
    info->elf = mc_elf_library_open(info->copy ? info->copy : image->file, image->file_size);
    info->dwarf = info->elf ? info->libdw->dwarf_begin_elf(info->elf, DWARF_C_READ, NULL) : NULL;
    return info->dwarf;
}

static int find_no_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
                              const char *link, GElf_Word checksum, char **ret_name)
{
    (void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)checksum, (void)ret_name;
    return -1;
}

/* A file of these bytes, which may be a member of an archive; -1 when the system refuses. */
static int make_file(const uint8_t *bytes, size_t size)
{
    int file = memfd_create("maskcheck-object", MFD_CLOEXEC);
    for (size_t at = 0; file >= 0 && at < size;) {
        ssize_t written = write(file, bytes + at, size - at);
        if (written <= 0) {
            close(file);
            return -1;
        }
        at += (size_t)written;
    }
    return file;
}

/* An object's debug sections are full of relocations, which libdwfl applies. */
static bool open_object(struct mc_debug_info *info)
{
    static char *no_path = NULL;
    static const Dwfl_Callbacks template = {.find_debuginfo = find_no_debug_file, .debuginfo_path = &no_path};
    Dwfl_Callbacks *callbacks = mc_realloc(NULL, 1, sizeof *callbacks); /* kept by dwfl; freed with `copy` */
    *callbacks = template;
    callbacks->section_address = info->libdw->dwfl_offline_section_address;
    info->copy = (uint8_t *)callbacks;
    int file = make_file(info->image->file, info->image->file_size);
    GElf_Addr bias;
    info->dwfl = file >= 0 ? info->libdw->dwfl_begin(callbacks) : NULL;
    Dwfl_Module *module = info->dwfl ? info->libdw->dwfl_report_offline(info->dwfl, "object", "object", file) : NULL;
    if (!module) {
        if (file >= 0)
            close(file);
        return false;
    }
    info->libdw->dwfl_report_end(info->dwfl, NULL, NULL);
    info->dwarf = info->libdw->dwfl_module_getdwarf(module, &bias);
    info->elf = info->dwarf ? info->libdw->dwfl_module_getelf(module, &bias) : NULL;
    return info->elf;
}

static bool open_separate(struct mc_debug_info *info, const char *path, struct mc_identity *ret_identity)
{
    const struct mc_image *image = info->image;
    struct stat status;
    const void *build_id;
    info->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (info->file < 0 || fstat(info->file, &status) != 0)
        return false;
    *ret_identity = mc_identity_of(&status);
    info->elf = S_ISREG(status.st_mode) ? mc_elf_library_open_file(info->file) : NULL;
    if (!info->elf)
        return false;
    ssize_t size = info->libdw->dwelf_elf_gnu_build_id(info->elf, &build_id);
    bool both = size > 0 && image->build_id_size;
    if (both ? (size_t)size != image->build_id_size || memcmp(build_id, image->build_id, (size_t)size) != 0
             : !mc_debug_link_fits(image, info->file))
        return false;
    info->dwarf = info->libdw->dwarf_begin_elf(info->elf, DWARF_C_READ, NULL);
    return info->dwarf;
}

struct mc_debug_info *mc_debug_info_open(const struct mc_image *image, const char *separate, struct mc_identity *ret_identity)
{
    *ret_identity = (struct mc_identity){0};
    if (separate ? access(separate, R_OK) != 0 : !mc_debug_info_within(image))
        return NULL;
    const struct mc_libdw *libdw = mc_libdw_load();
    if (!libdw)
        return NULL;
    struct mc_debug_info *info = mc_realloc(NULL, 1, sizeof *info);
    *info = (struct mc_debug_info){.libdw = libdw, .image = image, .file = -1};
    bool relocatable = image->kind == MC_KIND_OBJECT || image->kind == MC_KIND_KERNEL_MODULE;
    bool good = separate ? open_separate(info, separate, ret_identity) : relocatable ? open_object(info) : open_own(info);
    if (good) {
        read_units(info);
        return info;
    }
    mc_debug_info_close(info);
    return NULL;
}

void mc_debug_info_close(struct mc_debug_info *info)
{
    if (!info)
        return;
    if (info->dwfl) {
        info->libdw->dwfl_end(info->dwfl);
    } else {
        if (info->dwarf)
            info->libdw->dwarf_end(info->dwarf);
        mc_elf_library_close(info->elf);
    }
    if (info->file >= 0)
        close(info->file);
    free(info->copy);
    mc_vector_free(&info->units);
    free(info);
}

/* ---- asking ---- */

/* The address as the debug information has it; 0 when it has none. */
static uint64_t debug_address(const struct mc_debug_info *info, uint64_t address)
{
    if (!info->dwfl)
        return address;
    for (size_t i = 1; i < info->image->section_count; i++) {
        const struct mc_section *section = &info->image->sections[i];
        GElf_Shdr header;
        if (section->address && address >= section->address && address - section->address < section->size &&
            gelf_getshdr(elf_getscn(info->elf, i), &header))
            return header.sh_addr + (address - section->address);
    }
    return 0;
}

/* The last unit that starts at or before the address; units do not overlap in linked programs. */
static const struct unit_range *unit_of(const struct mc_debug_info *info, uint64_t address)
{
    size_t low = 0, high = info->units.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (info->units.items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < info->units.items[low - 1].end ? &info->units.items[low - 1] : NULL;
}

static const char *text_of(const struct mc_debug_info *info, Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return info->libdw->dwarf_attr(die, name, &attribute) ? info->libdw->dwarf_formstring(&attribute) : NULL;
}

static unsigned number_of(const struct mc_debug_info *info, Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (info->libdw->dwarf_attr(die, name, &attribute))
        info->libdw->dwarf_formudata(&attribute, &value);
    return value <= INT32_MAX ? (unsigned)value : 0;
}

/* Takes "." and "NAME/.." out, in place. */
static void tidy_path(char *path)
{
    char *to = path, *least = path; /* nothing before `least` is taken out */
    for (const char *from = path; *from;) {
        size_t length = strcspn(from, "/"), slashes = strspn(from + length, "/");
        bool up = length == 2 && from[0] == '.' && from[1] == '.';
        if (up && to > least) {
            to--;
            while (to > least && to[-1] != '/')
                to--;
        } else if (!(length == 1 && from[0] == '.')) {
            memmove(to, from, length);
            to += length;
            if (slashes)
                *to++ = '/';
            if (up || (!length && to == path + 1))
                least = to;
        }
        from += length + slashes;
    }
    *to = 0;
}

static const char *full_path(const struct mc_debug_info *info, Dwarf_Die *unit, const char *path, struct mc_arena *arena)
{
    const char *folder = text_of(info, unit, DW_AT_comp_dir);
    if (!path || !*path)
        return NULL;
    char *full = *path == '/' || !folder || *folder != '/' ? mc_arena_strdup(arena, path)
                                                           : mc_arena_printf(arena, "%s/%s", folder, path);
    tidy_path(full);
    return full;
}

/* The call of an inlined function that is the compiler's own: line and path of where it was inlined into. True when the die is one. */
static bool leave_artificial(const struct mc_debug_info *info, Dwarf_Die *unit, Dwarf_Die *die, struct mc_origin *origin,
                             struct mc_arena *arena)
{
    Dwarf_Attribute attribute;
    Dwarf_Files *files;
    size_t count;
    bool artificial = false;
    if (!info->libdw->dwarf_attr_integrate(die, DW_AT_artificial, &attribute) ||
        info->libdw->dwarf_formflag(&attribute, &artificial) != 0 || !artificial)
        return false;
    unsigned line = number_of(info, die, DW_AT_call_line), file = number_of(info, die, DW_AT_call_file);
    if (!line || info->libdw->dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count)
        return false;
    const char *path = full_path(info, unit, info->libdw->dwarf_filesrc(files, file, NULL, NULL), arena);
    if (!path)
        return false;
    origin->path = path;
    origin->line = line;
    return true;
}

static void leave_intrinsics(const struct mc_debug_info *info, Dwarf_Die *unit, uint64_t address, struct mc_origin *origin,
                             struct mc_arena *arena)
{
    Dwarf_Die *scopes = NULL, *outwards = NULL;
    /* The first list goes on where the innermost function was written; the second where it was inlined. */
    if (info->libdw->dwarf_getscopes(unit, address, &scopes) > 0) {
        int count = info->libdw->dwarf_getscopes_die(&scopes[0], &outwards);
        bool goes_on = true;
        for (int i = 0; i < count && goes_on; i++)
            if (info->libdw->dwarf_tag(&outwards[i]) == DW_TAG_inlined_subroutine)
                goes_on = leave_artificial(info, unit, &outwards[i], origin, arena);
            else
                goes_on = info->libdw->dwarf_tag(&outwards[i]) == DW_TAG_lexical_block;
    }
    free(scopes);
    free(outwards);
}

/* The words that begin with -m, between blanks. */
static const char *machine_options(const char *text, struct mc_arena *arena)
{
    char *found = MC_NEW_ARRAY(arena, strlen(text) + 1, char), *to = found;
    for (const char *word = text; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (length > 2 && word[0] == '-' && word[1] == 'm') {
            if (to != found)
                *to++ = ' ';
            memcpy(to, word, length);
            to += length;
        }
        word += length;
    }
    *to = 0;
    return *found ? found : NULL;
}

static void describe_unit(const struct mc_debug_info *info, Dwarf_Die *unit, struct mc_origin *origin, struct mc_arena *arena)
{
    *origin = (struct mc_origin){0};
    const char *producer = text_of(info, unit, DW_AT_producer), *flags = text_of(info, unit, DW_AT_APPLE_flags);
    origin->unit = full_path(info, unit, text_of(info, unit, DW_AT_name), arena);
    if (!producer)
        return;
    const char *options = strstr(producer, " -");
    origin->producer = mc_arena_strndup(arena, producer, options ? (size_t)(options - producer) : strlen(producer));
    origin->options = machine_options(flags ? flags : options ? options : "", arena);
}

struct mc_origin mc_debug_origin(struct mc_debug_info *info, uint64_t address, struct mc_arena *arena)
{
    struct mc_origin origin = {0};
    uint64_t place = info ? debug_address(info, address) : 0;
    const struct unit_range *range = place ? unit_of(info, place) : NULL;
    Dwarf_Die unit;
    if (!range || !info->libdw->dwarf_offdie(info->dwarf, range->die, &unit))
        return origin;
    if (info->described != range->die)
        describe_unit(info, &unit, &info->last, arena);
    info->described = range->die;
    origin = info->last;
    Dwarf_Line *line = info->libdw->dwarf_getsrc_die(&unit, place);
    int number;
    if (!line || info->libdw->dwarf_lineno(line, &number) != 0 || number <= 0)
        return origin;
    origin.path = full_path(info, &unit, info->libdw->dwarf_linesrc(line, NULL, NULL), arena);
    origin.line = origin.path ? (unsigned)number : 0;
    if (origin.path)
        leave_intrinsics(info, &unit, place, &origin, arena);
    return origin;
}
