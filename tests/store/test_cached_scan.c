/* SPDX-License-Identifier: Apache-2.0 */
/* What of the cache a scan may use: the rules, from inside. The whole is tested end to end (tests/cli/cache.sh). */
#include "store/cached_scan.c"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static char path[64];

static struct mc_identity make_file(void)
{
    struct stat status;
    strcpy(path, "/tmp/maskcheck-store-XXXXXX");
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(fstat(file, &status), 0);
    close(file);
    return mc_identity_of(&status);
}

Test(cached_scan, a_result_holds_while_what_it_rests_on_is_the_same)
{
    struct mc_rests_on other = {path, make_file()};
    struct mc_file_result result = {.dependencies = &other, .dependency_count = 1};
    struct mc_cached_scans scans = {.started = other.identity.ctime + SETTLED + 1};
    cr_expect(dependencies_hold(&scans, &result));
    scans.started--;
    cr_expect_not(dependencies_hold(&scans, &result), "written to just now");
    scans.started = INT64_MAX;
    other.identity.mtime++;
    cr_expect_not(dependencies_hold(&scans, &result), "another state of the file");
    other.identity.mtime--;
    cr_expect(dependencies_hold(&scans, &result));
    unlink(path);
    cr_expect_not(dependencies_hold(&scans, &result), "the file is gone");
    other.identity = (struct mc_identity){0};
    cr_expect(dependencies_hold(&scans, &result), "it rests on there being no such file");
    make_file();
    cr_expect_not(dependencies_hold(&scans, &result), "there is one now");
    unlink(path);
}

Test(cached_scan, every_option_that_changes_results_changes_the_key)
{
    struct mc_scan_options variants[6] = {0};
    mc_set_add(&variants[1].baseline.features, MC_F_SSE3);
    variants[2].strict_conformance = true;
    variants[3].strict_proof = true;
    variants[4].all_sources = true;
    variants[5].debug_folder = "/debug";
    struct mc_cached_scans *scans[6];
    for (int i = 0; i < 6; i++)
        scans[i] = mc_cached_scans_new("/nowhere", &variants[i], NULL, 0);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++) {
            cr_assert_eq(scans[i]->key.size, scans[k]->key.size);
            cr_expect((memcmp(scans[i]->key.bytes, scans[k]->key.bytes, scans[i]->key.size) == 0) == (i == k), "%d %d", i, k);
        }
    cr_expect_gt(scans[0]->build.size, 0, "this program has no build-id");
    for (int i = 0; i < 6; i++)
        mc_cached_scans_free(scans[i]);
}

Test(cached_scan, the_cache_is_opened_at_once_only_for_much_code)
{
    struct mc_scan_options options = {0};
    struct mc_input items[2] = {{.kind = MC_INPUT_ELF, .size = MUCH_CODE - 1}, {.kind = MC_INPUT_OTHER, .size = 100}};
    struct mc_cached_scans *scans = mc_cached_scans_new("/nowhere", &options, items, 2);
    cr_expect_not(scans->at_once);
    mc_cached_scans_free(scans);
    items[1].kind = MC_INPUT_ARCHIVE;
    scans = mc_cached_scans_new("/nowhere", &options, items, 2);
    cr_expect(scans->at_once);
    mc_cached_scans_free(scans);
}
