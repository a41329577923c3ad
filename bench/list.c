/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/list.h"

#include <stdio.h>
#include <stdlib.h>

void bench_each_file(const char *list, void (*each)(void *context, const char *path), void *context)
{
    FILE *stream = list ? fopen(list, "r") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (!stream) {
        fprintf(stderr, "usage: PROGRAM FILE-WITH-PATHS\n");
        exit(2);
    }
    while ((length = getline(&line, &capacity, stream)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = 0;
        each(context, line);
    }
    free(line);
    fclose(stream);
}
