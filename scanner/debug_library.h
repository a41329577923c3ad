/* SPDX-License-Identifier: Apache-2.0 */
/* libdw's functions, loaded when first asked for. Internal to debug_info.c. */
#ifndef MC_SCANNER_DEBUG_LIBRARY_H
#define MC_SCANNER_DEBUG_LIBRARY_H

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>

/* One list for the pointers and their loading. */
#define MC_LIBDW_FUNCTIONS(FUNCTION)                                                                                   \
    FUNCTION(dwarf_attr)                                                                                               \
    FUNCTION(dwarf_attr_integrate)                                                                                     \
    FUNCTION(dwarf_begin_elf)                                                                                          \
    FUNCTION(dwarf_end)                                                                                                \
    FUNCTION(dwarf_filesrc)                                                                                            \
    FUNCTION(dwarf_formflag)                                                                                           \
    FUNCTION(dwarf_formstring)                                                                                         \
    FUNCTION(dwarf_formudata)                                                                                          \
    FUNCTION(dwarf_getscopes)                                                                                          \
    FUNCTION(dwarf_getscopes_die)                                                                                      \
    FUNCTION(dwarf_getsrc_die)                                                                                         \
    FUNCTION(dwarf_getsrcfiles)                                                                                        \
    FUNCTION(dwarf_lineno)                                                                                             \
    FUNCTION(dwarf_linesrc)                                                                                            \
    FUNCTION(dwarf_nextcu)                                                                                             \
    FUNCTION(dwarf_offdie)                                                                                             \
    FUNCTION(dwarf_ranges)                                                                                             \
    FUNCTION(dwarf_tag)                                                                                                \
    FUNCTION(dwelf_elf_gnu_build_id)                                                                                   \
    FUNCTION(dwfl_begin)                                                                                               \
    FUNCTION(dwfl_end)                                                                                                 \
    FUNCTION(dwfl_module_getdwarf)                                                                                     \
    FUNCTION(dwfl_module_getelf)                                                                                       \
    FUNCTION(dwfl_offline_section_address)                                                                             \
    FUNCTION(dwfl_report_end)                                                                                          \
    FUNCTION(dwfl_report_offline)

struct mc_libdw {
#define MC_LIBDW_MEMBER(name) __typeof__(&name) name;
    MC_LIBDW_FUNCTIONS(MC_LIBDW_MEMBER)
#undef MC_LIBDW_MEMBER
};

/* NULL when the library is not installed or too old to have these functions. Thread-safe; never unloaded. */
const struct mc_libdw *mc_libdw_load(void);

#endif
