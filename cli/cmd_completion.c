/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck completion SHELL: what a shell completes, written from the same tables that the commands parse with. */
#include "base/arena.h"
#include "cli/host_operand.h"
#include "cli/options.h"
#include "report/rule_pages.h"

#include <getopt.h>
#include <string.h>

#define COMMAND "completion"

static const struct {
    const char *name, *summary;
    const struct mc_syntax *syntax;
} commands[] = {
#define MC_COMMAND(name, summary) {#name, summary, &mc_syntax_##name},
#include "cli/commands.def"
#undef MC_COMMAND
};
#define COMMANDS (sizeof commands / sizeof *commands)

static const struct mc_option options[] = {{0}};

const struct mc_syntax mc_syntax_completion = {
    .command = COMMAND,
    .usage = "bash|zsh|fish",
    .about = "Print what makes a shell complete maskcheck's commands, options and their values. An installed maskcheck brings "
             "these files; this is for others.",
    .options = options,
    .examples = "$ source <(maskcheck completion bash)\n"
                "$ maskcheck completion zsh >\"${fpath[1]}/_maskcheck\"\n"
                "$ maskcheck completion fish >~/.config/fish/completions/maskcheck.fish",
    .statuses = "0; 2 usage error.",
    .operands = "bash zsh fish",
};

/* ---- what the tables say ---- */

/* The option's help up to the first end of a clause, without what a shell would read. */
static const char *brief(const struct mc_option *option, struct mc_arena *arena)
{
    char *text = mc_arena_strndup(arena, option->help, strcspn(option->help, ";:("));
    for (char *at = text; *at; at++)
        if (strchr("'[]\"`$\\", *at))
            *at = ' ';
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ')
        text[--length] = 0;
    return text;
}

/* What a place in the command line may hold. */
struct choice {
    const char *words; /* those that stand for themselves and those of the catalogue, between blanks */
    bool files, folders;
};

static const char *add_word(struct mc_arena *arena, const char *list, const char *word, size_t length)
{
    return mc_arena_printf(arena, "%s%s%.*s", list, *list ? " " : "", (int)length, word);
}

static struct choice choice_of(const char *words, struct mc_arena *arena)
{
    struct choice choice = {.words = ""};
    for (const char *at = words ? words : ""; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (strncmp(at, MC_WORDS_FILE, length) == 0) {
            choice.files = true;
        } else if (strncmp(at, MC_WORDS_FOLDER, length) == 0) {
            choice.folders = true;
        } else if (strncmp(at, MC_WORDS_RULE, length) == 0) {
            for (size_t i = 0; i < mc_rule_count(); i++)
                choice.words = add_word(arena, choice.words, mc_rule_page_at(i).id, strlen(mc_rule_page_at(i).id));
        } else if (strncmp(at, MC_WORDS_BASELINE, length) == 0) {
            choice.files = true;
            for (size_t i = 0; i < mc_baseline_count(); i++)
                choice.words = add_word(arena, choice.words, mc_baseline_at(i)->name, strlen(mc_baseline_at(i)->name));
            choice.words = add_word(arena, choice.words, MC_THIS_MACHINE, strlen(MC_THIS_MACHINE));
        } else {
            choice.words = add_word(arena, choice.words, at, length);
        }
        at += length;
    }
    return choice;
}

static bool has_letter(const struct mc_option *option)
{
    return option->id < MC_OPTION_HELP;
}

static bool may_be_left_out(const struct mc_option *option)
{
    return option->value && *option->value == '[';
}

/* ---- bash ---- */

/* COMP_WORDBREAKS has '=': "--format=j" are three words. */
static const char bash_head[] =
    "# bash completion for maskcheck\n"
    "_maskcheck() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words= files=\n"
    "    if [[ $word == = ]]; then\n"
    "        option+== word=\n"
    "    elif [[ $option == = ]]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD - 2]}=\n"
    "    fi\n"
    "    ((COMP_CWORD > 1)) || command=\n"
    "    case \"$command $option\" in\n";
