/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its bytes; names say nothing. */
#ifndef MC_INPUT_CLASSIFY_H
#define MC_INPUT_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mc_input_kind {
    MC_INPUT_ELF,
    MC_INPUT_ARCHIVE,      /* ar archive with members inside */
    MC_INPUT_THIN_ARCHIVE, /* ar archive that only names files */
    MC_INPUT_OTHER,        /* a regular file of another kind, empty ones included */
    MC_INPUT_SPECIAL,      /* FIFO, device, socket, dangling link: never opened */
    MC_INPUT_ERROR,        /* could not be read: `error` says why */
    /* Containers: input/container.h opens them. */
    MC_INPUT_PACKAGE,      /* Debian package: an ar archive whose first member is debian-binary */
    MC_INPUT_RPM,          /* a header before a compressed cpio archive */
    MC_INPUT_COMPRESSED,   /* one file, compressed */
    MC_INPUT_TAR,
    MC_INPUT_CPIO,
    MC_INPUT_INDEXED,      /* its directory is not in front: zip, 7-zip, ISO 9660 */
    MC_INPUT_SQUASHFS,
    MC_INPUT_APPIMAGE,     /* ELF file with a SquashFS (type 2) or in an ISO 9660 (type 1) file system */
    MC_INPUT_IMAGE_FOLDER, /* a folder laid out as an OCI or docker-save image: input/container_image.h */
};

#define MC_CLASSIFY_HEAD 512           /* bytes that tell every kind but ISO 9660 */
#define MC_CLASSIFY_ISO UINT64_C(32768) /* offset of the first volume descriptor (ECMA-119, 6.2.1) ... */
#define MC_CLASSIFY_ISO_SIZE 6          /* ... of which this many bytes are looked at */

/* By the first bytes of a file; size may be any, and what lies beyond is not looked at. */
enum mc_input_kind mc_classify_bytes(const uint8_t *bytes, size_t size);
/* For the bytes at MC_CLASSIFY_ISO. */
bool mc_classify_is_iso(const uint8_t bytes[MC_CLASSIFY_ISO_SIZE]);

static inline bool mc_input_is_container(enum mc_input_kind kind)
{
    return kind >= MC_INPUT_PACKAGE;
}

#endif
