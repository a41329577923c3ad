/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan_inputs.h"

#include "cli/command.h"
#include "cli/interrupt.h"
#include "input/processes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define PROCESS "pid:"

/* -1 to go on, else the exit status to end with. */
static int read_list(struct mc_inputs *inputs, const char *list, bool zero, const char *command)
{
    struct mc_error error;
    FILE *stream = strcmp(list, "-") == 0 ? stdin : fopen(list, "re");
    if (!stream && mc_interrupted)
        return -1;
    if (!stream)
        return mc_usage_error(command, "%s: cannot open: %s", list, strerror(errno));
    bool good = mc_inputs_add_list(inputs, stream, zero ? 0 : '\n', &error);
    if (stream != stdin)
        fclose(stream);
    return good ? -1 : mc_usage_error(command, "%s: %s", list, error.text);
}

/* The files with code in the process. Not named by the user: clean ones are not listed. */
static void add_process(struct mc_inputs *inputs, const struct mc_process *process, struct mc_sources *sources)
{
    struct mc_arena arena = {0};
    for (size_t i = 0; i < process->map_count; i++) {
        const char *path = mc_process_map_path("/proc", process, &process->maps[i], &arena);
        struct mc_error error = {.kind = MC_ERROR_IO, .offset = MC_NO_OFFSET, .text = "mapped, but it cannot be opened any more"};
        if (path) {
            mc_inputs_add(inputs, path);
            inputs->items[inputs->count - 1].named = false;
        } else {
            mc_diagnose(process->maps[i].path, &error);
            sources->unread++;
        }
    }
    mc_arena_free(&arena);
}

/* pid:N, or all processes when `word` is NULL. -1 to go on, else the exit status to end with. */
static int add_processes(struct mc_inputs *inputs, const char *word, struct mc_sources *sources, const char *command)
{
    struct mc_processes processes = {0};
    struct mc_error error;
    unsigned pid = 0;
    size_t unread = 0;
    if (word && !mc_parse_number(word + strlen(PROCESS), 1, INT_MAX, &pid))
        return mc_usage_error(command, "%s: not a process number", word);
    if (word ? !mc_process_read("/proc", (int)pid, &processes, &error) : !mc_processes_read("/proc", &processes, &error)) {
        mc_diagnose(word ? word : "--running", &error);
        sources->unread++;
        return -1;
    }
    for (size_t i = 0; i < processes.count; i++) {
        unread += processes.items[i].unread != NULL;
        add_process(inputs, &processes.items[i], sources);
    }
    if (unread)
        mc_warn("%zu of %zu processes may not be read: run as root to see them all", unread, processes.count);
    sources->unread += unread;
    mc_processes_free(&processes);
    return -1;
}

int mc_gather_inputs(struct mc_sources *sources, const char *command, struct mc_inputs *inputs)
{
    inputs->root = sources->root;
    inputs->stop = &mc_interrupted;
    int status = sources->list ? read_list(inputs, sources->list, sources->zero, command) : -1;
    for (int i = 0; i < sources->count && status < 0 && !mc_interrupted; i++) {
        const char *word = sources->words[i];
        if (strcmp(word, "-") == 0)
            status = read_list(inputs, "-", sources->zero, command);
        else if (strncmp(word, PROCESS, strlen(PROCESS)) == 0 && !sources->root)
            status = add_processes(inputs, word, sources, command);
        else
            mc_inputs_add(inputs, word);
    }
    if (sources->running && status < 0 && !mc_interrupted)
        status = add_processes(inputs, NULL, sources, command);
    bool nothing = sources->count == 0 && !sources->list && !sources->running;
    if (nothing && sources->root)
        mc_inputs_add(inputs, "/");
    else if (nothing)
        status = mc_usage_error(command, "which files or folders?");
    mc_inputs_finish(inputs);
    return status;
}
