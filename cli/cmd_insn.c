/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "cli/command.h"
#include "cli/options.h"
#include "isa/baseline.h"
#include "isa/decode.h"
#include "report/json.h"
#include "scanner/disassembly/disassembly.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "insn"
#define BYTES_COLUMN 32 /* columns of the bytes in the text form */
#define MAX_BYTES 4096  /* of one line or of the arguments together */

enum { OPTION_32 = MC_OPTION_OWN, OPTION_FORMAT };
static const struct mc_option options[] = {
    {OPTION_32, "32", NULL, NULL, "32-bit code (default: 64-bit)"},
    {OPTION_FORMAT, "format", "F", MC_WORDS_FORMAT, "text (default) or json: one object a line"},
    {0},
};

const struct mc_syntax mc_syntax_insn = {
    .command = COMMAND,
    .usage = "[OPTION...] [HEX...]",
    .about = "Say which CPU features an instruction needs, what an older CPU does with its bytes, and from which baseline on "
             "it is there. HEX is one or more instructions, with or without spaces; without HEX each line of stdin is read "
             "so.",
    .options = options,
    .examples = "insn 660f3840c1\n"
                "insn --32 f3 0f bd c1\n"
                "$ echo c4e27d18c1 | maskcheck insn --format json",
    .statuses = "0; 2 usage error; 3 some bytes are no instruction that is known.",
};

struct request {
    enum mc_mode mode;
    bool json, all_known; /* all_known: every byte so far belonged to an instruction */
};

/* Appends the bytes of a text of hexadecimal digits; "0x", "\x", blanks and commas may stand between bytes. */
static bool parse_hex(const char *text, uint8_t *bytes, size_t *size)
{
    for (const char *at = text; *at;) {
        if (isspace((unsigned char)*at) || *at == ',') {
            at++;
            continue;
        }
        if ((at[0] == '0' || at[0] == '\\') && (at[1] == 'x' || at[1] == 'X'))
            at += 2;
        if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) || *size == MAX_BYTES)
            return false;
        bytes[(*size)++] = (uint8_t)strtoul((char[]){at[0], at[1], '\0'}, NULL, 16);
        at += 2;
    }
    return true;
}

/* Which of two baselines comes first in the catalogue; NULL is later than any. */
static const struct mc_baseline *earlier(const struct mc_baseline *a, const struct mc_baseline *b)
{
    for (size_t i = 0; a && b && i < mc_baseline_count(); i++) {
        const struct mc_baseline *one = mc_baseline_at(i);
        if (one == a || one == b)
            return one;
    }
    return a ? a : b;
}

/* The lowest baselines that hold one of the alternatives. */
static struct mc_enough find_enough(const struct mc_need *need)
{
    struct mc_feature_set none = {0};
    if (!need)
        return mc_baseline_enough(&none);
    struct mc_enough enough = mc_baseline_enough(&need->alternatives[0]);
    for (unsigned i = 1; i < need->count; i++) {
        struct mc_enough other = mc_baseline_enough(&need->alternatives[i]);
        enough.psabi = earlier(enough.psabi, other.psabi);
        enough.intel = earlier(enough.intel, other.intel);
        enough.amd = earlier(enough.amd, other.amd);
    }
    return enough;
}

static void print_hex(FILE *stream, const uint8_t *bytes, size_t size, const char *between)
{
    for (size_t i = 0; i < size; i++)
        fprintf(stream, "%s%02x", i ? between : "", bytes[i]);
}

static void print_set(const struct mc_feature_set *set)
{
    for (int f = mc_set_next(set, 0), first = 1; f >= 0; f = mc_set_next(set, f + 1), first = 0)
        printf("%s%s", first ? "" : " and ", mc_features[f].name);
}

static void print_text(const uint8_t *bytes, size_t size, const char *text, const struct mc_need *need)
{
    static const char *const absents[] = {[MC_ABSENT_UD] = "without it: #UD",
                                          [MC_ABSENT_NOP] = "without it: does nothing",
                                          [MC_ABSENT_ALIAS] = "without it: runs as another instruction, no fault",
                                          [MC_ABSENT_HYPERCALL] = "without it: #UD, but in a guest it calls the hypervisor"};
    print_hex(stdout, bytes, size, " ");
    printf("%*s  %s", 3 * (int)size - 1 < BYTES_COLUMN ? BYTES_COLUMN - 3 * (int)size + 1 : 0, "", text);
    if (!need) {
        printf("; needs nothing beyond the oldest CPUs\n");
        return;
    }
    printf("; needs ");
    for (unsigned i = 0; i < need->count; i++) {
        printf("%s", i ? ", or " : "");
        print_set(&need->alternatives[i]);
    }
    struct mc_enough enough = find_enough(need);
    const struct mc_baseline *baselines[] = {enough.psabi, enough.intel, enough.amd};
    printf("; %s; enough: ", absents[need->absent]);
    bool any = false;
    for (size_t i = 0; i < sizeof baselines / sizeof *baselines; i++)
        if (baselines[i]) {
            printf("%s%s", any ? ", " : "", baselines[i]->name);
            any = true;
        }
    printf("%s\n", any ? "" : "no baseline of the catalogue");
}

