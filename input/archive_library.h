/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to libarchive. The library costs milliseconds when merely linked, and need not be installed: it is loaded
 * when the first archive is met. Its functions stand in a table under their names without the prefix archive_. */
#ifndef MC_INPUT_ARCHIVE_LIBRARY_H
#define MC_INPUT_ARCHIVE_LIBRARY_H

#include <archive.h>
#include <archive_entry.h>

/* FUNCTION(name): columns are the names alone; types come from archive.h. Filters that start other programs (lrzip, lzop,
 * grzip) are left out on purpose. */
#define MC_ARCHIVE_FUNCTIONS(FUNCTION)                                                                                 \
    FUNCTION(read_new)                                                                                                 \
    FUNCTION(read_free)                                                                                                \
    FUNCTION(read_support_filter_gzip)                                                                                 \
    FUNCTION(read_support_filter_bzip2)                                                                                \
    FUNCTION(read_support_filter_compress)                                                                             \
    FUNCTION(read_support_filter_lzma)                                                                                 \
    FUNCTION(read_support_filter_xz)                                                                                   \
    FUNCTION(read_support_filter_lzip)                                                                                 \
    FUNCTION(read_support_filter_zstd)                                                                                 \
    FUNCTION(read_support_filter_lz4)                                                                                  \
    FUNCTION(read_support_filter_rpm)                                                                                  \
    FUNCTION(read_support_format_raw)                                                                                  \
    FUNCTION(read_support_format_empty)                                                                                \
    FUNCTION(read_support_format_tar)                                                                                  \
    FUNCTION(read_support_format_cpio)                                                                                 \
    FUNCTION(read_support_format_ar)                                                                                   \
    FUNCTION(read_support_format_zip_seekable)                                                                         \
    FUNCTION(read_support_format_zip_streamable)                                                                       \
    FUNCTION(read_support_format_7zip)                                                                                 \
    FUNCTION(read_support_format_iso9660)                                                                              \
    FUNCTION(read_set_option)                                                                                          \
    FUNCTION(read_open2)                                                                                               \
    FUNCTION(read_open_memory)                                                                                         \
    FUNCTION(read_next_header)                                                                                         \
    FUNCTION(read_data)                                                                                                \
    FUNCTION(format)                                                                                                   \
    FUNCTION(filter_count)                                                                                             \
    FUNCTION(filter_bytes)                                                                                             \
    FUNCTION(error_string)                                                                                             \
    FUNCTION(set_error)                                                                                                \
    FUNCTION(entry_pathname)                                                                                           \
    FUNCTION(entry_pathname_utf8)                                                                                      \
    FUNCTION(entry_filetype)                                                                                           \
    FUNCTION(entry_size)                                                                                               \
    FUNCTION(entry_size_is_set)                                                                                        \
    FUNCTION(entry_hardlink)                                                                                           \
    FUNCTION(entry_symlink)                                                                                            \
    FUNCTION(entry_is_data_encrypted)

struct mc_archive_library {
#define MC_ARCHIVE_MEMBER(name) __typeof__(archive_##name) *name;
    MC_ARCHIVE_FUNCTIONS(MC_ARCHIVE_MEMBER)
#undef MC_ARCHIVE_MEMBER
};

/* NULL when the library is not installed or too old to have these functions. Thread-safe; never unloaded. */
const struct mc_archive_library *mc_archive_library_load(void);

#endif
