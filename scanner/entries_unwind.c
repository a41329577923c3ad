/* SPDX-License-Identifier: Apache-2.0 */
/* .eh_frame and the language-specific data areas behind it: function extents and landing pads.
 *
 * Own bounded reading: the format is small, and libdw costs a load of four libraries. Sources: LSB Core 5.0, "Exception
 * Frames" (10.6) and "DWARF Extensions" (10.5, pointer encodings); the LSDA as the Itanium C++ ABI's personality reads
 * it. */
#include "base/cursor.h"
#include "scanner/entries_build.h"

#define ENCODING_OMIT 0xff
#define AUGMENTATION_LIMIT 16 /* characters; five are known */
enum {
    FORMAT_ABSOLUTE = 0,
    FORMAT_ULEB = 1,
    FORMAT_U2 = 2,
    FORMAT_U4 = 3,
    FORMAT_U8 = 4,
    FORMAT_SLEB = 9,
    FORMAT_S2 = 10,
    FORMAT_S4 = 11,
    FORMAT_S8 = 12
};
enum {
    BASE_NONE = 0,
    BASE_PLACE = 0x10,
    BASE_TEXT = 0x20,
    BASE_DATA = 0x30,
    BASE_FUNCTION = 0x40,
    BASE_ALIGNED = 0x50
};

struct unwind {
    struct mc_entry_finder *finder;
    const struct mc_image *image;
    struct mc_cursor cursor;
    uint64_t address; /* of the cursor's first byte */
    /* the CIE read last */
    uint64_t cie; /* its position, UINT64_MAX when none */
    bool cie_usable, has_data;
    uint8_t pointer_encoding, lsda_encoding;
    uint64_t call_site_bytes; /* read so far: tables do not overlap, so never more than the file has */
};

static uint64_t read_uleb(struct mc_cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = mc_read_u8(cursor);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80) || cursor->bad)
            return value;
    }
}

static uint64_t read_sleb(struct mc_cursor *cursor)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = mc_read_u8(cursor);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80 && !cursor->bad);
    if (byte & 0x40 && shift < 64)
        value |= UINT64_MAX << shift;
    return value;
}

static uint64_t read_format(struct mc_cursor *cursor, uint8_t format, bool wide)
{
    switch (format) {
    case FORMAT_ABSOLUTE:
        return wide ? mc_read_u64(cursor) : mc_read_u32(cursor);
    case FORMAT_ULEB:
        return read_uleb(cursor);
    case FORMAT_U2:
        return mc_read_u16(cursor);
    case FORMAT_U4:
        return mc_read_u32(cursor);
    case FORMAT_U8:
    case FORMAT_S8:
        return mc_read_u64(cursor);
    case FORMAT_SLEB:
        return read_sleb(cursor);
    case FORMAT_S2:
        return (uint64_t)(int64_t)(int16_t)mc_read_u16(cursor);
    case FORMAT_S4:
        return (uint64_t)(int64_t)(int32_t)mc_read_u32(cursor);
    default:
        cursor->bad = true;
        return 0;
    }
}

/* A pointer in one of the DW_EH_PE encodings; `origin` is the address of the cursor's first byte, `function` the base
 * of funcrel. 0 is the null pointer whatever the base. Truncated to 32 bits in 32-bit files. */
static uint64_t read_pointer(const struct mc_image *image, struct mc_cursor *cursor, uint64_t origin, uint8_t encoding,
                             uint64_t function)
{
    bool wide = image->mode == MC_MODE_64;
    uint8_t base = encoding & 0x70;
    if (base == BASE_ALIGNED) {
        mc_take(cursor, -(origin + cursor->position) & (wide ? 7u : 3u));
        encoding = FORMAT_ABSOLUTE;
    }
    uint64_t place = origin + cursor->position, value = read_format(cursor, encoding & 0x0f, wide);
    if ((encoding & 0x7f) == FORMAT_ABSOLUTE && !cursor->bad)
        mc_image_read(image, place, wide ? 8 : 4, &value); /* may be relocated */
    if (!value)
        return 0;
    if (base == BASE_PLACE)
        value += place;
    else if (base == BASE_DATA)
        value += image->got_base;
    else if (base == BASE_FUNCTION)
        value += function;
    if (!wide)
        value = (uint32_t)value;
    if (encoding & 0x80 && !mc_image_read(image, value, wide ? 8 : 4, &value))
        value = 0;
    return value;
}

/* Reads what an FDE needs from its CIE: how its pointers are written. */
static void read_cie(struct unwind *unwind, uint64_t position)
{
    struct mc_cursor cursor = unwind->cursor;
    unwind->cie = position;
    unwind->cie_usable = unwind->has_data = false;
    unwind->pointer_encoding = FORMAT_ABSOLUTE;
    unwind->lsda_encoding = ENCODING_OMIT;
    cursor.bad = false;
    if (!mc_seek(&cursor, position))
        return;
    if (mc_read_u32(&cursor) == UINT32_MAX)
        mc_read_u64(&cursor);
    if (mc_read_u32(&cursor) != 0)
        return; /* not a CIE */
    uint8_t version = mc_read_u8(&cursor);
    const char *augmentation = (const char *)cursor.bytes + cursor.position;
    size_t length = 0;
    while (length <= AUGMENTATION_LIMIT && mc_read_u8(&cursor) != 0)
        length++;
    if (cursor.bad || length > AUGMENTATION_LIMIT || (version != 1 && version != 3 && version != 4))
        return;
    if (length >= 2 && augmentation[0] == 'e' && augmentation[1] == 'h')
        mc_take(&cursor, unwind->image->mode == MC_MODE_64 ? 8 : 4);
    if (version == 4)
        mc_take(&cursor, 2);
    read_uleb(&cursor);
    read_sleb(&cursor);
    if (version == 1)
        mc_read_u8(&cursor);
    else
        read_uleb(&cursor);
    unwind->cie_usable = !cursor.bad;
    if (!length || augmentation[0] != 'z')
        return;
    unwind->has_data = true;
    read_uleb(&cursor);
    for (size_t i = 1; i < length; i++) {
        if (augmentation[i] == 'R')
            unwind->pointer_encoding = mc_read_u8(&cursor);
        else if (augmentation[i] == 'L')
            unwind->lsda_encoding = mc_read_u8(&cursor);
        else if (augmentation[i] == 'P')
            read_pointer(unwind->image, &cursor, unwind->address, mc_read_u8(&cursor), 0);
    }
    unwind->cie_usable = !cursor.bad;
}

