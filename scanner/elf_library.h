/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to libelf. libelf is asked first; it refuses a whole file (or leaves headers out) for one damaged header,
 * and then these functions give false, have changed nothing, and the bounded reader of elf_reader.c and archive.c reads
 * what is left and describes the damage.
 *
 * One Elf handle per call, ended before it returns (but for mc_elf_library_open): threads share nothing. libelf never
 * writes to the bytes. */
#ifndef MC_SCANNER_ELF_LIBRARY_H
#define MC_SCANNER_ELF_LIBRARY_H

#include "scanner/archive.h"
#include "scanner/elf_reader.h"

/* Fills header, segments, sections, section_names and names_section (arrays in the arena) from elf->bytes, whose
 * identification was checked. True only when every header that the file announces was read. */
bool mc_elf_library_headers(struct mc_elf *elf, struct mc_arena *arena);

/* Fills members and count. True only when the members reach the end of the archive and no name is in BSD's form. */
bool mc_elf_library_members(const uint8_t *bytes, size_t size, struct mc_archive *archive);

/* A handle for readers of other tables (libdw); NULL when libelf refuses the bytes, which must outlive it, and must be
 * writable when a section is to be decompressed. */
struct Elf *mc_elf_library_open(const uint8_t *bytes, size_t size);
/* The same for an open file, which is read and not mapped; it must stay open. */
struct Elf *mc_elf_library_open_file(int file);
void mc_elf_library_close(struct Elf *handle); /* accepts NULL */

#endif
