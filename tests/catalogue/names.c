/* SPDX-License-Identifier: Apache-2.0 */
/* Does the catalogue know every feature that QEMU, GCC, Clang and Zydis know? Each of their names must be found by the
 * lookup, or stand in other_names.def as another name of a feature, or as no feature, with the reason. */
#include "tests/catalogue/support.h"

#include <Zydis/Zydis.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum list { QEMU, GCC, CLANG, ZYDIS };

static const struct {
    enum list list;
    const char *pattern, *feature, *reason;
} other_names[] = {
#define MC_OTHER_NAME(list, pattern, feature, reason) {list, pattern, feature, reason},
#include "tests/catalogue/other_names.def"
#undef MC_OTHER_NAME
};
#define OTHER_COUNT (sizeof other_names / sizeof *other_names)

/* '*' stands for any text, also inside. */
static bool matches(const char *pattern, const char *name)
{
    if (*pattern == '*')
        return matches(pattern + 1, name) || (*name && matches(pattern, name + 1));
    return *pattern == *name && (!*name || matches(pattern + 1, name + 1));
}

/* True when the name is accounted for; *ret_row is the row of other_names that did it, or -1. */
static bool account_for(enum list list, const char *name, int *ret_row)
{
    *ret_row = -1;
    if (mc_feature_find(name, strlen(name)) >= 0)
        return true;
    for (size_t i = 0; i < OTHER_COUNT; i++) {
        if (other_names[i].list == list && matches(other_names[i].pattern, name)) {
            *ret_row = (int)i;
            return true;
        }
    }
    return false;
}

/* Judges a whole list, names separated by white space. Returns how many names were unknown. */
static unsigned judge_list(enum list list, char *names, bool *ret_used, unsigned *ret_total)
{
    unsigned missing = 0;
    *ret_total = 0;
    for (char *name = strtok(names, " \t\n"); name; name = strtok(NULL, " \t\n")) {
        int row;
        ++*ret_total;
        if (!account_for(list, name, &row)) {
            missing++;
            note("the catalogue lacks '%s'", name);
        } else if (row >= 0) {
            ret_used[row] = true;
        }
    }
    return missing;
}

static void check_list(enum list list, char *names, unsigned at_least)
{
    bool used[OTHER_COUNT] = {false};
    unsigned total, missing = judge_list(list, names, used, &total);
    cr_expect_eq(missing, 0, "%u names of theirs are neither in features.def nor in other_names.def", missing);
    cr_expect_geq(total, at_least, "only %u names were read: the list was not understood", total);
    for (size_t i = 0; i < OTHER_COUNT; i++)
        if (other_names[i].list == list)
            cr_expect(used[i], "the row '%s' of other_names.def matches nothing", other_names[i].pattern);
}

Test(names, qemu_flags)
{
    if (!have_program("qemu-x86_64"))
        cr_skip_test("qemu-x86_64 (qemu-user) is not installed");
    char *help = run_for_output("qemu-x86_64 -cpu help; true");
    cr_assert_not_null(help);
    char *flags = strstr(help, "Recognized CPUID flags:");
    cr_assert_not_null(flags);
    check_list(QEMU, flags + strlen("Recognized CPUID flags:"), 250);
    free(help);
}

Test(names, gcc_options)
{
    if (!have_program("gcc-12"))
        cr_skip_test("gcc-12 is not installed");
    char *options = run_for_output("gcc-12 --help=target | sed -n 's/^  -m\\([a-z0-9.-]*\\).*/\\1/p'");
    cr_assert_not_null(options);
    check_list(GCC, options, 150);
    free(options);
}

/* Clang lists the options of all its targets; LLVM lists the features of X86. An x86 feature option is in both. */
Test(names, clang_options)
{
    if (!have_program("clang-19") || !have_program("llc-19"))
        cr_skip_test("clang-19 or llvm-19 is not installed");
    char *options = run_for_output("(clang-19 --autocomplete=-m | sed -n 's/^-m\\([a-z0-9.-]*\\).*/\\1/p' | sort -u;"
                                   " llc-19 -march=x86-64 -mattr=help 2>&1 |"
                                   " sed -n 's/^  \\([a-z0-9.-]*\\) .*- .*/\\1/p' | sort -u) | sort | uniq -d |"
                                   " grep -v -x -e x86-64 -e 'x86-64-v[234]'");
    cr_assert_not_null(options);
    check_list(CLANG, options, 80);
    free(options);
}

static void cut_vector_length(char *name)
{
    static const char *const endings[] = {"_128N", "_128", "_256", "_512", "_KOP", "_SCALAR"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length > size && !strcmp(name + length - size, endings[i])) {
            name[length - size] = '\0';
            return;
        }
    }
}

Test(names, zydis_isa_sets)
{
    char names[16384] = "";
    for (int set = 0; set <= ZYDIS_ISA_SET_MAX_VALUE; set++) {
        char name[64];
        snprintf(name, sizeof name, "%s", ZydisISASetGetString((ZydisISASet)set));
        cut_vector_length(name);
        strncat(names, name, sizeof names - strlen(names) - 2);
        strcat(names, " ");
    }
    check_list(ZYDIS, names, 180);
}

Test(names, translations_name_features)
{
    for (size_t i = 0; i < OTHER_COUNT; i++) {
        const char *feature = other_names[i].feature;
        cr_expect(!*feature || mc_feature_find(feature, strlen(feature)) >= 0, "'%s' stands for the unknown '%s'",
                  other_names[i].pattern, feature);
        cr_expect(*other_names[i].reason, "'%s' has no reason", other_names[i].pattern);
        int found = mc_feature_find(other_names[i].pattern, strlen(other_names[i].pattern));
        cr_expect_lt(found, 0, "'%s' needs no row: the lookup knows it", other_names[i].pattern);
    }
}

/* The check itself must be able to fail. */
Test(names, a_planted_name_is_missed)
{
    int row;
    cr_expect_not(account_for(QEMU, "frobnicate", &row));
    cr_expect_not(account_for(GCC, "vmx-frobnicate", &row), "a row counts for its own list only");
    cr_expect(account_for(QEMU, "vmx-frobnicate", &row) && row >= 0);
    cr_expect(account_for(ZYDIS, "I486REAL", &row) && row >= 0);
}
