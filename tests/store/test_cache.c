/* SPDX-License-Identifier: Apache-2.0 */
/* The database: finds only what was put for this file, these options and this build; survives damage and company. */
#include "store/cache.h"
#include "store/sqlite.h"
#include "tests/store/made_result.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct mc_identity file = {.device = 1, .inode = UINT64_MAX, .size = 3, .mtime = -4, .ctime = INT64_MAX};
static const struct mc_blob options = {"options", 7}, build = {"build", 5};
static const uint8_t sha256[32] = {1, 2, 3};
static const struct mc_content content = {.size = 3, .build_id = {"id", 2}, .sha256 = sha256};
static char folder[64];

static void init(void)
{
    if (!mc_sqlite_load())
        cr_skip_test("SQLite (libsqlite3.so.0) is not installed");
    fill_folder(folder);
}

static void fini(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(cache, .init = init, .fini = fini);

static void put(struct mc_cache *cache, const char *text)
{
    mc_bytes record = {0};
    for (const char *c = text; *c; c++)
        mc_push(&record, (uint8_t)*c);
    mc_cache_put(cache, &file, &content, options, &record);
}

static bool has(struct mc_cache *cache, const struct mc_identity *which, struct mc_blob how, const char *text)
{
    mc_bytes record = {0};
    bool found = mc_cache_find(cache, which, how, &record) && record.count == strlen(text) &&
                 memcmp(record.items, text, record.count) == 0;
    mc_vector_free(&record);
    return found;
}

static struct mc_cache *open_quietly(void)
{
    bool rebuilt;
    struct mc_cache *cache = mc_cache_open(folder, build);
    cr_expect_null(mc_cache_notice(cache, &rebuilt), "%s", mc_cache_notice(cache, &rebuilt));
    return cache;
}

static void fill(void)
{
    struct mc_cache *cache = open_quietly();
    put(cache, "the record");
    mc_cache_close(cache);
}

static void write_over(const char *name, long at, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, at < 0 ? "w" : "r+");
    cr_assert(stream, "%s", path);
    fseek(stream, at < 0 ? 0 : at, SEEK_SET);
    fputs(text, stream);
    fclose(stream);
}

