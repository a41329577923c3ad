/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spool.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LINES 100000

static void write_lines(struct mc_spool *spool, struct mc_spooled *text, unsigned first, unsigned count)
{
    FILE *stream = mc_spool_add(spool, text, "--\n");
    for (unsigned i = first; i < first + count; i++)
        fprintf(stream, "%u a line of some length\n", i);
    cr_assert_eq(fclose(stream), 0);
}

static void assert_lines(FILE *stream, unsigned first, unsigned count)
{
    char line[64], wanted[64];
    for (unsigned i = first; i < first + count; i++) {
        snprintf(wanted, sizeof wanted, "%u a line of some length\n", i);
        cr_assert_not_null(fgets(line, sizeof line, stream));
        cr_assert_str_eq(line, wanted);
    }
}

/* Two texts written in turn come back whole, whatever the memory. */
static void move_two(size_t limit)
{
    struct mc_spool spool;
    struct mc_spooled texts[2] = {0};
    mc_spool_open(&spool, limit);
    write_lines(&spool, &texts[0], 0, LINES);
    write_lines(&spool, &texts[1], 0, LINES);
    write_lines(&spool, &texts[0], LINES, LINES);
    cr_assert_leq(spool.kept, limit);
    FILE *to = tmpfile();
    for (unsigned i = 0; i < 2; i++)
        cr_assert(mc_spool_move(&spool, &texts[i], to));
    cr_assert_eq(spool.kept, 0);
    cr_assert_eq(texts[0].size, 0);
    rewind(to);
    char line[64];
    assert_lines(to, 0, LINES);
    cr_assert_not_null(fgets(line, sizeof line, to));
    cr_assert_str_eq(line, "--\n");
    assert_lines(to, LINES, LINES);
    assert_lines(to, 0, LINES);
    cr_assert_null(fgets(line, sizeof line, to));
    fclose(to);
    mc_spool_close(&spool);
}

Test(spool, in_memory)
{
    move_two((size_t)64 << 20);
}

Test(spool, in_a_file)
{
    move_two(0);
}

Test(spool, in_both)
{
    move_two((size_t)1 << 20);
}

Test(spool, nothing_between_when_nothing_is_added)
{
    struct mc_spool spool;
    struct mc_spooled text = {0};
    mc_spool_open(&spool, 100);
    write_lines(&spool, &text, 0, 1);
    size_t size = text.size;
    write_lines(&spool, &text, 0, 0);
    cr_assert_eq(text.size, size);
    FILE *to = tmpfile();
    cr_assert(mc_spool_move(&spool, &text, to));
    fclose(to);
    mc_spool_close(&spool);
}

Test(spool, without_a_place_for_files)
{
    struct mc_spool spool;
    struct mc_spooled text = {0};
    mc_spool_open(&spool, 0);
    spool.no_file = true;
    write_lines(&spool, &text, 0, 10);
    FILE *to = tmpfile();
    cr_assert(mc_spool_move(&spool, &text, to));
    rewind(to);
    assert_lines(to, 0, 10);
    fclose(to);
    mc_spool_close(&spool);
}
