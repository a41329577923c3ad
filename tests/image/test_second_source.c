/* SPDX-License-Identifier: Apache-2.0 */
/* Files of this system and of this build, read by us and by somebody else: libelf for headers, symbols, versions and
 * relocations; readelf for unwind data; nm for functions. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scanner/entries.h"
#include "scanner/image_link.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const char *const files[] = {
    "/proc/self/exe", /* not stripped, position-independent */
    "/usr/bin/true",
    "/usr/bin/cat",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/ld-linux-x86-64.so.2",
    "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/usr/lib/x86_64-linux-gnu/libcriterion.so.3",
    "/usr/lib/x86_64-linux-gnu/libm.so.6",
    "/usr/bin/cmake",
    "/usr/lib32/libc.so.6",
};

struct pair { /* one file, read twice */
    const char *path;
    int file;
    Elf *elf;
    struct mc_image *image;
};

static bool open_pair(const char *path, struct pair *ret)
{
    *ret = (struct pair){.path = path, .file = open(path, O_RDONLY)};
    if (ret->file < 0)
        return false;
    elf_version(EV_CURRENT);
    ret->elf = elf_begin(ret->file, ELF_C_READ, NULL);
    struct mc_error error = {0};
    ret->image = mc_image_open(path, &error);
    cr_assert_not_null(ret->image, "%s: %s", path, error.text);
    cr_assert_eq(ret->image->damage.kind, MC_ERROR_NONE, "%s: damage: %s", path, ret->image->damage.text);
    return true;
}

static void close_pair(struct pair *pair)
{
    mc_image_free(pair->image);
    elf_end(pair->elf);
    close(pair->file);
}

static void compare_segments(const struct pair *pair)
{
    size_t count, loads = 0;
    cr_assert_eq(elf_getphdrnum(pair->elf, &count), 0);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        gelf_getphdr(pair->elf, (int)i, &header);
        if (header.p_type != PT_LOAD)
            continue;
        const struct mc_segment *segment = mc_image_segment(pair->image, header.p_vaddr);
        loads++;
        cr_assert_not_null(segment);
        cr_assert_eq(segment->address, header.p_vaddr);
        cr_assert_eq(segment->size, header.p_memsz);
        cr_assert_eq(segment->file_size, header.p_filesz);
        cr_assert_eq(segment->executable, (header.p_flags & PF_X) != 0);
        cr_assert_eq(mc_image_file_offset(pair->image, header.p_vaddr), header.p_offset);
    }
    cr_assert_eq(pair->image->segment_count, loads, "%s", pair->path);
}

/* ---- symbols ---- */

static Elf_Scn *section_of_type(Elf *elf, uint32_t type, GElf_Shdr *ret_header)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)))
        if (gelf_getshdr(section, ret_header) && ret_header->sh_type == type)
            return section;
    return NULL;
}

