/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to Linux kernel modules. Layouts are those of the kernel's headers, which name them here. */
#include "scanner/image_build.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- places that the kernel patches when it loads a module ---- */

/* arch/x86/include/asm/nospec-branch.h and ftrace.h: compilers call these instead of returning and of indirect calls, and at
 * the start of each function; the kernel puts the plain instruction there where the CPU does not need better. What the code
 * computes is the same either way. */
static const char *const registers[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static int thunk_register(const char *name)
{
    static const char *const leads[] = {"__x86_indirect_thunk_", "__x86_indirect_call_thunk_", "__x86_indirect_jump_thunk_"};
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (!strncmp(name, leads[i], strlen(leads[i])))
            for (int number = 0; number < 16; number++)
                if (!strcmp(name + strlen(leads[i]), registers[number]))
                    return number;
    return -1;
}

/* call or jmp of five bytes by the plain form through the register, and NOPs. */
static void put_indirect(uint8_t *instruction, int number, bool call)
{
    static const uint8_t nops[] = {0x0f, 0x1f, 0x00};
    size_t used = 0;
    if (number >= 8)
        instruction[used++] = 0x41; /* REX.B */
    uint8_t modrm = (uint8_t)((call ? 0xd0 : 0xe0) | (number & 7));
    instruction[used++] = 0xff;
    instruction[used++] = modrm;
    if (!call)
        memset(instruction + used, 0xcc, 5 - used);
    else if (used == 2)
        memcpy(instruction + used, nops, 3);
    else
        memcpy(instruction + used, "\x66\x90", 2);
}

bool mc_module_patch(const char *import, uint8_t *section, uint64_t offset, uint64_t size)
{
    if (import[0] != '_' || !offset || size - offset < 4)
        return false;
    uint8_t *instruction = section + offset - 1;
    bool call = *instruction == 0xe8, jump = *instruction == 0xe9;
    int number = call || jump ? thunk_register(import) : -1;
    if (call && (!strcmp(import, "__fentry__") || !strcmp(import, "__x86_return_thunk")))
        memcpy(instruction, "\x0f\x1f\x44\x00\x00", 5);
    else if (jump && !strcmp(import, "__x86_return_thunk"))
        memcpy(instruction, "\xc3\xcc\xcc\xcc\xcc", 5);
    else if (number >= 0)
        put_indirect(instruction, number, call);
    else
        return false;
    return true;
}

/* ---- what others may use ---- */

/* include/linux/export.h: EXPORT_SYMBOL puts a record into a section __ksymtab*, whose first field means the symbol. */
static bool is_export_table(const struct mc_section *section)
{
    return section->address && !strncmp(section->name, "__ksymtab", 9) && strcmp(section->name, "__ksymtab_strings");
}

static void mark_exported(struct mc_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->symbol_count; i++)
        if (image->symbols[i].defined && image->symbols[i].address == address && image->symbols[i].binding != STB_LOCAL)
            image->symbols[i].exported = true;
}

/* No other symbol of a module can be linked to, global or not. */
static void find_exports(struct mc_image *image)
{
    for (size_t i = 0; i < image->symbol_count; i++)
        image->symbols[i].exported = false;
    for (size_t i = 0; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        if (!is_export_table(section))
            continue;
        size_t index = mc_image_first_reloc(image, section->address);
        for (; index < image->reloc_count && image->relocs[index].place < section->address + section->size; index++)
            if (image->relocs[index].symbol && image->relocs[index].symbol->defined)
                mark_exported(image, image->relocs[index].symbol->address + (uint64_t)image->relocs[index].addend);
    }
}

/* ---- what the kernel calls by itself ---- */

/* Ordinary data, which only the module's code hands to the kernel, and tables of places in code that are not called from there
 * (include/asm-generic/vmlinux.lds.h, scripts/module.lds.S, kernel/module/main.c). Every other section may be a table that the
 * kernel reads when it loads the module (__param, _ftrace_events ...). */
static const char *const not_called_from[] = {
    ".data", ".rodata", ".bss", ".init.data", ".exit.data", ".init.rodata", "__mcount_loc", ".orc_unwind", ".orc_header",
    "__bug_table", "__ex_table", ".smp_locks", ".return_sites", ".retpoline_sites", ".call_sites", ".ibt_endbr_seal", ".cfi_sites",
    ".altinstructions", ".parainstructions", "__jump_table", ".static_call_sites", "__ksymtab", "__kcrctab",
    ".gnu.linkonce.this_module", "__patchable_function_entries", ".eh_frame", ".note", ".discard"};

bool mc_module_kernel_calls(const struct mc_image *image, uint64_t place)
{
    const struct mc_section *found = NULL;
    for (size_t i = 0; image->module && i < image->section_count && !found; i++)
        if (image->sections[i].address && place - image->sections[i].address < image->sections[i].size)
            found = &image->sections[i];
    for (size_t i = 0; found && i < sizeof not_called_from / sizeof *not_called_from; i++)
        if (!strncmp(found->name, not_called_from[i], strlen(not_called_from[i])))
            return false;
    return found && !(found->flags & SHF_EXECINSTR);
}

/* ---- alternatives ---- */

enum { SITE = 0, REPLACEMENT = 4, FEATURE = 8, FLAGS = 10 }; /* offsets in struct alt_instr */

