/* SPDX-License-Identifier: Apache-2.0 */
/* Which build this is: the GNU build-id that the linker put into the running program, a digest of all its code and tables. */
#ifndef MC_STORE_BUILD_ID_H
#define MC_STORE_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

/* The size, at most 64; 0 when the program has none (then nothing tells one build from another). */
size_t mc_own_build_id(uint8_t ret[64]);

#endif
