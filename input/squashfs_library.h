/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to libsquashfs (of squashfs-tools-ng), which reads SquashFS images. Loaded when the first one is met; it need
 * not be installed. Its functions stand in a table under their names without the prefix sqfs_. */
#ifndef MC_INPUT_SQUASHFS_LIBRARY_H
#define MC_INPUT_SQUASHFS_LIBRARY_H

#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>

/* FUNCTION(name): columns are the names alone; types come from sqfs/. */
#define MC_SQUASHFS_FUNCTIONS(FUNCTION)                                                                                \
    FUNCTION(super_read)                                                                                               \
    FUNCTION(compressor_config_init)                                                                                   \
    FUNCTION(compressor_create)                                                                                        \
    FUNCTION(compressor_name_from_id)                                                                                  \
    FUNCTION(dir_reader_create)                                                                                        \
    FUNCTION(dir_reader_get_root_inode)                                                                                \
    FUNCTION(dir_reader_open_dir)                                                                                      \
    FUNCTION(dir_reader_read)                                                                                          \
    FUNCTION(dir_reader_get_inode)                                                                                     \
    FUNCTION(inode_get_file_size)                                                                                      \
    FUNCTION(data_reader_create)                                                                                       \
    FUNCTION(data_reader_load_fragment_table)                                                                          \
    FUNCTION(data_reader_read)                                                                                         \
    FUNCTION(free)

struct mc_squashfs_library {
#define MC_SQUASHFS_MEMBER(name) __typeof__(sqfs_##name) *name;
    MC_SQUASHFS_FUNCTIONS(MC_SQUASHFS_MEMBER)
#undef MC_SQUASHFS_MEMBER
};

/* NULL when the library is not installed or too old to have these functions. Thread-safe; never unloaded. */
const struct mc_squashfs_library *mc_squashfs_library_load(void);

#endif