/* The name behind a version index, found libelf's way. */
static const char *version_name(Elf *elf, unsigned index)
{
    GElf_Shdr header;
    Elf_Scn *section = section_of_type(elf, SHT_GNU_verneed, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    GElf_Verneed need;
    for (int at = 0; data && gelf_getverneed(data, at, &need);) {
        GElf_Vernaux aux;
        for (int inner = at + (int)need.vn_aux; gelf_getvernaux(data, inner, &aux);) {
            if (aux.vna_other == index)
                return elf_strptr(elf, header.sh_link, aux.vna_name);
            if (!aux.vna_next)
                break;
            inner += (int)aux.vna_next;
        }
        if (!need.vn_next)
            break;
        at += (int)need.vn_next;
    }
    section = section_of_type(elf, SHT_GNU_verdef, &header);
    data = section ? elf_getdata(section, NULL) : NULL;
    GElf_Verdef definition;
    for (int at = 0; data && gelf_getverdef(data, at, &definition); at += (int)definition.vd_next) {
        GElf_Verdaux aux;
        if (definition.vd_ndx == index && gelf_getverdaux(data, at + (int)definition.vd_aux, &aux))
            return elf_strptr(elf, header.sh_link, aux.vda_name);
        if (!definition.vd_next)
            break;
    }
    return NULL;
}

static bool same_text(const char *left, const char *right)
{
    return left && right ? !strcmp(left, right) : left == right;
}

static const struct mc_symbol *find_symbol(const struct mc_image *image, const GElf_Sym *raw, const char *name,
                                           const char *version, bool dynamic)
{
    uint64_t address = raw->st_shndx == SHN_UNDEF ? 0 : raw->st_value;
    size_t low = 0, high = image->symbol_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (image->symbols[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < image->symbol_count && image->symbols[low].address == address; low++) {
        const struct mc_symbol *symbol = &image->symbols[low];
        if (!strcmp(symbol->name, name) && symbol->size == raw->st_size && symbol->dynamic == dynamic &&
            symbol->type == GELF_ST_TYPE(raw->st_info) && symbol->binding == GELF_ST_BIND(raw->st_info) &&
            symbol->defined == (raw->st_shndx != SHN_UNDEF) && (!dynamic || same_text(symbol->version, version)))
            return symbol;
    }
    return NULL;
}

static size_t compare_table(const struct pair *pair, uint32_t type)
{
    GElf_Shdr header, version_header;
    Elf_Scn *section = section_of_type(pair->elf, type, &header);
    Elf_Scn *versions = section_of_type(pair->elf, SHT_GNU_versym, &version_header);
    if (!section)
        return 0;
    Elf_Data *data = elf_getdata(section, NULL), *version_data = versions ? elf_getdata(versions, NULL) : NULL;
    size_t count = header.sh_size / header.sh_entsize;
    for (size_t i = 1; i < count; i++) {
        GElf_Sym raw;
        GElf_Versym index = 0;
        gelf_getsym(data, (int)i, &raw);
        const char *name = elf_strptr(pair->elf, header.sh_link, raw.st_name), *version = NULL;
        if (type == SHT_DYNSYM && version_data && gelf_getversym(version_data, (int)i, &index) && (index & 0x7fff) > 1)
            version = version_name(pair->elf, index & 0x7fff);
        cr_assert_not_null(find_symbol(pair->image, &raw, name, version, type == SHT_DYNSYM), "%s: symbol %zu %s@%s",
                           pair->path, i, name, version ? version : "");
    }
    return count - 1;
}

/* ---- relocations ---- */

static size_t compare_reloc_section(const struct pair *pair, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = header->sh_size / header->sh_entsize;
    for (size_t i = 0; i < count; i++) {
        GElf_Rela rela = {0};
        GElf_Rel rel = {0};
        bool explicit_addend = header->sh_type == SHT_RELA;
        if (explicit_addend)
            gelf_getrela(data, (int)i, &rela);
        else
            gelf_getrel(data, (int)i, &rel);
        uint64_t place = explicit_addend ? rela.r_offset : rel.r_offset;
        uint32_t type = (uint32_t)GELF_R_TYPE(explicit_addend ? rela.r_info : rel.r_info);
        const struct mc_reloc *reloc = mc_image_reloc_at(pair->image, place);
        cr_assert_not_null(reloc, "%s: no relocation at %#" PRIx64, pair->path, place);
        cr_assert_eq(reloc->type, type);
        if (explicit_addend && reloc->kind != MC_RELOC_SLOT)
            cr_assert_eq(reloc->addend, rela.r_addend, "%s at %#" PRIx64, pair->path, place);
        cr_assert_eq(reloc->symbol != NULL, GELF_R_SYM(explicit_addend ? rela.r_info : rel.r_info) != 0);
    }
    return count;
}

static void compare_relocs(const struct pair *pair)
{
    Elf_Scn *section = NULL;
    size_t count = 0;
    bool packed = false;
    while ((section = elf_nextscn(pair->elf, section))) {
        GElf_Shdr header;
        gelf_getshdr(section, &header);
        packed = packed || header.sh_type == 19; /* SHT_RELR, unknown to libelf 0.188 */
        if (header.sh_flags & SHF_ALLOC && (header.sh_type == SHT_RELA || header.sh_type == SHT_REL))
            count += compare_reloc_section(pair, section, &header);
    }
    if (packed)
        cr_assert_geq(pair->image->reloc_count, count);
    else
        cr_assert_eq(pair->image->reloc_count, count, "%s: %zu, libelf %zu", pair->path, pair->image->reloc_count,
                     count);
}

static size_t count_needed(const struct pair *pair)
{
    GElf_Shdr header;
    Elf_Scn *section = section_of_type(pair->elf, SHT_DYNAMIC, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    size_t count = 0;
    for (int i = 0; data && (uint64_t)i < header.sh_size / header.sh_entsize; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(data, i, &entry) || entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag != DT_NEEDED)
            continue;
        cr_assert_lt(count, pair->image->needed_count);
        cr_assert_str_eq(pair->image->needed[count++], elf_strptr(pair->elf, header.sh_link, entry.d_un.d_val));
    }
    return count;
}

Test(second_source, libelf_reads_the_same)
{
    size_t compared = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct pair pair;
        if (!open_pair(files[i], &pair))
            continue;
        compare_segments(&pair);
        size_t symbols = compare_table(&pair, SHT_DYNSYM) + compare_table(&pair, SHT_SYMTAB);
        cr_assert_eq(pair.image->symbol_count, symbols, "%s: %zu symbols, libelf %zu", files[i],
                     pair.image->symbol_count, symbols);
        compare_relocs(&pair);
        cr_assert_eq(count_needed(&pair), pair.image->needed_count);
        close_pair(&pair);
        compared++;
    }
    cr_assert_geq(compared, 4, "only %zu of the files exist here", compared);
}

/* ---- unwind data and functions, as binutils reads them ---- */

static FILE *run(const char *format, const char *path)
{
    char command[1024];
    snprintf(command, sizeof command, format, path);
    return popen(command, "r");
}

static bool in_plt(const struct mc_image *image, uint64_t address)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (!strncmp(image->sections[i].name, ".plt", 4) &&
            address - image->sections[i].address < image->sections[i].size)
            return true;
    return false;
}

