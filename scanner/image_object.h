/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to image_object.c (layout), image_object_groups.c and image_object_relocs.c (relocations of objects). */
#ifndef MC_SCANNER_IMAGE_OBJECT_H
#define MC_SCANNER_IMAGE_OBJECT_H

#include "scanner/image_build.h"

#define MC_SLOT_FILLED (UINT32_C(1) << 31)

struct mc_object {
    struct mc_image_build *build;
    uint32_t *segment_of; /* section to index of its segment; sections without bytes have none */
    uint64_t end;         /* of what has been laid so far */
    uint64_t stored;      /* bytes of sections laid so far that come from the file */
    uint64_t records;     /* bytes of relocation records read so far in this pass over the file */
    uint64_t tls_start, tls_end;
    uint64_t got; /* address of the GOT; its first three words are the linker's */
    uint8_t *got_bytes;
    uint32_t *got_slot; /* by symbol index in the file: 1 + slot, 0 when none, MC_SLOT_FILLED; heap */
    size_t got_count;
    bool got_used; /* something is relative to the GOT, with or without slots */
};

void mc_object_name_groups(struct mc_image_build *build); /* the COMDAT group of each section; needs the symbol table */
void mc_object_find_got(struct mc_object *object); /* which symbols need a slot */
void mc_object_relocate(struct mc_object *object); /* applies relocations to private copies; lists them */

#endif
