/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand shares: its entry in the table, exit statuses, and the few ways to talk to the user.
 *
 * Only cli/ prints and exits. Results go to stdout, diagnostics to stderr; every diagnostic is one line that starts with
 * "maskcheck: ". A subcommand parses its own options with getopt_long and returns an exit status. */
#ifndef MC_CLI_COMMAND_H
#define MC_CLI_COMMAND_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The same for every command (design: "Exit status of every command"). */
enum mc_exit {
    MC_EXIT_SAFE = 0,       /* nothing unsafe */
    MC_EXIT_UNSAFE = 1,     /* something unsafe */
    MC_EXIT_USAGE = 2,      /* the command line is wrong, or the output could not be written */
    MC_EXIT_INTERRUPTED = 130, /* Ctrl-C: what was found so far is reported (128 + SIGINT, as shells count) */
    MC_EXIT_INCOMPLETE = 3, /* nothing unsafe found, but at least one input could not be judged in full */
};

struct mc_command {
    const char *name;
    const char *summary;              /* one line, lower case, no full stop */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name; returns an enum mc_exit */
};

#define MC_COMMAND(name, summary) int mc_cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef MC_COMMAND

extern const char mc_version[];      /* "0.1.0" */
extern char *const *mc_command_line; /* main's argv, as given */

/* "maskcheck: text" and a pointer to `maskcheck COMMAND --help` on stderr (command may be NULL). Returns MC_EXIT_USAGE. */
int mc_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "maskcheck: SUBJECT: [offset N: ]text" on stderr; control bytes of the subject (a path, may be NULL) are escaped. */
void mc_diagnose(const char *subject, const struct mc_error *error);
void mc_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* After Ctrl-C: `left` of `count` items were not finished; not `listed`: they had not even all been found. */
void mc_say_interrupted(bool listed, size_t count, size_t left);
int mc_print_version(void); /* returns MC_EXIT_SAFE */
/* Flushes the stream and says on stderr when anything written to it was lost. False then; the caller ends with
 * MC_EXIT_USAGE. `name` is the file's name, NULL for stdout. */
bool mc_finish_output(FILE *stream, const char *name);
/* Colour is for people: a terminal, no NO_COLOR in the environment (https://no-color.org), and TERM not "dumb". */
bool mc_want_colour(FILE *stream);

/* A decimal number from `least` to `most`, the whole text. */
bool mc_parse_number(const char *text, unsigned least, unsigned most, unsigned *ret);

/* The candidate that a misspelt word most probably meant, NULL when none is near. */
const char *mc_nearest_word(const char *word, const char *const *candidates, size_t count);

#endif
