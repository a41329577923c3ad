/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIST_H
#define BENCH_LIST_H

/* Calls `each` for every path in the file `list`, one path per line. Ends the program when the list cannot be read. */
void bench_each_file(const char *list, void (*each)(void *context, const char *path), void *context);

#endif
