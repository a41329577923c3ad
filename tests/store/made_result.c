/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/store/made_result.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct mc_finding made_finding(struct mc_arena *arena, uint16_t need, size_t steps)
{
    struct mc_finding finding = {.use = {.address = 0x401000 + need, .need = need, .length = 5},
                                 .function = "a\xff function",
                                 .function_address = 0x401000,
                                 .verdict = MC_VERDICT_MISGUARDED,
                                 .confidence = MC_PROVED,
                                 .severity = MC_ERROR,
                                 .rule = "MC002",
                                 .reason = "a reason",
                                 .path_length = steps,
                                 .code = {.size = 4, .bytes = {0x66, 0x0f, 0x38, 0x00}},
                                 .source = "blend.c:57",
                                 .source_path = "/src/blend.c",
                                 .unit = "/src/main.c",
                                 .producer = "GNU C17 12.2.0",
                                 .options = "-mavx2",
                                 .comdat = "blend",
                                 .at_start = true};
    finding.needs = mc_need_at(need)->alternatives[0];
    finding.missing = finding.needs;
    finding.path = MC_NEW_ARRAY(arena, steps + 1, struct mc_step);
    for (size_t i = 0; i < steps; i++)
        finding.path[i] = (struct mc_step){.kind = i ? MC_STEP_CALL : MC_STEP_ROOT, .address = i, .text = "a step"};
    finding.guard = (struct mc_guard){.known = true, .address = 0x401500, .leaf = 1, .subleaf = 2, .reg = MC_EDX, .bit = 26,
                                      .feature = MC_F_SSE2, .code = {.size = 15, .bytes = {0xf7, 0xc2}}};
    return finding;
}

struct mc_file_result *made_result(const char *path)
{
    struct mc_file_result *result = mc_file_result_new(path);
    result->status = MC_FILE_PARTIAL;
    result->mode = MC_MODE_64;
    result->kind = MC_KIND_PIE;
    result->package = "made";
    result->build_id_size = 20;
    memset(result->build_id, 7, 20);
    result->size = 12345;
    result->has_sha256 = true;
    memset(result->sha256, 9, sizeof result->sha256);
    result->verdict = MC_VERDICT_MISGUARDED;
    result->confidence = MC_PROVED;
    mc_set_add(&result->used, MC_F_SSE2);
    mc_set_add(&result->unsafe, MC_F_SSSE3);
    result->gap_count = 2;
    result->gaps = MC_NEW_ARRAY(&result->arena, 2, struct mc_gap);
    result->gaps[0] = (struct mc_gap){1, "undecoded", "some bytes"};
    result->gaps[1] = (struct mc_gap){2, "budget", "too large"};
    result->finding_count = 6;
    result->findings = MC_NEW_ARRAY(&result->arena, 6, struct mc_finding);
    for (uint16_t i = 0; i < 6; i++)
        result->findings[i] = made_finding(&result->arena, i + 1, i);
    result->findings[3].guard.known = false;
    result->findings[3].function = result->findings[3].source = NULL;
    result->dependency_count = 1;
    result->dependencies = MC_NEW(&result->arena, struct mc_rests_on);
    *result->dependencies = (struct mc_rests_on){"/lib/other.so", {1, 2, 3, -4, 5}};
    return result;
}

void fill_folder(char folder[64])
{
    strcpy(folder, "/tmp/maskcheck-store-XXXXXX");
    cr_assert(mkdtemp(folder));
}
