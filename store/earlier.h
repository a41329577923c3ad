/* SPDX-License-Identifier: Apache-2.0 */
/* An earlier scan report (schema maskcheck/scan/1, json or jsonl): the fingerprints of what it found, listed or not. */
#ifndef MC_STORE_EARLIER_H
#define MC_STORE_EARLIER_H

#include "base/error.h"
#include "base/vector.h"

#include <stdbool.h>

struct mc_earlier {
    MC_VECTOR(char *) fingerprints; /* sorted */
};

/* False: *ret_error says what is wrong with the file; *ret is empty. */
bool mc_earlier_open(const char *path, struct mc_earlier *ret, struct mc_error *ret_error);
bool mc_earlier_has(const struct mc_earlier *earlier, const char *fingerprint);
void mc_earlier_free(struct mc_earlier *earlier);

#endif
