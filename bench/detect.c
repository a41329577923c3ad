/* SPDX-License-Identifier: Apache-2.0 */
/* Detection alone: which files have a use outside the baseline? What a scan does before any proof, on one thread. */
#include "bench/list.h"
#include "scanner/scan.h"

#include <stdio.h>

struct counts {
    struct mc_scan_options options;
    unsigned long files, with_uses;
};

static void each(void *context, const char *path)
{
    struct counts *counts = context;
    struct mc_error error;
    struct mc_image *image = mc_image_open(path, &error);
    if (!image)
        return;
    counts->files++;
    counts->with_uses += mc_scan_has_uses(image, &counts->options);
    mc_image_free(image);
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    struct mc_error error;
    if (!mc_baseline_parse("x86-64-v1", &counts.options.baseline, &error))
        return 1;
    bench_each_file(argc == 2 ? argv[1] : NULL, each, &counts);
    printf("%lu files, %lu with uses\n", counts.files, counts.with_uses);
    return 0;
}
