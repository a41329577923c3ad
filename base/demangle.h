/* SPDX-License-Identifier: Apache-2.0 */
/* The names of C++ and Rust functions as their source has them. The one door to libiberty, which is linked statically: its code
 * costs nothing until the first name is asked for. Thread-safe.
 *
 * A symbol is any bytes. A few bytes of it can stand for gigabytes of text, so the result is bounded: names that would be
 * longer than MC_LONGEST_DEMANGLED count as not mangled, as damaged ones do. */
#ifndef MC_BASE_DEMANGLE_H
#define MC_BASE_DEMANGLE_H

#include "base/arena.h"

#include <stdbool.h>

#define MC_LONGEST_DEMANGLED 16384 /* bytes, without the NUL */

/* "ns::blend<int>(int*)" of "_ZN2ns5blendIiEEvPi" (Itanium C++ ABI), "krate::blend" of Rust's two manglings; NULL where the
 * symbol is none of these, or after mc_demangle_disable. NULL gives NULL. In the arena. */
const char *mc_demangle(const char *symbol, struct mc_arena *arena);
/* The same, or the symbol itself. */
const char *mc_symbol_text(const char *symbol, struct mc_arena *arena);
/* `word` means the symbol: it is the symbol, or its demangled name, with or without its parameters and the arguments of a
 * template: "_ZN2ns5blendIiEEvPi", "ns::blend<int>", "ns::blend". */
bool mc_symbol_is(const char *symbol, const char *word);

/* For the rest of the process, names stay as they are in the files. Call it while there is one thread. */
void mc_demangle_disable(void);

#endif