/* Its sizes: 14 with flags beside the feature (6.3 and later), 12 (5.13 and later), 13 with one byte more (before). */
static uint64_t record_size(const struct mc_image *image, const struct mc_section *section)
{
    size_t first = mc_image_first_reloc(image, section->address);
    size_t count = mc_image_first_reloc(image, section->address + section->size) - first;
    uint64_t size = count >= 2 && count % 2 == 0 ? section->size / (count / 2) : 0; /* two relocations in each */
    return size >= 12 && size <= 14 && section->size == size * (count / 2) ? size : 0;
}

static uint64_t relative(const struct mc_image *image, uint64_t place)
{
    uint64_t distance = 0;
    mc_image_read(image, place, 4, &distance);
    return place + (uint64_t)(int64_t)(int32_t)(uint32_t)distance;
}

static struct mc_alternative read_alternative(const struct mc_image *image, uint64_t record, uint64_t size)
{
    uint64_t feature = 0, flags = 0, lengths = 0;
    mc_image_read(image, record + FEATURE, 2, &feature);
    mc_image_read(image, record + FLAGS, 2, size == 14 ? &flags : &lengths);
    if (size == 14)
        mc_image_read(image, record + FLAGS + 2, 2, &lengths);
    else
        flags = feature >> 15; /* ALTINSTR_FLAG_INV */
    uint64_t start = relative(image, record + REPLACEMENT);
    return (struct mc_alternative){.site = relative(image, record + SITE),
                                   .start = start,
                                   .end = start + (lengths >> 8 & 0xff), /* the length replaced stands before it */
                                   .feature = size == 14 ? (uint16_t)feature : (uint16_t)(feature & 0x7fff),
                                   .inverted = flags & 1};
}

static int by_start(const void *a, const void *b)
{
    const struct mc_alternative *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static void read_alternatives(struct mc_image_build *build, struct mc_module *module)
{
    struct mc_image *image = build->image;
    const struct mc_section *section = mc_section_named(image, ".altinstructions");
    if (!section || !section->address || !section->size)
        return;
    uint64_t size = record_size(image, section), count = size ? section->size / size : 0;
    if (!size)
        mc_image_damage(build, section->file_offset, ".altinstructions is of a layout that is not known");
    module->alternatives = MC_NEW_ARRAY(&image->arena, count + 1, struct mc_alternative);
    for (uint64_t i = 0; i < count; i++) {
        struct mc_alternative one = read_alternative(image, section->address + i * size, size);
        if (one.start < one.end && mc_image_is_code(image, one.start))
            module->alternatives[module->alternative_count++] = one;
    }
    if (module->alternative_count)
        qsort(module->alternatives, module->alternative_count, sizeof *module->alternatives, by_start);
}

/* ---- jump labels ---- */

#define LABEL_SIZE 16 /* with CONFIG_HAVE_ARCH_JUMP_LABEL_RELATIVE: 4.19 and later */

static int by_site(const void *a, const void *b)
{
    const struct mc_jump_label *x = a, *y = b;
    return x->site < y->site ? -1 : x->site > y->site;
}

/* Two distances of 32 bits, and one of 64 to the key with flags in its low bits: 1 the branch is the likely way, 2 it lies in code
 * that is dropped after start-up. */
static void read_labels(struct mc_image_build *build, struct mc_module *module)
{
    struct mc_image *image = build->image;
    const struct mc_section *section = mc_section_named(image, "__jump_table");
    if (!section || !section->address || !section->size)
        return;
    if (section->size % LABEL_SIZE || image->mode != MC_MODE_64) {
        mc_image_damage(build, section->file_offset, "__jump_table is of a layout that is not known");
        return;
    }
    module->labels = MC_NEW_ARRAY(&image->arena, section->size / LABEL_SIZE, struct mc_jump_label);
    for (uint64_t place = section->address; place < section->address + section->size; place += LABEL_SIZE) {
        uint64_t key = 0;
        mc_image_read(image, place + 8, 8, &key);
        key += place + 8;
        struct mc_jump_label label = {relative(image, place), relative(image, place + 4), key & ~UINT64_C(3), key & 1};
        if (mc_image_is_code(image, label.site) && mc_image_is_code(image, label.target))
            module->labels[module->label_count++] = label;
    }
    if (module->label_count)
        qsort(module->labels, module->label_count, sizeof *module->labels, by_site);
}

/* ---- the kernel that it belongs to ---- */

/* .modinfo: NUL-terminated key=value; vermagic begins with the release (include/linux/vermagic.h). */
static void read_release(const struct mc_image *image, struct mc_module *module)
{
    static const char key[] = "vermagic=";
    const struct mc_section *section = mc_section_named(image, ".modinfo");
    const char *text = section ? (const char *)mc_image_bytes(image, section->address, section->size) : NULL;
    for (size_t at = 0; text && at < section->size; at += strnlen(text + at, section->size - at) + 1) {
        char line[64] = {0};
        if (section->size - at < sizeof key || memcmp(text + at, key, sizeof key - 1))
            continue;
        memcpy(line, text + at, section->size - at < sizeof line - 1 ? section->size - at : sizeof line - 1);
        if (sscanf(line + sizeof key - 1, "%u.%u", &module->release[0], &module->release[1]) != 2)
            module->release[0] = module->release[1] = 0;
        return;
    }
}

void mc_build_module(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    image->module = MC_NEW(&image->arena, struct mc_module);
    find_exports(image);
    read_alternatives(build, image->module);
    read_labels(build, image->module);
    read_release(image, image->module);
}
