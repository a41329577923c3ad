/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STORE_MADE_RESULT_H
#define TESTS_STORE_MADE_RESULT_H

#include "store/record.h"

/* A result with something in every member that a record keeps. */
struct mc_file_result *made_result(const char *path);
void fill_folder(char folder[64]); /* a new private one */

#endif