static size_t compare_frames(const char *path, const struct mc_image *image, const struct mc_entries *entries)
{
    FILE *readelf = run("readelf --debug-dump=frames --wide '%s' 2>/dev/null", path);
    char line[4096];
    size_t count = 0;
    while (fgets(line, sizeof line, readelf)) {
        const char *place = strstr(line, " FDE ") ? strstr(line, "pc=") : NULL;
        uint64_t start, end;
        if (!place || sscanf(place, "pc=%" SCNx64 "..%" SCNx64, &start, &end) != 2 || in_plt(image, start))
            continue;
        const struct mc_entry *entry = mc_entry_at(entries, start);
        cr_assert_not_null(entry, "%s: no entry at %#" PRIx64, path, start);
        cr_assert(entry->sources & MC_ENTRY_UNWIND);
        cr_assert_eq(entry->end, end, "%s: %#" PRIx64 " ends at %#" PRIx64 ", readelf %#" PRIx64, path, start,
                     entry->end, end);
        count++;
    }
    pclose(readelf);
    return count;
}

static size_t compare_functions(const char *path, const struct mc_entries *entries)
{
    FILE *nm = run("nm --defined-only '%s' 2>/dev/null", path);
    char line[4096], kind;
    uint64_t address;
    size_t count = 0;
    while (fgets(line, sizeof line, nm)) {
        if (sscanf(line, "%" SCNx64 " %c", &address, &kind) != 2 || !strchr("Ti", kind))
            continue;
        cr_assert_not_null(mc_entry_at(entries, address), "%s: no entry for %s", path, line);
        count++;
    }
    pclose(nm);
    return count;
}

Test(second_source, binutils_find_the_same_functions)
{
    char self[512];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert_gt(length, 0);
    self[length] = 0;
    size_t frames = 0, functions = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        const char *path = i ? files[i] : self; /* /proc/self/exe would be readelf */
        struct mc_image *image = access(path, R_OK) == 0 ? mc_image_open(path, NULL) : NULL;
        if (!image)
            continue;
        struct mc_arena arena = {0};
        struct mc_error warning;
        struct mc_entries *entries = mc_entries_find(image, &arena, &warning);
        cr_assert_eq(warning.kind, MC_ERROR_NONE, "%s: %s", path, warning.text);
        frames += compare_frames(path, image, entries);
        functions += compare_functions(path, entries);
        mc_arena_free(&arena);
        mc_image_free(image);
    }
    cr_assert_gt(functions, 20, "nm names %zu functions", functions);
    cr_assert_gt(frames, 1000, "readelf shows %zu functions", frames);
}

/* Without its section headers a file must give the same image by its program headers. */
Test(second_source, program_headers_tell_the_same)
{
    for (size_t i = 1; i < COUNT(files); i++) {
        struct mc_image *image = access(files[i], R_OK) == 0 ? mc_image_open(files[i], NULL) : NULL;
        if (!image)
            continue;
        uint8_t *copy = malloc(image->file_size);
        memcpy(copy, image->file, image->file_size);
        bool wide = image->mode == MC_MODE_64;
        memset(copy + (wide ? 40 : 32), 0, wide ? 8 : 4); /* e_shoff */
        struct mc_error error = {0}, warning = {0};
        struct mc_image *bare = mc_image_from_bytes("bare", copy, image->file_size, &error);
        cr_assert_not_null(bare, "%s: %s", files[i], error.text);
        cr_assert_eq(bare->section_count, 0);
        cr_assert_eq(bare->symbol_count, image->symbol_count, "%s: %zu and %zu symbols", files[i], bare->symbol_count,
                     image->symbol_count);
        cr_assert_eq(bare->reloc_count, image->reloc_count);
        cr_assert_eq(bare->initialiser_count, image->initialiser_count);
        cr_assert_eq(bare->kind, image->kind);
        struct mc_arena arena = {0};
        struct mc_entries *with = mc_entries_find(image, &arena, NULL);
        struct mc_entries *without = mc_entries_find(bare, &arena, &warning);
        cr_assert_eq(warning.kind, MC_ERROR_NONE, "%s: %s", files[i], warning.text);
        for (size_t e = 0; e < with->count; e++) {
            const struct mc_entry *entry = &with->items[e], *same = mc_entry_at(without, entry->address);
            cr_assert(same, "%s: %#" PRIx64 " is lost without sections", files[i], entry->address);
            cr_assert(!entry->bounded || same->end == entry->end, "%s: %#" PRIx64, files[i], entry->address);
        }
        cr_assert_eq(without->landing_pad_count, with->landing_pad_count);
        mc_arena_free(&arena);
        mc_image_free(bare);
        mc_image_free(image);
        free(copy);
    }
}
