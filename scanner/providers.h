/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose answers the proof of another file leans on (design.md 5.5): the libraries that ld.so would load with it. libavcodec
 * asks libavutil for the CPU's flags; libc reads what ld.so keeps in _rtld_global_ro.
 *
 *     struct mc_providers *providers = mc_providers_new("");     once per run
 *     options.providers = providers; ... mc_scan_path(...)       from any thread
 *     mc_providers_free(providers);                              when all results were made
 *
 * A library is opened when the first file needs it, and evaluated only when it holds CPUID itself: it tells then which of its
 * exported functions and objects hold something of the CPU, and what follows from a test of one of them. Everything it tells is
 * computed from its code; no names are known. */
#ifndef MC_SCANNER_PROVIDERS_H
#define MC_SCANNER_PROVIDERS_H

#include "input/container.h"

struct mc_providers;

/* `root`: where the libraries lie, "" for this system. Never NULL. */
struct mc_providers *mc_providers_new(const char *root);
/* For the members of a container (input/container.h), which is read once more with the first question: what it holds answers, and
 * nothing of this system. `container` must live as long. scanner/proof/tree.h says how libraries are found. */
struct mc_providers *mc_providers_new_within(const struct mc_input *container);
/* Before a member is scanned: what holds it in memory. */
void mc_providers_hold(struct mc_providers *providers, const struct mc_held *held);
bool mc_providers_are_cut(const struct mc_providers *providers); /* the container has more libraries than are kept */
const char *mc_providers_root(const struct mc_providers *providers); /* as given */
void mc_providers_free(struct mc_providers *providers); /* accepts NULL */

#endif
