/* SPDX-License-Identifier: Apache-2.0 */
#include "report/watch.h"

#include "report/json.h"
#include "report/words.h"

#define PROCESSES_SHOWN 20 /* in text; JSON has all */
#define REGISTERS_SHOWN 20 /* likewise */
#define CPUS_SHOWN 8

static void print_time(FILE *stream, time_t when)
{
    char text[32] = "";
    struct tm parts;
    if (gmtime_r(&when, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(stream, "%s ", text);
}

static void print_processes(FILE *stream, const struct mc_watch_event *event)
{
    if (event->process_count)
        fprintf(stream, "  %zu processes have run since before and may have decided by what they found then:\n",
                event->process_count);
    for (size_t i = 0; i < event->process_count && i < PROCESSES_SHOWN; i++) {
        const struct mc_process *process = event->processes[i];
        fprintf(stream, "    %d ", process->pid);
        mc_print_clean(stream, process->name);
        if (process->unit) {
            fprintf(stream, " (");
            mc_print_clean(stream, process->unit);
            fputc(')', stream);
        }
        fputc('\n', stream);
    }
    if (event->process_count > PROCESSES_SHOWN)
        fprintf(stream, "    and %zu more\n", event->process_count - PROCESSES_SHOWN);
}

static void print_change(FILE *stream, const struct mc_change *change)
{
    fprintf(stream, "  %-10s %s: %s -> %s", mc_change_kind_name(change->kind), change->what,
            *change->before ? change->before : "none", *change->after ? change->after : "none");
    for (size_t i = 0; i < change->cpu_count && i < CPUS_SHOWN; i++)
        fprintf(stream, "%s %u", i ? "," : change->cpu_count > 1 ? " on CPUs" : " on CPU", change->cpus[i]);
    fputs(change->cpu_count > CPUS_SHOWN ? " ...\n" : "\n", stream);
}

/* What has a name first. */
static void print_changes(FILE *stream, const struct mc_watch_event *event)
{
    size_t registers = 0;
    for (size_t i = 0; i < event->count; i++)
        if (!event->changes[i].is_register)
            print_change(stream, &event->changes[i]);
    for (size_t i = 0; i < event->count; i++)
        if (event->changes[i].is_register && registers++ < REGISTERS_SHOWN)
            print_change(stream, &event->changes[i]);
    if (registers > REGISTERS_SHOWN)
        fprintf(stream, "  and %zu more registers\n", registers - REGISTERS_SHOWN);
}

void mc_watch_event_text(FILE *stream, const struct mc_watch_event *event)
{
    const char *brand = event->machine->machine.brand;
    print_time(stream, event->when);
    if (!event->count) {
        fprintf(stream, "watching %s, every %u s\n", *brand ? brand : mc_profile_vendor(event->machine),
                event->seconds);
        return;
    }
    fprintf(stream, "the CPU under this machine has changed\n");
    print_changes(stream, event);
    print_processes(stream, event);
}

static json_t *numbers(const unsigned *items, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer(items[i]));
    return array;
}

static json_t *changes(const struct mc_watch_event *event)
{
    json_t *array = json_array();
    for (size_t i = 0; i < event->count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(mc_change_kind_name(event->changes[i].kind)));
        json_object_set_new(object, "what", mc_json_text(event->changes[i].what));
        json_object_set_new(object, "before", mc_json_text(event->changes[i].before));
        json_object_set_new(object, "after", mc_json_text(event->changes[i].after));
        json_object_set_new(object, "lost", json_boolean(event->changes[i].lost));
        json_object_set_new(object, "cpus", event->changes[i].cpu_count
                                                ? numbers(event->changes[i].cpus, event->changes[i].cpu_count)
                                                : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *processes(const struct mc_watch_event *event)
{
    json_t *array = json_array();
    for (size_t i = 0; i < event->process_count; i++) {
        const struct mc_process *process = event->processes[i];
        json_t *object = json_object();
        json_object_set_new(object, "pid", json_integer(process->pid));
        json_object_set_new(object, "name", mc_json_text(process->name));
        json_object_set_new(object, "exe", mc_json_text(process->exe));
        json_object_set_new(object, "unit", mc_json_text(process->unit));
        json_array_append_new(array, object);
    }
    return array;
}

void mc_watch_event_json(FILE *stream, const struct mc_watch_event *event)
{
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_string("maskcheck/watch/1"));
    json_object_set_new(object, "time", mc_json_time(event->when));
    json_object_set_new(object, "event", json_string(event->count ? "change" : "start"));
    json_object_set_new(object, "vendor", json_string(event->machine->vendor));
    json_object_set_new(object, "brand", json_string(event->machine->machine.brand));
    json_object_set_new(object, "changes", changes(event));
    json_object_set_new(object, "processes", processes(event));
    mc_json_write(stream, object);
    fputc('\n', stream);
}
