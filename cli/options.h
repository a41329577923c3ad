/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a command: one table, from which come its parsing, its --help, what shells complete, and the nearest
 * word for a misspelt one. Each command has a struct mc_syntax; commands.def lists them. */
#ifndef MC_CLI_OPTIONS_H
#define MC_CLI_OPTIONS_H

#include "cli/command.h"
#include "readiness/profile.h"
#include "scanner/debug_files.h"
#include "scanner/scan.h"

/* Ids of options without a letter; a command's own start at MC_OPTION_OWN. */
enum { MC_OPTION_HELP = 0x100, MC_OPTION_VERSION, MC_OPTION_NO_DEMANGLE, MC_OPTION_DEBUG_DIR, MC_OPTION_OWN };

/* One option per row: { id, long name, value, words, help }
 *   id     its letter, or a number from MC_OPTION_OWN on
 *   value  what stands for its argument in --help: "FILE"; in brackets when it may be left out: "[KIND]"; NULL: none
 *   words  what a shell completes the argument with: words between blanks, or one of the MC_WORDS_*; NULL: nothing
 *   help   sentences for --help; its first clause, up to ';', ':' or '(', describes it in completion menus */
struct mc_option {
    int id;
    const char *name, *value, *words, *help;
};
#define MC_WORDS_FILE "@file"
#define MC_WORDS_FOLDER "@folder"
#define MC_WORDS_BASELINE "@baseline" /* a name of the catalogue, or a file */
#define MC_WORDS_RULE "@rule"
#define MC_WORDS_FORMAT "text json"

/* Rows of the commands that scan, taken by mc_take_common. */
#define MC_COMMON_OPTIONS                                                                                              \
    {MC_OPTION_DEBUG_DIR, "debug-dir", "DIR", MC_WORDS_FOLDER,                                                         \
     "where separate debug files are, by build-id or debug link (default " MC_DEBUG_FOLDER ")"},                                     \
    {                                                                                                                  \
        MC_OPTION_NO_DEMANGLE, "no-demangle", NULL, NULL, "names of C++ and Rust functions as they are in the file"    \
    }

struct mc_syntax {
    const char *command;
    const char *usage;    /* what follows "maskcheck COMMAND " in the usage lines, one per line */
    const char *about;    /* paragraphs, one per line of the text */
    void (*list)(FILE *stream); /* something of the program's tables, below `about`; may be NULL */
    const struct mc_option *options; /* without --help and --version; ended by an id of 0 */
    const char *notes;    /* below the options, as `about`; may be NULL */
    const char *examples; /* what follows "maskcheck ", or a line that begins with "$ " as it is; one per line */
    const char *statuses; /* "0 nothing unsafe; ..." */
    const char *operands; /* what shells complete its arguments with, as mc_option.words */
};

#define MC_COMMAND(name, summary) extern const struct mc_syntax mc_syntax_##name;
#include "cli/commands.def"
#undef MC_COMMAND

/* Takes one option. -1 to go on, else the exit status to end with. */
typedef int mc_take_option(void *context, int id, const char *value);
/* Parses the command line; argv[0] is the command. -1 to go on, with optind at the first argument that is no option; else
 * the exit status to end with (--help and --version among them). */
int mc_parse_options(const struct mc_syntax *syntax, int argc, char **argv, mc_take_option *take, void *context);

/* Where debug files are, when the user did not say: below `root` ("" or NULL: this system). Call it after mc_parse_options. */
void mc_settle_debug_folder(struct mc_scan_options *options, const char *root);
int mc_take_common(int id, const char *value, struct mc_scan_options *ret); /* -1 */

/* Values that several options share. -1, or the exit status after the user was told. */
int mc_take_baseline(const struct mc_syntax *syntax, const char *value, struct mc_baseline *ret);
/* The same, and as a machine (readiness/profile.h), for what holds a machine against it; the arena owns the profile's name. */
int mc_take_target(const struct mc_syntax *syntax, const char *value, struct mc_arena *arena, struct mc_baseline *ret,
                   struct mc_profile *ret_profile);
int mc_take_json(const struct mc_syntax *syntax, const char *value, bool *ret); /* text or json */
int mc_take_jobs(const struct mc_syntax *syntax, const char *value, unsigned *ret);
int mc_check_root(const struct mc_syntax *syntax, const char *value); /* --root: a folder */
/* "unknown format 'x'; ..." with the nearest of the names, "a, b, c". Returns MC_EXIT_USAGE. */
int mc_unknown_format(const struct mc_syntax *syntax, const char *value, const char *names);

#endif
