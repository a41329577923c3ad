/* SPDX-License-Identifier: Apache-2.0 */
#include "input/classify.h"

#include <string.h>

/* One row per beginning, the first that fits counts. Sources: RFC 1952 (gzip; bits 5 to 7 of the flags are reserved), the
 * .xz file format 1.0, RFC 8878 (Zstandard, and its skippable frames), LZ4 frame format 1.6, lzip(1), bzip2's and
 * compress's own headers, PKWARE APPNOTE 4.3.7 and 4.3.16, 7zFormat.txt, cpio(5) (odc, newc, crc), RPM file format
 * ("lead"), squashfs_fs.h of Linux. */
struct magic {
    enum mc_input_kind kind;
    uint8_t size;
    uint8_t bytes[10];
    uint8_t mask_last; /* of the last byte; 0: all of it */
};

static const struct magic magics[] = {
    {MC_INPUT_THIN_ARCHIVE, 8, "!<thin>\n", 0},
    {MC_INPUT_COMPRESSED, 4, {0x1f, 0x8b, 8, 0}, 0xe0},
    {MC_INPUT_COMPRESSED, 6, {0xfd, '7', 'z', 'X', 'Z', 0}, 0},
    {MC_INPUT_COMPRESSED, 4, {0x28, 0xb5, 0x2f, 0xfd}, 0},
    {MC_INPUT_COMPRESSED, 4, {0x04, 0x22, 0x4d, 0x18}, 0},
    {MC_INPUT_COMPRESSED, 5, {'L', 'Z', 'I', 'P', 1}, 0},
    {MC_INPUT_COMPRESSED, 3, {0x1f, 0x9d, 0x90}, 0},
    {MC_INPUT_INDEXED, 4, {'P', 'K', 3, 4}, 0},
    {MC_INPUT_INDEXED, 4, {'P', 'K', 5, 6}, 0},
    {MC_INPUT_INDEXED, 6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}, 0},
    {MC_INPUT_CPIO, 6, "070701", 0},
    {MC_INPUT_CPIO, 6, "070702", 0},
    {MC_INPUT_CPIO, 6, "070707", 0},
    {MC_INPUT_RPM, 4, {0xed, 0xab, 0xee, 0xdb}, 0},
    {MC_INPUT_SQUASHFS, 4, "hsqs", 0},
};

static bool fits(const struct magic *magic, const uint8_t *bytes, size_t size)
{
    size_t last = magic->size - 1u;
    uint8_t mask = magic->mask_last ? magic->mask_last : 0xff;
    return size >= magic->size && !memcmp(bytes, magic->bytes, last) && (bytes[last] & mask) == magic->bytes[last];
}

/* Zstandard may begin with a skippable frame (0x184d2a50 to 5f), bzip2 has a level, and the old .lzma no magic: default
 * properties, a usual dictionary size, and a size that is unknown or sane. */
static bool is_compressed(const uint8_t *bytes, size_t size)
{
    static const uint8_t unknown_size[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (size >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18)
        return true;
    if (size >= 10 && !memcmp(bytes, "BZh", 3) && bytes[3] >= '1' && bytes[3] <= '9')
        return !memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) || !memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6);
    return size >= 13 && bytes[0] == 0x5d && !bytes[1] && !bytes[2] && bytes[4] < 8 &&
           (bytes[3] || bytes[4]) && (!memcmp(bytes + 5, unknown_size, 8) || (!bytes[10] && !bytes[11] && !bytes[12]));
}

static unsigned octal(const uint8_t *bytes, size_t size)
{
    unsigned value = 0;
    size_t at = 0;
    while (at < size && bytes[at] == ' ')
        at++;
    for (; at < size && bytes[at] >= '0' && bytes[at] <= '7'; at++)
        value = value * 8 + (unsigned)(bytes[at] - '0'); /* at most 8 digits */
    return value;
}

/* pax(1), "ustar Interchange Format": the sum of all bytes of the header, its own field (148 to 155) taken as blanks. The
 * oldest archives have no other mark. Some wrote signed sums. */
static bool is_tar(const uint8_t *bytes, size_t size)
{
    unsigned sum = 0;
    int signed_sum = 0;
    if (size < 512 || !bytes[0])
        return false;
    for (size_t i = 0; i < 512; i++) {
        uint8_t byte = i >= 148 && i < 156 ? ' ' : bytes[i];
        sum += byte;
        signed_sum += (int8_t)byte;
    }
    unsigned stored = octal(bytes + 148, 8);
    return stored && (stored == sum || (int)stored == signed_sum);
}

/* AppImage specification: "AI" and the type at offset 8, in the padding of e_ident. */
static enum mc_input_kind classify_elf(const uint8_t *bytes, size_t size)
{
    bool image = size >= 11 && bytes[8] == 'A' && bytes[9] == 'I' && (bytes[10] == 1 || bytes[10] == 2);
    return image ? MC_INPUT_APPIMAGE : MC_INPUT_ELF;
}

enum mc_input_kind mc_classify_bytes(const uint8_t *bytes, size_t size)
{
    if (size >= 4 && !memcmp(bytes, "\177ELF", 4))
        return classify_elf(bytes, size);
    if (size >= 8 && !memcmp(bytes, "!<arch>\n", 8))
        return size >= 21 && !memcmp(bytes + 8, "debian-binary", 13) ? MC_INPUT_PACKAGE : MC_INPUT_ARCHIVE;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (fits(&magics[i], bytes, size))
            return magics[i].kind;
    if (is_compressed(bytes, size))
        return MC_INPUT_COMPRESSED;
    return is_tar(bytes, size) ? MC_INPUT_TAR : MC_INPUT_OTHER;
}

bool mc_classify_is_iso(const uint8_t bytes[MC_CLASSIFY_ISO_SIZE])
{
    return bytes[0] <= 3 && !memcmp(bytes + 1, "CD001", 5); /* ECMA-119, 8.1: type, then the standard's identifier */
}
