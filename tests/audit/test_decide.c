/* SPDX-License-Identifier: Apache-2.0 */
/* The decision as a pure function: each row is a machine, some files and processes, and the answer they must get. */
#include "readiness/audit.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#define MAX 6

struct fake_file {
    const char *name;
    const char *what;    /* letters: p program, a asked for, s starts there (use in an initialiser), i inferred;
                            P partial, E error, L a library is missing */
    const char *verdict; /* of its only cause: misguarded, trapped, unguarded; or guarded, clean */
    const char *missing; /* features of that cause */
    const char *loads;   /* digits: indices of files */
    const char *door;    /* the exported function through which alone that cause is reached; NULL: there are other ways */
    const char *imports; /* of such functions, one that it imports; NULL: none */
    const char *tested;  /* features found present before the cause */
};

struct fake_process {
    int pid;
    const char *files; /* digits; the first is its program; "" unread */
    const char *what;  /* g generated code, l lost a file */
};

struct row {
    const char *title;
    const char *baseline;                    /* NULL: the open question */
    const char *reported, *masked, *refused; /* beyond x86-64-v1: reported includes it */
    struct fake_file files[MAX];
    struct fake_process processes[MAX];
    const char *answer; /* "ready", with "+" when incomplete */
    const char *unsafe; /* "name:verdict:confidence:pids ..." in the report's order */
    const char *unreached; /* file of the only cause that nobody reaches */
    const char *above;  /* features outside the baseline */
    const char *lowest; /* psABI,EVC; "-" none */
    const char *below;  /* the next lower ones, with the number of programs in the way */
};

