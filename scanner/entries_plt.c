/* SPDX-License-Identifier: Apache-2.0 */
/* PLT stubs and padding: the two things in executable sections that no function covers. */
#include "scanner/entries_build.h"

#include <string.h>

/* Multi-byte NOPs as GNU as, LLVM and the Intel SDM (vol. 2B, NOP, table 4-12) write them; behind 66 and 2E prefixes. */
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
    static const struct { uint8_t bytes[3], known, length; } leas[] = { /* lea esi,[esi+0] and mov esi,esi of i386 */
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

void mc_entries_from_plt(struct mc_entry_finder *finder)
{
    (void)finder;
}