static const char bash_tail[] =
    "    esac\n"
    "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
    "    if [[ $files ]]; then\n"
    "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -\"$files\" -- \"$word\")\n"
    "        compopt -o filenames 2>/dev/null\n"
    "    fi\n"
    "}\n"
    "complete -F _maskcheck maskcheck\n";

static void print_bash_choice(const char *words, struct mc_arena *arena)
{
    struct choice choice = choice_of(words, arena);
    printf(" words='%s' files=%s ;;\n", choice.words, choice.files ? "f" : choice.folders ? "d" : "");
}

static void print_bash_command(size_t index, struct mc_arena *arena)
{
    const char *name = commands[index].name;
    const struct mc_syntax *syntax = commands[index].syntax;
    for (const struct mc_option *option = syntax->options; option->id; option++) {
        if (!option->value)
            continue;
        printf("    '%s --%s='", name, option->name);
        if (!may_be_left_out(option))
            printf(" | '%s --%s'", name, option->name);
        if (has_letter(option))
            printf(" | '%s -%c'", name, option->id);
        putchar(')');
        print_bash_choice(option->words, arena);
    }
    printf("    '%s '*)\n        if [[ $word == -* ]]; then\n            words='--help --version", name);
    for (const struct mc_option *option = syntax->options; option->id; option++)
        printf(" --%s", option->name);
    struct choice operands = choice_of(syntax->operands, arena);
    printf("'\n        else\n            words='%s' files=%s\n        fi\n        ;;\n", operands.words,
           operands.files ? "f" : "");
}

static const char *command_names(struct mc_arena *arena)
{
    const char *list = "";
    for (size_t i = 0; i < COMMANDS; i++)
        list = add_word(arena, list, commands[i].name, strlen(commands[i].name));
    return list;
}

static void print_bash(struct mc_arena *arena)
{
    fputs(bash_head, stdout);
    for (size_t i = 0; i < COMMANDS; i++)
        print_bash_command(i, arena);
    printf("    'help '*) words='%s' ;;\n    ' '*) words='%s help --help --version' ;;\n", command_names(arena),
           command_names(arena));
    fputs(bash_tail, stdout);
}

/* ---- zsh ---- */

static const char zsh_head[] = "#compdef maskcheck\n"
                               "_maskcheck_or_file() { _alternative \"words:word:($*)\" 'files:file:_files' }\n"
                               "_maskcheck() {\n"
                               "    local -a commands=(\n";
static const char zsh_middle[] = "    )\n"
                                 "    if ((CURRENT == 2)); then\n"
                                 "        _describe command commands\n"
                                 "        return\n"
                                 "    fi\n"
                                 "    shift words\n"
                                 "    ((CURRENT--))\n"
                                 "    case $words[1] in\n";

static void print_zsh_action(const char *words, struct mc_arena *arena)
{
    struct choice choice = choice_of(words, arena);
    if (choice.files && *choice.words)
        printf(" _maskcheck_or_file %s", choice.words);
    else if (choice.files || choice.folders)
        printf("_files%s", choice.folders ? " -/" : "");
    else if (*choice.words)
        printf("(%s)", choice.words);
    else
        putchar(' ');
}

static void print_zsh_option(const struct mc_option *option, bool letter, struct mc_arena *arena)
{
    if (letter)
        printf("            '-%c%s", option->id, option->value ? "+" : "");
    else
        printf("            '--%s%s", option->name,
               !option->value ? "" : may_be_left_out(option) ? "=-" : "=");
    printf("[%s]", brief(option, arena));
    if (option->value) {
        printf(":%s%.*s:", may_be_left_out(option) ? ":" : "", (int)strcspn(option->value, "],") - (*option->value == '['),
               option->value + (*option->value == '['));
        print_zsh_action(option->words, arena);
    }
    puts("' \\");
}