/* clang-format off */
static const struct row rows[] = {
    {.title = "nothing unsafe, nothing beyond the baseline",
     .baseline = "intel-merom", .reported = "sse3 ssse3", .masked = "sse4.1",
     .files = {{.name = "/bin/a", "pa", "clean", "", ""}}, .answer = "ready", .lowest = "x86-64-v2,intel-merom",
     .below = "x86-64-v1:0,-"},
    {.title = "CPUID above the baseline wins over everything",
     .baseline = "intel-merom", .reported = "sse3 ssse3 sse4.1",
     .files = {{.name = "/bin/a", "pa", "clean", "", ""}}, .answer = "not-ready", .above = "sse4.1",
     .lowest = "x86-64-v2,intel-penryn", .below = "x86-64-v1:0,intel-merom:0"},
    {.title = "a masked feature that a running program finds",
     .baseline = "intel-merom", .reported = "ssse3", .masked = "sse4.1",
     .files = {{.name = "/bin/a", "pa", "unguarded", "sse4.1", ""}}, .processes = {{12, "0", ""}, {7, "0", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:proved:12,7", .lowest = "x86-64-v2,intel-penryn",
     .below = "x86-64-v1:1,intel-merom:1"},
    {.title = "the same use matters to nobody where the baseline has the feature",
     .baseline = "intel-penryn", .reported = "ssse3", .masked = "",
     .files = {{.name = "/bin/a", "pa", "unguarded", "sse4.1", ""}}, .answer = "ready",
     .lowest = "x86-64-v2,intel-penryn",
     .below = "x86-64-v1:1,intel-merom:1"},
    {.title = "what this CPU refuses, too, does not change by the move",
     .baseline = "intel-merom", .reported = "ssse3", .refused = "xop",
     .files = {{.name = "/bin/a", "pa", "unguarded", "xop", ""}}, .processes = {{5, "0", ""}}, .answer = "ready",
     .lowest = "x86-64-v2,intel-merom", .below = "x86-64-v1:0,-"},
    {.title = "one refused feature of two is enough to keep the code from running",
     .baseline = "intel-merom", .reported = "", .masked = "avx", .refused = "xop",
     .files = {{.name = "/bin/a", "pa", "unguarded", "avx xop", ""}}, .answer = "ready",
     .lowest = "x86-64-v2,intel-merom",
     .below = "x86-64-v1:0,-"},
    {.title = "a library's use counts for the program, inferred",
     .baseline = "intel-merom", .reported = "", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "1"}, {.name = "/lib/l", "", "unguarded", "avx2", ""}},
     .processes = {{9, "01", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:inferred:9", .lowest = "x86-64-v3,intel-haswell",
     .below = "x86-64-v2:1,intel-ivybridge:1"},
    {.title = "a library's initialiser runs whenever it is loaded: proved",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "1"}, {.name = "/lib/l", "s", "unguarded", "avx2", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:proved:", .lowest = "x86-64-v3,intel-haswell"},
    {.title = "a plugin that only the process has mapped",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "p", "clean", "", ""}, {.name = "/lib/plugin", "", "trapped", "avx2", ""}},
     .processes = {{3, "01", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:trapped:inferred:3"},
    {.title = "the worst of its own and of its libraries' uses",
     .baseline = "intel-merom", .masked = "avx2 sse4.1",
     .files = {{.name = "/bin/a", "pa", "misguarded", "sse4.1", "12"}, {.name = "/lib/l", "", "unguarded", "avx2", ""},
               {.name = "/lib/m", "", "trapped", "avx2", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:inferred:"},
    {.title = "running programs first, each part by name",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/c", "pa", "unguarded", "avx2", ""}, {.name = "/bin/z", "pa", "trapped", "avx2", ""},
               {.name = "/bin/a", "pa", "misguarded", "avx2", ""}, {.name = "/bin/b", "pa", "guarded", "avx2", ""},
               {.name = "/bin/y", "p", "unguarded", "avx2", ""}},
     .processes = {{4, "1", ""}, {8, "4", ""}, {6, "3", ""}}, .answer = "ready-without",
     .unsafe = "/bin/y:unguarded:proved:8 /bin/z:trapped:proved:4 /bin/a:misguarded:proved: /bin/c:unguarded:proved:"},
    {.title = "process 1 cannot be stopped",
     .baseline = "intel-merom", .masked = "avx2", .files = {{.name = "/sbin/init", "p", "unguarded", "avx2", ""}},
     .processes = {{1, "0", ""}}, .answer = "not-ready", .unsafe = "/sbin/init:unguarded:proved:1"},
    {.title = "a library that no program loads stands for itself",
     .baseline = "intel-merom", .masked = "avx2", .files = {{.name = "/lib/l", "a", "unguarded", "avx2", ""}},
     .answer = "ready-without", .unsafe = "/lib/l:unguarded:proved:"},
    {.title = "a library of a program does not stand for itself, too",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "1"}, {.name = "/lib/l", "a", "unguarded", "avx2", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:inferred:"},
    {.title = "an inferred use stays inferred",
     .baseline = "intel-merom", .masked = "avx2", .files = {{.name = "/bin/a", "pai", "unguarded", "avx2", ""}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:inferred:"},
    {.title = "a library's function that nobody imports is in nobody's way",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "1"},
               {.name = "/lib/l", "", "unguarded", "avx2", "", .door = "rare"}},
     .processes = {{9, "01", ""}}, .answer = "ready", .unreached = "/lib/l", .lowest = "x86-64-v2,intel-merom"},
    {.title = "who imports it is named, and nobody else",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "1"},
               {.name = "/lib/l", "", "unguarded", "avx2", "", .door = "rare"},
               {.name = "/bin/b", "pa", "clean", "", "1", .imports = "rare"}},
     .answer = "ready-without", .unsafe = "/bin/b:unguarded:inferred:"},
    {.title = "another library of the program may import it",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "clean", "", "12"},
               {.name = "/lib/l", "", "unguarded", "avx2", "", .door = "rare"},
               {.name = "/lib/m", "", "clean", "", "1", .imports = "rare"}},
     .answer = "ready-without", .unsafe = "/bin/a:unguarded:inferred:"},
    {.title = "a library that was asked for by itself is judged with all its functions",
     .baseline = "intel-merom", .masked = "avx2",
     .files = {{.name = "/lib/l", "a", "unguarded", "avx2", "", .door = "rare"}},
     .answer = "ready-without", .unsafe = "/lib/l:unguarded:proved:"},
    {.title = "an insufficient test keeps the use away from hosts that lack even what it asks for",
     .baseline = "intel-haswell", .masked = "avx512vl",
     .files = {{.name = "/bin/a", "pa", "misguarded", "avx512vl", "", .tested = "avx512f"}}, .answer = "ready"},
    {.title = "but not from those that have it",
     .baseline = "intel-penryn", .masked = "avx2",
     .files = {{.name = "/bin/a", "pa", "misguarded", "avx2", "", .tested = "sse4.1"}}, .answer = "ready-without",
     .unsafe = "/bin/a:misguarded:proved:"},
    {.title = "a file judged in part", .baseline = "intel-merom", .files = {{.name = "/bin/a", "paP", "clean", "", ""}},
     .answer = "ready+"},
    {.title = "a file that could not be read", .baseline = "intel-merom",
     .files = {{.name = "/bin/a", "aE", "clean", "", ""}},
     .answer = "ready+"},
    {.title = "a library that the loader would not find", .baseline = "intel-merom",
     .files = {{.name = "/bin/a", "paL", "clean", "", ""}}, .answer = "ready+"},
    {.title = "a process that could not be read", .baseline = "intel-merom",
     .files = {{.name = "/bin/a", "pa", "clean", "", ""}},
     .processes = {{4, "", ""}}, .answer = "ready+"},
    {.title = "generated code", .baseline = "intel-merom", .files = {{.name = "/bin/a", "p", "clean", "", ""}},
     .processes = {{4, "0", "g"}}, .answer = "ready+"},
    {.title = "a mapped file that is gone", .baseline = "intel-merom",
     .files = {{.name = "/bin/a", "p", "clean", "", ""}},
     .processes = {{4, "0", "l"}}, .answer = "ready+"},
    {.title = "kernel-only features that the EVC keys name are compared",
     .baseline = "intel-merom", .reported = "smep", .answer = "not-ready", .above = "smep"},
    {.title = "those that no row of the family names are not", .baseline = "x86-64-v2", .reported = "smep",
     .answer = "ready"},
    {.title = "open question: the lowest that CPUID fits in",
     .reported = "sse3 ssse3 cx16 lahf_lm sse4.1", .files = {{.name = "/bin/a", "pa", "clean", "", ""}},
     .answer = "ready",
     .lowest = "x86-64-v2,intel-penryn", .below = "x86-64-v1:0,intel-merom:0"},
    {.title = "open question: a program that needs what CPUID reports keeps lower baselines away only",
     .reported = "sse3 ssse3", .files = {{.name = "/bin/a", "pa", "unguarded", "ssse3", ""}}, .answer = "ready",
     .lowest = "x86-64-v2,intel-merom", .below = "x86-64-v1:1,-"},
    {.title = "open question: a program that needs more than CPUID reports",
     .reported = "sse3 ssse3", .masked = "avx2", .files = {{.name = "/bin/a", "pa", "unguarded", "avx2", ""}},
     .processes = {{2, "0", ""}}, .answer = "ready-without", .unsafe = "/bin/a:unguarded:proved:2",
     .lowest = "x86-64-v3,intel-haswell", .below = "x86-64-v2:1,intel-ivybridge:1"},
    {.title = "open question: no baseline is enough, the nearest is named",
     .reported = "rtm", .answer = "ready", .lowest = "-,-", .below = "x86-64-v1:0,intel-merom:0"},
};
/* clang-format on */

/* ---- from a row to the input ---- */

static struct mc_feature_set parse_set(const char *list)
{
    struct mc_feature_set set = {0};
    for (const char *word = list ? list : ""; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        int feature = mc_feature_find(word, length);
        cr_assert(feature >= 0, "the test names an unknown feature: %s", word);
        mc_set_add(&set, (enum mc_feature)feature);
        word += length;
    }
    return set;
}

static size_t parse_digits(const char *digits, struct mc_arena *arena, size_t **ret)
{
    size_t count = strlen(digits);
    *ret = MC_NEW_ARRAY(arena, count + 1, size_t);
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = (size_t)(digits[i] - '0');
    return count;
}

static const char *const verdict_names[] = {"clean", "dead", "guarded", "misguarded", "trapped", "unguarded"};

static void make_file(const struct fake_file *from, struct mc_arena *arena, struct mc_audit_file *to)
{
    bool starts = strchr(from->what, 's'), inferred = strchr(from->what, 'i');
    *to = (struct mc_audit_file){.path = from->name, .name = from->name, .condensed = true};
    to->asked = strchr(from->what, 'a');
    to->program = strchr(from->what, 'p');
    to->status = strchr(from->what, 'P') ? MC_FILE_PARTIAL : strchr(from->what, 'E') ? MC_FILE_ERROR : MC_FILE_OK;
    to->missing_library = strchr(from->what, 'L') ? "libgone.so" : NULL;
    while (strcmp(verdict_names[to->verdict], from->verdict) != 0)
        to->verdict++;
    to->confidence = inferred ? MC_INFERRED : MC_PROVED;
    to->load_count = parse_digits(from->loads, arena, &to->loads);
    to->imports = MC_NEW_ARRAY(arena, 1, const char *);
    to->imports[0] = from->imports;
    to->import_count = from->imports != NULL;
    if (to->verdict < MC_VERDICT_MISGUARDED)
        return;
    to->cause_count = 1;
    to->causes = MC_NEW(arena, struct mc_audit_cause);
    *to->causes = (struct mc_audit_cause){.verdict = to->verdict,
                                          .confidence = to->confidence,
                                          .uses = 1,
                                          .at_start = starts,
                                          .missing = parse_set(from->missing),
                                          .tested = parse_set(from->tested)};
    if (from->door) {
        to->causes->doors = MC_NEW_ARRAY(arena, 1, const char *);
        to->causes->doors[0] = from->door;
        to->causes->door_count = 1;
    }
}

static void make_input(const struct row *row, struct mc_arena *arena, struct mc_baseline *baseline,
                       struct mc_audit_input *ret)
{
    struct mc_audit_file *files = MC_NEW_ARRAY(arena, MAX, struct mc_audit_file);
    struct mc_audit_process *processes = MC_NEW_ARRAY(arena, MAX, struct mc_audit_process);
    *ret = (struct mc_audit_input){.files = files, .processes = processes};
    if (row->baseline) {
        cr_assert(mc_baseline_parse(row->baseline, baseline, NULL));
        ret->baseline = baseline;
    }
    struct mc_feature_set reported = parse_set(row->reported);
    ret->host = (struct mc_audit_host){.masked = parse_set(row->masked), .refused = parse_set(row->refused)};
    ret->host.reported = ret->host.by_any = mc_set_or(reported, &mc_baseline_find("x86-64-v1")->features);
    ret->host.families[MC_FAMILY_PSABI] = ret->host.families[MC_FAMILY_INTEL] = true;
    for (; ret->file_count < MAX && row->files[ret->file_count].name; ret->file_count++)
        make_file(&row->files[ret->file_count], arena, &files[ret->file_count]);
    for (; ret->process_count < MAX && row->processes[ret->process_count].pid; ret->process_count++) {
        const struct fake_process *from = &row->processes[ret->process_count];
        struct mc_audit_process *to = &processes[ret->process_count];
        *to = (struct mc_audit_process){.pid = from->pid, .name = "fake", .program = MC_AUDIT_NONE};
        to->file_count = parse_digits(from->files, arena, &to->files);
        to->program = to->file_count ? to->files[0] : MC_AUDIT_NONE;
        to->unread = to->file_count ? NULL : "not permitted";
        to->generated_code = strchr(from->what, 'g');
        to->lost = strchr(from->what, 'l') != NULL;
    }
}

/* ---- from the answer to the row's words ---- */

static const char *describe_unsafe(const struct mc_audit_input *input, const struct mc_audit *audit,
                                   struct mc_arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < audit->unsafe_count; i++) {
        const struct mc_audit_program *program = &audit->programs[i];
        text =
            mc_arena_printf(arena, "%s%s%s:%s:%s:", text, i ? " " : "", input->files[program->file].name,
                            verdict_names[program->verdict], program->confidence == MC_PROVED ? "proved" : "inferred");
        for (size_t k = 0; k < program->process_count; k++)
            text = mc_arena_printf(arena, "%s%s%d", text, k ? "," : "", input->processes[program->processes[k]].pid);
    }
    return text;
}

static const char *describe_set(const struct mc_feature_set *set, struct mc_arena *arena)
{
    const char *text = "";
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        text = mc_arena_printf(arena, "%s%s%s", text, *text ? " " : "", mc_features[feature].name);
    return text;
}

static const char *describe_families(const struct mc_audit *audit, bool below, struct mc_arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < audit->family_count; i++) {
        const struct mc_audit_family *family = &audit->families[i];
        const struct mc_baseline *row = below ? family->below : family->lowest;
        text = mc_arena_printf(arena, "%s%s%s", text, i ? "," : "", row ? row->name : "-");
        if (below && row)
            text = mc_arena_printf(arena, "%s:%zu", text, family->program_count);
    }
    return text;
}

ParameterizedTestParameters(decide, row)
{
    static int indices[sizeof rows / sizeof *rows];
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
        indices[i] = i;
    return cr_make_param_array(int, indices, sizeof rows / sizeof *rows);
}

ParameterizedTest(int *index, decide, row)
{
    static const char *const answers[] = {"ready", "ready-without", "not-ready"};
    const struct row *row = &rows[*index];
    struct mc_arena arena = {0};
    struct mc_baseline baseline;
    struct mc_audit_input input;
    struct mc_audit audit;
    make_input(row, &arena, &baseline, &input);
    mc_audit_decide(&input, &arena, &audit);
    const char *answer = mc_arena_printf(&arena, "%s%s", answers[audit.answer], audit.incomplete ? "+" : "");
    const char *unsafe = describe_unsafe(&input, &audit, &arena);
    const char *above = describe_set(&audit.above, &arena);
    const char *lowest = describe_families(&audit, false, &arena), *below = describe_families(&audit, true, &arena);
    cr_expect_str_eq(answer, row->answer, "%s: answer %s, expected %s", row->title, answer, row->answer);
    cr_expect_str_eq(unsafe, row->unsafe ? row->unsafe : "", "%s: unsafe %s, expected %s", row->title, unsafe,
                     row->unsafe ? row->unsafe : "nothing");
    const char *unreached = audit.unreached_count ? input.files[audit.unreached[0].file].name : "";
    cr_expect_str_eq(unreached, row->unreached ? row->unreached : "", "%s: not reached: %s", row->title, unreached);
    cr_expect_str_eq(above, row->above ? row->above : "", "%s: above %s", row->title, above);
    cr_expect(!row->lowest || !strcmp(lowest, row->lowest), "%s: lowest %s, expected %s", row->title, lowest,
              row->lowest);
    cr_expect(!row->below || !strcmp(below, row->below), "%s: below %s, expected %s", row->title, below, row->below);
    mc_arena_free(&arena);
}

/* PadLock cannot be tried, and only Centaur's CPUs have it: elsewhere nothing can come to depend on it. */
Test(audit_host, another_vendors_instructions_are_refused)
{
    static struct mc_probe_cpu cpu; /* nothing was tried on it */
    struct mc_probe_cpu *cpus[] = {&cpu};
    struct mc_probe probe = {.cpus = cpus, .cpu_count = 0};
    snprintf(probe.machine.vendor, sizeof probe.machine.vendor, "%s", "AuthenticAMD");
    struct mc_audit_host host = mc_audit_host_of(&probe);
    cr_assert(mc_set_has(&host.refused, MC_F_XCRYPT) && !mc_set_has(&host.refused, MC_F_SSE4_1));
    snprintf(probe.machine.vendor, sizeof probe.machine.vendor, "%s", "CentaurHauls");
    host = mc_audit_host_of(&probe);
    cr_assert(!mc_set_has(&host.refused, MC_F_XCRYPT));
}
