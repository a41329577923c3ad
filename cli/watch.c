/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/report_file.h"
#include "report/watch.h"

#include <time.h>
#include <unistd.h>

/* Seconds since boot, sleep included, as the kernel counts starts of processes. */
static double read_uptime(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool take_probe(const struct mc_watch_options *options, struct mc_watch_state *ret)
{
    struct mc_probe probe;
    struct mc_error error;
    if (!mc_probe_run(options->probe, &probe, &error)) {
        mc_diagnose(options->probe->cpuid_file, &error);
        return false;
    }
    mc_watch_remember(&probe, ret);
    mc_probe_free(&probe);
    return true;
}

static bool write_event(const struct mc_watch_options *options, FILE *stream, const struct mc_watch_event *event)
{
    if (options->json)
        mc_watch_event_json(stream, event);
    else
        mc_watch_event_text(stream, event);
    return mc_finish_output(stream, options->output);
}

/* Processes that were there when CPUID was still the old one, this one left out. */
static void find_old(const struct mc_processes *system, double since, struct mc_arena *arena,
                     struct mc_watch_event *ret)
{
    const struct mc_process **old = MC_NEW_ARRAY(arena, system->count + 1, const struct mc_process *);
    for (size_t i = 0; i < system->count; i++)
        if (system->items[i].started >= 0 && system->items[i].started <= since && system->items[i].pid != getpid())
            old[ret->process_count++] = &system->items[i];
    ret->processes = old;
}

static bool tell_change(const struct mc_watch_options *options, FILE *stream, const struct mc_watch_state *now,
                        struct mc_watch_event event, double since, struct mc_arena *arena)
{
    const char *proc = options->probe->proc_dir ? options->probe->proc_dir : "/proc";
    struct mc_processes system = {0};
    struct mc_error error;
    if (mc_processes_read(proc, &system, &error))
        find_old(&system, since, arena, &event);
    else
        mc_diagnose(proc, &error);
    event.machine = &now->profile;
    bool good = write_event(options, stream, &event);
    mc_processes_free(&system);
    return good;
}

/* Until the first change with `once`, until output fails otherwise; until Ctrl-C. */
static int watch_on(const struct mc_watch_options *options, FILE *stream, struct mc_watch_state *before,
                    struct mc_watch_state *after)
{
    for (;;) {
        struct mc_arena arena = {0};
        struct mc_change *changes;
        struct mc_watch_event event = {.seconds = options->seconds};
        bool good = true;
        mc_interrupt_catch();
        sleep(options->seconds);
        mc_interrupt_release(); /* during a probe it ends the process */
        if (mc_interrupted)
            return MC_EXIT_INTERRUPTED;
        double since = read_uptime(); /* what starts during the probe may have seen either */
        if (!take_probe(options, after))
            continue; /* said why; the next one may do */
        event.when = time(NULL);
        event.count = mc_watch_compare(before, after, &arena, &changes);
        event.changes = changes;
        if (event.count)
            good = tell_change(options, stream, after, event, since, &arena);
        mc_arena_free(&arena);
        if (!good)
            return MC_EXIT_USAGE;
        if (event.count && options->once)
            return MC_EXIT_UNSAFE;
        mc_watch_forget(before);
        *before = *after;
    }
}

int mc_watch(const struct mc_watch_options *options)
{
    static struct mc_watch_state before, after;
    if (!take_probe(options, &before))
        return options->probe->cpuid_file ? MC_EXIT_USAGE : MC_EXIT_INCOMPLETE;
    FILE *stream = mc_open_report(options->output);
    if (!stream) {
        mc_watch_forget(&before);
        return MC_EXIT_USAGE;
    }
    const struct mc_watch_event start = {.when = time(NULL), .machine = &before.profile, .seconds = options->seconds};
    int status = write_event(options, stream, &start) ? watch_on(options, stream, &before, &after) : MC_EXIT_USAGE;
    mc_watch_forget(&before);
    mc_watch_forget(&after);
    return mc_close_report(stream, options->output) ? status : MC_EXIT_USAGE;
}