static void print_zsh_command(size_t index, struct mc_arena *arena)
{
    const struct mc_syntax *syntax = commands[index].syntax;
    printf("    %s)\n        _arguments -s \\\n", commands[index].name);
    for (const struct mc_option *option = syntax->options; option->id; option++) {
        if (has_letter(option))
            print_zsh_option(option, true, arena);
        print_zsh_option(option, false, arena);
    }
    fputs("            '--help[say how it is used]' '--version[print the version]' \\\n            '*:argument:", stdout);
    print_zsh_action(syntax->operands, arena);
    puts("'\n        ;;");
}

static void print_zsh(struct mc_arena *arena)
{
    fputs(zsh_head, stdout);
    for (size_t i = 0; i < COMMANDS; i++)
        printf("        '%s:%s'\n", commands[i].name, commands[i].summary);
    puts("        'help:the help of a command'");
    fputs(zsh_middle, stdout);
    for (size_t i = 0; i < COMMANDS; i++)
        print_zsh_command(i, arena);
    printf("    help)\n        compadd %s\n        ;;\n    esac\n}\n", command_names(arena));
    /* As a file of $fpath it is the function's body; sourced, it registers itself. */
    puts("if [[ $funcstack[1] == _maskcheck ]]; then\n    _maskcheck \"$@\"\nelse\n    compdef _maskcheck maskcheck\nfi");
}

/* ---- fish ---- */

static void print_fish_choice(const struct choice *choice)
{
    if (*choice->words)
        printf(" -a '%s'", choice->words);
    if (choice->files)
        fputs(" -F", stdout);
    if (choice->folders)
        fputs(" -a '(__fish_complete_directories)'", stdout);
}

static void print_fish_command(size_t index, struct mc_arena *arena)
{
    const struct mc_syntax *syntax = commands[index].syntax;
    char *lead = mc_arena_printf(arena, "complete -c maskcheck -n '__fish_seen_subcommand_from %s'", commands[index].name);
    for (const struct mc_option *option = syntax->options; option->id; option++) {
        struct choice choice = choice_of(option->words, arena);
        fputs(lead, stdout);
        if (has_letter(option))
            printf(" -s %c", option->id);
        printf(" -l %s", option->name);
        if (option->value && !may_be_left_out(option)) {
            fputs(" -r", stdout);
            print_fish_choice(&choice);
        }
        printf(" -d '%s'\n", brief(option, arena));
    }
    struct choice operands = choice_of(syntax->operands, arena);
    if (!*operands.words && !operands.files)
        return;
    fputs(lead, stdout);
    print_fish_choice(&operands);
    putchar('\n');
}

static void print_fish(struct mc_arena *arena)
{
    puts("# fish completion for maskcheck\ncomplete -c maskcheck -f");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("complete -c maskcheck -n __fish_use_subcommand -a %s -d '%s'\n", commands[i].name, commands[i].summary);
    puts("complete -c maskcheck -n __fish_use_subcommand -a help -d 'the help of a command'");
    puts("complete -c maskcheck -l help -d 'say how it is used'\ncomplete -c maskcheck -l version -d 'print the version'");
    for (size_t i = 0; i < COMMANDS; i++)
        print_fish_command(i, arena);
    printf("complete -c maskcheck -n '__fish_seen_subcommand_from help' -a '%s'\n", command_names(arena));
}

/* ---- the command ---- */

static int take_nothing(void *context, int id, const char *value)
{
    (void)context;
    (void)id;
    (void)value;
    return -1;
}

int mc_cmd_completion(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(struct mc_arena *arena);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    int status = mc_parse_options(&mc_syntax_completion, argc, argv, take_nothing, NULL);
    if (status >= 0)
        return status;
    if (argc - optind != 1)
        return mc_usage_error(COMMAND, "for which shell: bash, zsh or fish?");
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        struct mc_arena arena = {0};
        if (strcmp(argv[optind], shells[i].name) != 0)
            continue;
        shells[i].print(&arena);
        mc_arena_free(&arena);
        return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
    }
    return mc_usage_error(COMMAND, "unknown shell '%s'; known: bash, zsh, fish", argv[optind]);
}
