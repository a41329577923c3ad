/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files that shrink, special files, and who else handles SIGBUS. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/mapping.h"

#define PAGES 64
#define PAGE 4096

static void make_file(char *path, size_t size)
{
    strcpy(path, "mapping-XXXXXX");
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    char page[PAGE];
    memset(page, 'x', sizeof page);
    for (size_t done = 0; done < size; done += sizeof page)
        cr_assert_eq(write(file, page, size - done < PAGE ? size - done : PAGE),
                     (ssize_t)(size - done < PAGE ? size - done : PAGE));
    close(file);
}

static size_t count_bytes(const struct mc_mapping *mapping, uint8_t wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < mapping->size; i++)
        count += mapping->bytes[i] == wanted;
    return count;
}

Test(mapping, a_file_that_shrinks_reads_as_zeros_and_is_marked)
{
    char path[32];
    struct mc_mapping mapping;
    make_file(path, (size_t)PAGES * PAGE);
    cr_assert(mc_mapping_open(path, &mapping, NULL));
    cr_assert_eq(mapping.size, (size_t)PAGES * PAGE);
    cr_assert_eq(count_bytes(&mapping, 'x'), mapping.size);
    cr_assert_not(mc_mapping_lost(&mapping));
    cr_assert_eq(truncate(path, 3 * PAGE), 0);
    cr_assert_eq(count_bytes(&mapping, 'x'), 3 * PAGE);
    cr_assert(mc_mapping_lost(&mapping));
    mc_mapping_close(&mapping);
    cr_assert_null(mapping.bytes);
    unlink(path);
}

static void *shrink_and_read(void *context)
{
    (void)context;
    for (int round = 0; round < 50; round++) {
        char path[32];
        struct mc_mapping mapping, other;
        make_file(path, (size_t)PAGES * PAGE);
        cr_assert(mc_mapping_open(path, &mapping, NULL) && mc_mapping_open("/proc/self/exe", &other, NULL));
        cr_assert_eq(truncate(path, round % PAGES * PAGE), 0);
        cr_assert_eq(count_bytes(&mapping, 'x'), (size_t)(round % PAGES) * PAGE);
        cr_assert(mc_mapping_lost(&mapping) && !mc_mapping_lost(&other));
        mc_mapping_close(&mapping);
        mc_mapping_close(&other);
        unlink(path);
    }
    return NULL;
}

Test(mapping, threads_do_not_disturb_one_another)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, shrink_and_read, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

Test(mapping, a_bus_error_elsewhere_still_kills, .signal = SIGBUS)
{
    char path[32];
    struct mc_mapping mapping;
    signal(SIGBUS, SIG_DFL); /* a sanitizer's handler would end the process its own way */
    make_file(path, 2 * PAGE);
    cr_assert(mc_mapping_open(path, &mapping, NULL));
    int file = open(path, O_RDONLY);
    volatile const uint8_t *own = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    cr_assert_eq(truncate(path, 0), 0);
    unlink(path);
    cr_assert_eq(own[PAGE], 1, "not reached");
}

Test(mapping, a_zero_byte_follows_a_file_of_whole_pages)
{
    char path[32];
    struct mc_mapping mapping;
    make_file(path, 2 * PAGE);
    cr_assert(mc_mapping_open(path, &mapping, NULL));
    cr_assert_eq(mapping.bytes[mapping.size], 0);
    mc_mapping_close(&mapping);
    unlink(path);
}

Test(mapping, special_files_are_refused_without_opening)
{
    cr_assert_eq(mkfifo("mapping-fifo", 0600), 0);
    const struct {
        const char *path, *text;
        enum mc_error_kind kind;
    } rows[] = {
        {"mapping-fifo", "a FIFO, not a regular file", MC_ERROR_UNSUPPORTED}, /* opening it would wait for ever */
        {"/dev/null", "a character device, not a regular file", MC_ERROR_UNSUPPORTED},
        {"/", "a folder, not a regular file", MC_ERROR_UNSUPPORTED},
        {"mapping-missing", "cannot read: No such file or directory", MC_ERROR_IO},
        {"/etc/passwd/x", "cannot read: Not a directory", MC_ERROR_IO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_mapping mapping;
        struct mc_error error = {0};
        cr_expect_not(mc_mapping_open(rows[i].path, &mapping, &error), "%s", rows[i].path);
        cr_expect_eq(error.kind, rows[i].kind, "%s: kind %d", rows[i].path, error.kind);
        cr_expect_str_eq(error.text, rows[i].text);
    }
    unlink("mapping-fifo");
}

Test(mapping, an_empty_file_is_a_mapping_of_nothing)
{
    char path[32];
    struct mc_mapping mapping = {.size = 1};
    make_file(path, 0);
    cr_assert(mc_mapping_open(path, &mapping, NULL));
    cr_assert_eq(mapping.size, 0);
    cr_assert_not(mc_mapping_lost(&mapping));
    mc_mapping_close(&mapping);
    unlink(path);
}