static void change_database(const char *statement)
{
    const struct mc_sqlite *sqlite = mc_sqlite_load();
    char path[128];
    sqlite3 *handle;
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_assert_eq(sqlite->open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    cr_assert_eq(sqlite->exec(handle, statement, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite->errmsg(handle));
    sqlite->close(handle);
}

Test(cache, finds_the_same_file_with_the_same_options_only)
{
    fill();
    struct mc_cache *cache = open_quietly();
    cr_expect(has(cache, &file, options, "the record"));
    for (int i = 0; i < 5; i++) {
        struct mc_identity other = file;
        *(i == 0 ? &other.device : i == 1 ? &other.inode : &other.size) += i < 3;
        *(i == 3 ? &other.mtime : &other.ctime) -= i >= 3;
        cr_expect_not(has(cache, &other, options, "the record"), "member %d", i);
    }
    cr_expect_not(has(cache, &file, (struct mc_blob){"option", 6}, "the record"));
    mc_cache_close(cache);
}

Test(cache, finds_the_same_content_under_another_identity)
{
    fill();
    struct mc_identity other = file;
    other.inode = 77;
    struct mc_cache *cache = open_quietly();
    mc_bytes record = {0};
    struct mc_content unlike = content;
    uint8_t unlike_hash[32] = {1, 2, 4};
    cr_expect(mc_cache_may_know(cache, &content, options));
    cr_expect(mc_cache_find_content(cache, &content, &other, options, &record));
    unlike.sha256 = unlike_hash;
    cr_expect_not(mc_cache_find_content(cache, &unlike, &other, options, &record));
    unlike = content;
    unlike.build_id.size = 1;
    cr_expect_not(mc_cache_may_know(cache, &unlike, options));
    mc_vector_free(&record);
    mc_cache_close(cache);
    cache = open_quietly();
    cr_expect(has(cache, &other, options, "the record"), "the new identity was not remembered");
    mc_cache_close(cache);
}

Test(cache, of_another_build_is_made_anew)
{
    bool rebuilt = false;
    fill();
    struct mc_cache *cache = mc_cache_open(folder, (struct mc_blob){"newer", 5});
    cr_expect(mc_cache_notice(cache, &rebuilt));
    cr_expect(rebuilt);
    cr_expect_not(has(cache, &file, options, "the record"));
    mc_cache_close(cache);
    cache = mc_cache_open(folder, build); /* and nothing comes back with the old build */
    cr_expect_not(has(cache, &file, options, "the record"));
    mc_cache_close(cache);
}

/* Each row damages the database; it must be told, or found harmless, and the next run has a good one. */
static const struct {
    const char *what, *file;
    long at;
    const char *bytes, *statement;
} damages[] = {
    {"not a database", "results.sqlite", -1, "this is a text, and longer than the header of a database would be, by far, so that "
     "SQLite must read it as one and not as an empty file", NULL},
    {"a header of another kind", "results.sqlite", 0, "SQLite farmat 3", NULL},
    {"pages overwritten", "results.sqlite", 4000, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
    {"a record changed", NULL, 0, NULL, "UPDATE result SET record = 'The record'"},
    {"a digest cut", NULL, 0, NULL, "UPDATE result SET digest = x'00'"},
    {"a row that leads elsewhere", NULL, 0, NULL,
     "INSERT INTO result SELECT 9, options, size, build_id, sha256, x'00', 'no' FROM result; UPDATE file SET result = 9"},
    {"a row of another file", NULL, 0, NULL, "UPDATE file SET mtime = -5; UPDATE file SET mtime = -4, seal = x'00'"},
    {"a table gone", NULL, 0, NULL, "DROP TABLE file"},
    {"another schema", NULL, 0, NULL, "PRAGMA user_version = 7"},
};

Test(cache, damaged_is_told_and_made_anew)
{
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        bool rebuilt = false;
        fill();
        if (damages[i].statement)
            change_database(damages[i].statement);
        else
            write_over(damages[i].file, damages[i].at, damages[i].bytes);
        struct mc_cache *cache = mc_cache_open(folder, build);
        cr_expect_not(has(cache, &file, options, "the record"), "%s: trusted", damages[i].what);
        cr_expect(mc_cache_notice(cache, &rebuilt), "%s: not told", damages[i].what);
        cr_expect(rebuilt, "%s", damages[i].what);
        mc_cache_close(cache);
        fill();
        cache = open_quietly();
        cr_expect(has(cache, &file, options, "the record"), "%s: not made anew", damages[i].what);
        mc_cache_distrust(cache);
        cr_expect_not(has(cache, &file, options, "the record"));
        mc_cache_close(cache);
    }
}

Test(cache, bytes_changed_anywhere_do_no_harm)
{
    char path[128];
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    srand(1);
    for (int round = 0; round < 60; round++) {
        struct stat status;
        struct mc_cache *cache = mc_cache_open(folder, build);
        mc_cache_distrust(cache); /* begins without a database */
        mc_cache_close(cache);
        cache = mc_cache_open(folder, build);
        put(cache, "the record");
        mc_cache_close(cache);
        cr_assert_eq(stat(path, &status), 0);
        for (int i = 0; i < 40; i++)
            write_over("results.sqlite", rand() % status.st_size, "\x5a");
        cache = mc_cache_open(folder, build);
        mc_bytes record = {0};
        if (mc_cache_find(cache, &file, options, &record))
            cr_expect_eq(memcmp(record.items, "the record", 10), 0);
        mc_vector_free(&record);
        mc_cache_close(cache);
    }
}

Test(cache, a_place_that_others_may_write_to_is_left_alone)
{
    bool rebuilt = true;
    cr_assert_eq(chmod(folder, 0777), 0);
    struct mc_cache *cache = mc_cache_open(folder, build);
    put(cache, "the record");
    cr_expect(mc_cache_notice(cache, &rebuilt));
    cr_expect_not(rebuilt);
    mc_cache_close(cache);
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_expect_neq(stat(path, &status), 0);
}

Test(cache, a_build_without_a_name_has_none)
{
    bool rebuilt;
    struct mc_cache *cache = mc_cache_open(folder, (struct mc_blob){NULL, 0});
    cr_expect(mc_cache_notice(cache, &rebuilt));
    mc_cache_close(cache);
}

/* Several processes begin with no database and write at a time. */
Test(cache, is_shared)
{
    enum { PROCESSES = 6 };
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            struct mc_cache *cache = mc_cache_open(folder, build);
            for (int k = 0; k < 20; k++) {
                put(cache, "the record");
                mc_cache_flush(cache);
            }
            bool good = has(cache, &file, options, "the record"), rebuilt;
            good = good && !mc_cache_notice(cache, &rebuilt);
            mc_cache_close(cache);
            _exit(good ? 0 : 1);
        }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        cr_assert_gt(wait(&status), 0);
        cr_expect_eq(status, 0);
    }
}