static json_t *baseline_name(const struct mc_baseline *baseline)
{
    return baseline ? json_string(baseline->name) : json_null();
}

/* `length` 0: no instruction; the bytes are then the ones that were given. */
static void print_json(const uint8_t *bytes, size_t size, unsigned length, const char *text, const struct mc_need *need)
{
    static const char *const absents[] = {[MC_ABSENT_UD] = "ud", [MC_ABSENT_NOP] = "nop", [MC_ABSENT_ALIAS] = "alias",
                                          [MC_ABSENT_HYPERCALL] = "ud"};
    char *hex = mc_realloc(NULL, 2 * size + 1, 1);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    hex[2 * size] = '\0';
    json_t *object = json_object(), *enough = json_null();
    struct mc_feature_set none = {0};
    json_object_set_new(object, "bytes", json_string(hex));
    json_object_set_new(object, "length", json_integer(length));
    json_object_set_new(object, "text", mc_json_text(text));
    json_object_set_new(object, "feature", need ? json_string(mc_features[need->feature].name) : json_null());
    json_object_set_new(object, "all", mc_json_features(need ? &need->alternatives[0] : &none));
    if (need && need->count > 1) {
        json_t *alternatives = json_array();
        for (unsigned i = 0; i < need->count; i++)
            json_array_append_new(alternatives, mc_json_features(&need->alternatives[i]));
        json_object_set_new(object, "alternatives", alternatives);
    }
    json_object_set_new(object, "absent", need ? json_string(absents[need->absent]) : json_null());
    if (length) {
        struct mc_enough found = find_enough(need);
        enough = json_object();
        json_object_set_new(enough, "psabi", baseline_name(found.psabi));
        json_object_set_new(enough, "intel", baseline_name(found.intel));
        json_object_set_new(enough, "amd", baseline_name(found.amd));
    }
    json_object_set_new(object, "enough", enough);
    mc_json_write(stdout, object);
    putchar('\n');
    free(hex);
}

static void explain(struct request *request, const uint8_t *bytes, size_t size)
{
    while (size) {
        struct mc_insn insn;
        char text[192];
        unsigned length = mc_decode(request->mode, bytes, size, &insn);
        if (!length) { /* what follows has no known start */
            request->all_known = false;
            if (request->json) {
                print_json(bytes, size, 0, "(bad)", NULL);
            } else {
                print_hex(stdout, bytes, size, " ");
                printf("  unknown instruction\n");
            }
            return;
        }
        mc_disassemble(request->mode, bytes, length, 0, text, sizeof text);
        const struct mc_need *need = insn.need ? mc_need_at(insn.need) : NULL;
        if (request->json)
            print_json(bytes, length, length, text, need);
        else
            print_text(bytes, length, *text ? text : "(no name)", need);
        bytes += length;
        size -= length;
    }
}

static int explain_stdin(struct request *request)
{
    char *line = NULL;
    size_t capacity = 0;
    int status = MC_EXIT_SAFE;
    for (unsigned long number = 1; getline(&line, &capacity, stdin) >= 0; number++) {
        uint8_t bytes[MAX_BYTES];
        size_t size = 0;
        if (parse_hex(line, bytes, &size)) {
            explain(request, bytes, size);
        } else {
            mc_warn("stdin, line %lu: hexadecimal bytes expected", number);
            status = MC_EXIT_INCOMPLETE;
        }
    }
    free(line);
    return status;
}

/* -1 to go on, else the exit status to end with. */
static int take_option(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == OPTION_FORMAT)
        return mc_take_json(&mc_syntax_insn, value, &request->json);
    request->mode = MC_MODE_32;
    return -1;
}

int mc_cmd_insn(int argc, char **argv)
{
    struct request request = {.mode = MC_MODE_64, .all_known = true};
    int status = mc_parse_options(&mc_syntax_insn, argc, argv, take_option, &request);
    if (status >= 0)
        return status;
    status = MC_EXIT_SAFE;
    if (optind < argc) {
        uint8_t bytes[MAX_BYTES];
        size_t size = 0;
        for (int i = optind; i < argc; i++)
            if (!parse_hex(argv[i], bytes, &size))
                return mc_usage_error(COMMAND, "'%s': hexadecimal bytes expected, at most %d", argv[i], MAX_BYTES);
        explain(&request, bytes, size);
    } else {
        status = explain_stdin(&request);
    }
    if (!mc_finish_output(stdout, NULL))
        return MC_EXIT_USAGE;
    return request.all_known ? status : MC_EXIT_INCOMPLETE;
}
