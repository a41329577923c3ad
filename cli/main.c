/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "cli/command.h"

#include <string.h>

static const struct mc_command commands[] = {
#define MC_COMMAND(name, summary) {#name, summary, mc_cmd_##name},
#include "cli/commands.def"
#undef MC_COMMAND
    {"help", "this text, or the help of a command", NULL},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int print_help(void)
{
    printf("maskcheck: may this virtual machine be live-migrated to an older host?\n\n"
           "A CPUID mask (VMware EVC, CPU models of QEMU and libvirt) hides instructions but does not turn them off.\n"
           "maskcheck finds the programs that would run hidden instructions, and so die after the move.\n\n"
           "Usage: maskcheck COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n'maskcheck COMMAND --help' explains a command.\n\nExamples:\n"
           "  maskcheck scan /usr/bin                               which programs need more than x86-64-v1?\n"
           "  maskcheck scan --baseline intel-merom /opt/app        would they run on a Merom EVC cluster?\n"
           "  maskcheck explain /opt/app/bin/server main            what did the proof believe of main's uses?\n"
           "  maskcheck explain MC002                               what does this rule mean?\n\n"
           "Exit status: 0 nothing unsafe; 1 something unsafe; 2 usage error; 3 nothing unsafe found, but not all could "
           "be judged.\n");
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

static const struct mc_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int report_unknown(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *near = mc_nearest_word(name, names, COMMAND_COUNT);
    if (near)
        return mc_usage_error(NULL, "unknown command '%s'; did you mean '%s'?", name, near);
    return mc_usage_error(NULL, "unknown command '%s'", name);
}

char *const *mc_command_line;

int main(int argc, char **argv)
{
    /* getopt moves the arguments; reports name the command as it was given. */
    char **given = mc_realloc(NULL, (size_t)argc + 1, sizeof *given);
    memcpy(given, argv, ((size_t)argc + 1) * sizeof *given);
    mc_command_line = given;
    if (argc < 2)
        return mc_usage_error(NULL, "which command?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return mc_print_version();
    if (argv[1][0] == '-')
        return mc_usage_error(NULL, "unknown option '%s'", argv[1]);
    const struct mc_command *command = find_command(argv[1]);
    if (!command)
        return report_unknown(argv[1]);
    if (command->run)
        return command->run(argc - 1, argv + 1);
    if (argc < 3) /* maskcheck help */
        return print_help();
    command = find_command(argv[2]); /* maskcheck help COMMAND */
    if (!command)
        return report_unknown(argv[2]);
    if (!command->run)
        return print_help();
    char help[] = "--help";
    char *arguments[] = {argv[2], help, NULL};
    return command->run(2, arguments);
}
