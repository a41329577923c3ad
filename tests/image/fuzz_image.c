/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a file and as an archive, then every question an image and its entries answer. */
#include <stdlib.h>
#include <string.h>

#include "scanner/archive.h"
#include "scanner/entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void ask_image(const struct mc_image *image, uint64_t address)
{
    uint64_t value;
    mc_image_read(image, address, 8, &value);
    mc_image_read(image, address, 1, &value);
    mc_image_symbol_for(image, address);
    mc_image_exports(image, address);
    mc_image_import_at(image, address);
    mc_image_file_offset(image, address);
    uint64_t available = mc_image_available(image, address);
    const uint8_t *data = mc_image_bytes(image, address, available);
    volatile uint8_t last = available ? data[available - 1] : 0;
    (void)last;
}

static void check_image(const struct mc_image *image)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        check(!i || segment[-1].address + segment[-1].size <= segment->address);
        ask_image(image, segment->address);
        ask_image(image, segment->address + segment->size - 1);
    }
    for (size_t i = 0; i < image->symbol_count; i++) {
        check(!i || image->symbols[i - 1].address <= image->symbols[i].address);
        check(strlen(image->symbols[i].name) < image->file_size);
        ask_image(image, image->symbols[i].address);
    }
    for (size_t i = 0; i < image->reloc_count; i++) {
        check(!i || image->relocs[i - 1].place <= image->relocs[i].place);
        ask_image(image, image->relocs[i].place);
    }
    for (size_t i = 0; i < image->import_count; i++)
        check(mc_image_import_at(image, image->imports[i].address) == &image->imports[i]);
    for (size_t i = 0; i < image->code_count; i++)
        check(mc_image_is_code(image, image->code[i].start) && image->code[i].start < image->code[i].end);
}

static void check_entries(const struct mc_image *image, const struct mc_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct mc_entry *entry = &entries->items[i];
        check(entry->sources && mc_image_is_code(image, entry->address) && entry->address < entry->end);
        check(!i || entry[-1].address < entry->address);
        check(mc_image_bytes(image, entry->address, entry->end - entry->address) != NULL);
        check(mc_entry_at(entries, entry->address) == entry);
        check(mc_entry_holding(entries, entry->address) == entry);
    }
    for (size_t i = 0; i < entries->uncovered_count; i++)
        check(entries->uncovered[i].start < entries->uncovered[i].end);
    for (size_t i = 1; i < entries->landing_pad_count; i++)
        check(entries->landing_pads[i - 1].pad <= entries->landing_pads[i].pad);
}

static void try_file(const uint8_t *bytes, size_t size)
{
    struct mc_error error = {0};
    struct mc_image *image = mc_image_from_bytes("fuzz", bytes, size, &error);
    struct mc_arena arena = {0};
    if (image) {
        check_image(image);
        struct mc_entries *entries = mc_entries_find(image, &arena, NULL);
        mc_entries_name(image, entries);
        check_entries(image, entries);
    } else {
        check(error.kind != MC_ERROR_NONE && error.text[0]);
    }
    mc_arena_free(&arena);
    mc_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mc_archive archive;
    try_file(bytes, size);
    if (!mc_archive_from_bytes(bytes, size, &archive, NULL))
        return 0;
    for (size_t i = 0; i < archive.count; i++) {
        check(archive.members[i].name != NULL);
        if (archive.members[i].bytes)
            try_file(archive.members[i].bytes, archive.members[i].size);
    }
    mc_archive_close(&archive);
    return 0;
}
