/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDRAW 0.2 /* seconds */
#define SETTLED 1.0 /* seconds after which a rate means something */

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

double mc_progress_seconds(const struct mc_progress *progress)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return seconds_between(&progress->started, &now);
}

void mc_progress_start(struct mc_progress *progress, const struct mc_input *items, size_t count)
{
    *progress = (struct mc_progress){.wanted = isatty(STDERR_FILENO) && count > 1, .all_files = count};
    for (size_t i = 0; i < count; i++)
        progress->all_bytes += items[i].size;
    clock_gettime(CLOCK_MONOTONIC, &progress->started);
    progress->drawn = progress->started;
}

/* The largest unit of which there is one. */
static const char *unit_of(double bytes, double *ret_divisor)
{
    static const struct {
        double bytes;
        const char *name;
    } units[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (bytes >= units[i].bytes) {
            *ret_divisor = units[i].bytes;
            return units[i].name;
        }
    *ret_divisor = 1;
    return "bytes";
}

void mc_progress_text(const struct mc_progress *progress, double seconds, char *ret, size_t size)
{
    double divisor;
    const char *unit = unit_of((double)progress->all_bytes, &divisor);
    int used = snprintf(ret, size, "%zu of %zu files, %.*f of %.*f %s", progress->files, progress->all_files, divisor > 1,
                        (double)progress->bytes / divisor, divisor > 1, (double)progress->all_bytes / divisor, unit);
    if (seconds < SETTLED || !progress->bytes || used < 0 || (size_t)used >= size)
        return;
    double rate = (double)progress->bytes / seconds;
    unsigned left = (unsigned)((double)(progress->all_bytes - progress->bytes) / rate + 0.5);
    unit = unit_of(rate, &divisor);
    if (left < 3600)
        snprintf(ret + used, size - (size_t)used, ", %.0f %s/s, %u:%02u left", rate / divisor, unit, left / 60, left % 60);
    else
        snprintf(ret + used, size - (size_t)used, ", %.0f %s/s, %u h %02u min left", rate / divisor, unit, left / 3600,
                 left / 60 % 60);
}

void mc_progress_step(struct mc_progress *progress, const struct mc_input *item)
{
    char text[160];
    struct timespec now;
    progress->files++;
    progress->bytes += item->size;
    if (!progress->wanted)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (seconds_between(&progress->drawn, &now) < REDRAW)
        return;
    progress->drawn = now;
    progress->shown = true;
    mc_progress_text(progress, seconds_between(&progress->started, &now), text, sizeof text);
    fprintf(stderr, "\r%s\033[K", text);
}

void mc_progress_clear(struct mc_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