/* The call-site table: {start, length, pad, action} relative to the function, pad 0 when a throw just passes. */
static bool read_call_sites(struct unwind *unwind, uint64_t lsda, uint64_t function)
{
    const struct mc_image *image = unwind->image;
    uint64_t room = mc_image_available(image, lsda);
    if (!room)
        return false;
    struct mc_cursor cursor = mc_cursor_at(mc_image_bytes(image, lsda, room), room);
    bool wide = image->mode == MC_MODE_64;
    uint8_t encoding = mc_read_u8(&cursor);
    uint64_t pads = encoding == ENCODING_OMIT ? function : read_pointer(image, &cursor, lsda, encoding, function);
    if (mc_read_u8(&cursor) != ENCODING_OMIT)
        read_uleb(&cursor); /* where the type table is: not ours */
    encoding = mc_read_u8(&cursor) & 0x0f;
    uint64_t size = read_uleb(&cursor);
    unwind->call_site_bytes += size;
    if (cursor.bad || size > cursor.size - cursor.position || unwind->call_site_bytes > image->file_size)
        return false;
    cursor.size = cursor.position + size;
    while (cursor.position < cursor.size) {
        uint64_t start = function + read_format(&cursor, encoding, wide), length = read_format(&cursor, encoding, wide);
        uint64_t pad = read_format(&cursor, encoding, wide);
        read_uleb(&cursor);
        if (cursor.bad)
            return false;
        uint64_t end;
        if (pad && mc_finder_in_code(unwind->finder, pads + pad, &end))
            mc_push(&unwind->finder->pads, ((struct mc_landing_pad){start, start + length, pads + pad}));
    }
    return true;
}

/* The cursor stands behind the CIE pointer, cut to the record. False when the record makes no sense. */
static bool read_fde(struct unwind *unwind, struct mc_cursor *record)
{
    const struct mc_image *image = unwind->image;
    uint64_t start = read_pointer(image, record, unwind->address, unwind->pointer_encoding, 0);
    uint64_t size = read_format(record, unwind->pointer_encoding & 0x0f, image->mode == MC_MODE_64);
    if (image->mode == MC_MODE_32)
        size = (uint32_t)size;
    if (record->bad)
        return false;
    if (!start || !size)
        return true; /* code that the linker left out */
    mc_finder_add(unwind->finder, start, size, MC_ENTRY_UNWIND, NULL);
    if (!unwind->has_data)
        return true;
    read_uleb(record);
    if (unwind->lsda_encoding == ENCODING_OMIT)
        return !record->bad;
    uint64_t lsda = read_pointer(image, record, unwind->address, unwind->lsda_encoding, start);
    if (record->bad)
        return false;
    return !lsda || read_call_sites(unwind, lsda, start);
}

/* One record: length (4 bytes, or 0xffffffff and 8), then 0 for a CIE or the distance back to the FDE's CIE. */
static bool read_record(struct unwind *unwind, uint64_t length)
{
    struct mc_cursor *cursor = &unwind->cursor;
    struct mc_cursor record = *cursor;
    if (!mc_take(cursor, length))
        return false;
    record.size = cursor->position;
    uint64_t place = record.position;
    uint32_t distance = mc_read_u32(&record);
    if (record.bad)
        return false;
    if (!distance)
        return true;
    if (distance > place)
        return false;
    if (unwind->cie != place - distance)
        read_cie(unwind, place - distance);
    return unwind->cie_usable && read_fde(unwind, &record);
}

void mc_entries_from_unwind(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    uint64_t size = image->eh_frame_size, room = mc_image_available(image, image->eh_frame);
    if (!image->eh_frame || !size)
        return;
    if (size > room) {
        mc_finder_warn(finder, image->eh_frame, "the unwind table ends beyond the file");
        size = room;
    }
    if (!size)
        return;
    struct unwind unwind = {.finder = finder,
                            .image = image,
                            .cursor = mc_cursor_at(mc_image_bytes(image, image->eh_frame, size), size),
                            .address = image->eh_frame,
                            .cie = UINT64_MAX};
    struct mc_cursor *cursor = &unwind.cursor;
    mc_reserve(&finder->found, size / 40);
    while (cursor->size - cursor->position >= 4) {
        uint64_t start = cursor->position, length = mc_read_u32(cursor);
        if (!length && !image->section_count)
            break; /* without a section header the terminator is the only sign of the end */
        if (length == UINT32_MAX)
            length = mc_read_u64(cursor);
        if (length && !read_record(&unwind, length))
            mc_finder_warn(finder, unwind.address + start, "an unwind record cannot be read");
        if (cursor->bad)
            return;
    }
}
