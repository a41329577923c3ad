/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "store/build_id.h"

#include "base/cursor.h"

#include <link.h>

struct search {
    uint8_t *bytes;
    size_t size;
};

static size_t padded(uint32_t size)
{
    return ((size_t)size + 3) & ~(size_t)3;
}

static void read_notes(const void *notes, size_t size, struct search *search)
{
    struct mc_cursor in = mc_cursor_at(notes, size);
    while (!in.bad && in.position < size && !search->size) {
        uint32_t name_size = mc_read_u32(&in), value_size = mc_read_u32(&in), type = mc_read_u32(&in);
        const uint8_t *name = mc_take(&in, padded(name_size)), *value = mc_take(&in, padded(value_size));
        if (name && value && type == NT_GNU_BUILD_ID && name_size == 4 && memcmp(name, "GNU", 4) == 0 && value_size <= 64) {
            memcpy(search->bytes, value, value_size);
            search->size = value_size;
        }
    }
}

/* The first object is the program itself. */
static int look(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE) {
            ElfW(Addr) address = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            read_notes((const void *)address, info->dlpi_phdr[i].p_memsz, context);
        }
    return 1;
}

size_t mc_own_build_id(uint8_t ret[64])
{
    struct search search = {.bytes = ret};
    dl_iterate_phdr(look, &search);
    return search.size;
}
