/* SPDX-License-Identifier: Apache-2.0 */
/* The models against this machine: what CPUID reports here must come out ok. And each of those rows with a fault
 * planted into its expected state must come out wrong: a model that agrees with anything is no model. */
#include "probe/model.h"
#include "probe/snapshot.h"
#include "probe/trial_input.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct planted { /* the copy's model finds the original behind it */
    struct mc_trial row;
    const struct mc_trial *original;
};

/* One bit of what the row writes: its destination, else what its model changes, else rax. */
static void flip(const struct mc_trial *row, const struct mc_state *in, struct mc_state *state)
{
    if ((row->d & 0xF0) == 0x10) {
        state->vec[row->d & 7][0] ^= 1;
    } else if (row->d != MC_NO && (row->d & 0xF0) == 0x20) {
        state->mm[row->d & 7] ^= 1;
    } else if ((row->d & 0xF0) == 0x40) {
        state->k[row->d & 7] ^= 1;
    } else if (row->d == MC_M || row->d == MC_N) {
        *(row->d == MC_M ? state->m : state->n) ^= 1;
    } else if ((state->flags ^ in->flags) & state->flags_defined) {
        state->flags ^= MC_FLAG_CF;
    } else {
        state->gpr[MC_RBX] ^= 1;
    }
}

static void expect_planted(struct mc_trial_view *view)
{
    const struct planted *planted = (const struct planted *)(const void *)view->trial;
    mc_expect(planted->original, false, view->immediate, view->run, view->in, view->got, view->expect);
    flip(planted->original, view->in, view->expect);
}

static bool is_reported(const struct mc_snapshot *snapshot, enum mc_feature feature)
{
    return mc_snapshot_reports(snapshot, feature);
}

static const struct mc_snapshot *this_machine(void)
{
    static struct mc_snapshot snapshot;
    struct mc_cpuid_source source = mc_cpuid_instruction();
    cr_assert(mc_snapshot_read(&source, &snapshot));
    return &snapshot;
}

/* Emulators compute some instructions wrongly: held to the hardware only. Bits may also outlive what a hypervisor
 * offers: #UD with the bit set is the probe's finding (`broken`), not a fault of the models. */
Test(trial_models, this_hardware)
{
    const struct mc_snapshot *snapshot = this_machine();
    const struct mc_leaf *leaf = mc_snapshot_find(snapshot, 0x40000000, 0);
    struct mc_trials trials = {0};
    struct mc_error error = {0};
    unsigned tried = 0;
    if (leaf && memcmp(&leaf->regs[MC_EBX], "TCGT", 4) == 0)
        cr_skip_test("this CPU is emulated");
    cr_assert(mc_trials_run(&(struct mc_trials_options){0}, &trials, &error), "%s", error.text);
    for (size_t i = 0; i < trials.count; i++) {
        const struct mc_trial_result *result = &trials.results[i];
        if (!is_reported(snapshot, mc_trial_feature(i)) || result->outcome == MC_OUTCOME_OS_OFF)
            continue;
        tried++;
        cr_expect(result->outcome == MC_OUTCOME_OK, "%s (%s): expected ok, got %s: %s", mc_trial_text(i),
                  mc_features[mc_trial_feature(i)].name, mc_outcome_name(result->outcome), result->why);
    }
    cr_expect(tried > 50, "only %u rows belong to features that this CPU reports", tried);
    mc_trials_free(&trials);
}

Test(trial_models, a_planted_fault_in_each_is_found)
{
    size_t count = mc_trial_count(), used = 0;
    struct planted *planted = calloc(count, sizeof *planted);
    const struct mc_trial **rows = calloc(count, sizeof *rows);
    struct mc_trial_result *results = calloc(count, sizeof *results);
    struct mc_trials trials = {0}, honest = {0};
    struct mc_error error = {0};
    cr_assert(planted && rows && results);
    cr_assert(mc_trials_run(&(struct mc_trials_options){0}, &honest, &error), "%s", error.text);
    for (size_t i = 0; i < count; i++) {
        if (honest.results[i].outcome != MC_OUTCOME_OK)
            continue;
        planted[used] = (struct planted){*mc_trial_row(i), mc_trial_row(i)};
        planted[used].row.model = (struct mc_model){.state = expect_planted};
        rows[used] = &planted[used].row;
        used++;
    }
    cr_assert(mc_trials_run_rows(rows, used, 0, results, &trials, &error), "%s", error.text);
    for (size_t i = 0; i < used; i++)
        cr_expect(results[i].outcome == MC_OUTCOME_WRONG, "%s with a wrong model: expected wrong, got %s (%s)",
                  rows[i]->text, mc_outcome_name(results[i].outcome), results[i].why);
    cr_expect(used > 50);
    mc_trials_free(&honest);
    free(results);
    free(rows);
    free(planted);
}

/* The models of instructions that few CPUs have, held to published vectors: whole algorithms built from them. */
static void call(mc_lane_fn *model, unsigned n, unsigned immediate, void *d, const void *a, const void *b,
                 const void *c)
{
    uint8_t in[3][64] = {{0}}, out[64] = {0};
    const void *sources[] = {a, b, c};
    for (unsigned i = 0; i < 3; i++)
        if (sources[i])
            memcpy(in[i], sources[i], n);
    struct mc_lanes x = {
        .d = out, .a = in[0], .b = in[1], .c = in[2], .old = in[0], .n = n, .immediate = immediate, .mask = UINT64_MAX};
    model(&x);
    memcpy(d, out, n);
}

/* GB/T 32907-2016, example 1: key and plaintext 0123456789ABCDEFFEDCBA9876543210. */
Test(trial_models, sm4_example)
{
    static const uint32_t text[4] = {0x01234567, 0x89ABCDEF, 0xFEDCBA98, 0x76543210},
                          fk[4] = {0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC};
    static const uint32_t expected[4] = {0x681EDF34, 0xD206965E, 0x86B3E94F, 0x536E4246};
    uint32_t key[4], block[4], keys[32];
    for (unsigned i = 0; i < 4; i++)
        key[i] = text[i] ^ fk[i];
    for (unsigned i = 0; i < 32; i += 4) {
        uint32_t constants[4];
        for (unsigned k = 0; k < 4; k++) { /* CK: bytes 7 * (4 * i + j) mod 256 */
            unsigned n = 4 * (i + k) * 7;
            constants[k] = (n & 255) << 24 | ((n + 7) & 255) << 16 | ((n + 14) & 255) << 8 | ((n + 21) & 255);
        }
        call(mc_lane_sm4key4, 16, 0, key, key, constants, NULL);
        memcpy(keys + i, key, 16);
    }
    memcpy(block, text, 16);
    for (unsigned i = 0; i < 32; i += 4)
        call(mc_lane_sm4rnds4, 16, 0, block, block, keys + i, NULL);
    for (unsigned i = 0; i < 4; i++)
        cr_expect(block[3 - i] == expected[i], "word %u: expected %08x, got %08x", i, expected[i], block[3 - i]);
}

/* GB/T 32905-2016, example 1: the hash of "abc". State registers: A B E F and C D G H, from the top; C D G H are kept
 * before their rotations by 9 and 19 bits, which the instruction does. */
static uint32_t ror32(uint32_t value, unsigned count)
{
    return value >> count | value << (32 - count);
}

static void sm3_schedule(uint32_t w[68])
{
    for (unsigned i = 0; i + 16 < 68; i += 4) {
        uint32_t part[4], last[4] = {w[i + 13], w[i + 14], w[i + 15], 0};
        call(mc_lane_sm3msg1, 16, 0, part, w + i + 7, w + i, last);
        call(mc_lane_sm3msg2, 16, 0, part, part, w + i + 3, w + i + 10);
        memcpy(w + i + 16, part, 16);
    }
}

Test(trial_models, sm3_example)
{
    static const uint32_t start[8] = {0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
                                      0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E};
    static const uint32_t expected[8] = {0x66C7F0F4, 0x62EEEDD9, 0xD1F2D46B, 0xDC10E4E2,
                                         0x4167C487, 0x5CF2F7A2, 0x297DA02B, 0x8F4BA8E0};
    uint32_t w[68] = {0x61626380, [15] = 24}, abef[4] = {start[5], start[4], start[1], start[0]};
    uint32_t cdgh[4] = {ror32(start[7], 19), ror32(start[6], 19), ror32(start[3], 9), ror32(start[2], 9)};
    sm3_schedule(w);
    for (unsigned i = 0; i < 64; i += 2) {
        uint32_t words[4] = {w[i], w[i + 1], w[i + 4], w[i + 5]}, next[4];
        call(mc_lane_sm3rnds2, 16, i, next, cdgh, abef, words);
        memcpy(cdgh, abef, 16);
        memcpy(abef, next, 16);
    }
    const uint32_t got[8] = {abef[3], abef[2], (cdgh[3] << 9 | cdgh[3] >> 23),  (cdgh[2] << 9 | cdgh[2] >> 23),
                             abef[1], abef[0], (cdgh[1] << 19 | cdgh[1] >> 13), (cdgh[0] << 19 | cdgh[0] >> 13)};
    for (unsigned i = 0; i < 8; i++)
        cr_expect((got[i] ^ start[i]) == expected[i], "word %u: expected %08x, got %08x", i, expected[i],
                  got[i] ^ start[i]);
}

/* FIPS 180-4: the first 64 bits of the fractional part of the cube root of a prime, by bisection on integers. */
static uint64_t cube_root_fraction(unsigned prime)
{
    unsigned __int128 low = 0,
                      high = (unsigned __int128)8 << 64; /* fixed point, 64 fraction bits; roots stay below 8 */
    while (high - low > 1) {
        unsigned __int128 middle = (low + high) / 2;
        /* middle^3 against prime, in three limbs of 64 bits */
        uint64_t m[2] = {(uint64_t)middle, (uint64_t)(middle >> 64)}, square[4] = {0}, cube[6] = {0};
        for (unsigned i = 0; i < 2; i++)
            for (unsigned k = 0; k < 2; k++) {
                unsigned __int128 sum = (unsigned __int128)m[i] * m[k] + square[i + k];
                square[i + k] = (uint64_t)sum;
                for (unsigned j = i + k + 1, more = 1; more && j < 4; j++) {
                    sum = (unsigned __int128)square[j] + (uint64_t)(sum >> 64);
                    square[j] = (uint64_t)sum;
                    more = (sum >> 64) != 0;
                }
            }
        for (unsigned i = 0; i < 4; i++)
            for (unsigned k = 0; k < 2; k++) {
                unsigned __int128 sum = (unsigned __int128)square[i] * m[k] + cube[i + k];
                cube[i + k] = (uint64_t)sum;
                for (unsigned j = i + k + 1, more = 1; more && j < 6; j++) {
                    sum = (unsigned __int128)cube[j] + (uint64_t)(sum >> 64);
                    cube[j] = (uint64_t)sum;
                    more = (sum >> 64) != 0;
                }
            }
        if (cube[3] >= prime)
            high = middle;
        else
            low = middle;
    }
    return (uint64_t)low;
}

static void sha512_constants(uint64_t k[80])
{
    for (unsigned count = 0, candidate = 2; count < 80; candidate++) {
        bool prime = true;
        for (unsigned divisor = 2; divisor * divisor <= candidate; divisor++)
            prime = prime && candidate % divisor != 0;
        if (prime)
            k[count++] = cube_root_fraction(candidate);
    }
}

/* FIPS 180-4, the hash of "abc". */
Test(trial_models, sha512_example)
{
    static const uint64_t start[8] = {0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
                                      0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179};
    static const uint64_t expected[8] = {0xDDAF35A193617ABA, 0xCC417349AE204131, 0x12E6FA4E89A97EA2,
                                         0x0A9EEEE64B55D39A, 0x2192992A274FC1A8, 0x36BA3C23A3FEEBBD,
                                         0x454D4423643CE80E, 0x2A9AC94FA54CA49F};
    uint64_t k[80], w[80] = {0x6162638000000000, [15] = 24};
    uint64_t abef[4] = {start[5], start[4], start[1], start[0]}, cdgh[4] = {start[7], start[6], start[3], start[2]};
    sha512_constants(k);
    cr_assert(k[0] == 0x428A2F98D728AE22, "the first constant: %016lx", (unsigned long)k[0]);
    for (unsigned i = 16; i < 80; i += 4) {
        uint64_t part[4];
        call(mc_lane_sha512msg1, 32, 0, part, w + i - 16, w + i - 12, NULL);
        for (unsigned j = 0; j < 4; j++)
            part[j] +=
                w[i - 7 + j]; /* by VPERM2I128, VPALIGNR and VPADDQ in real code; w[i - 4 ..] is known up to here */
        call(mc_lane_sha512msg2, 32, 0, w + i, part, w + i - 4, NULL);
    }
    for (unsigned i = 0; i < 80; i += 2) {
        uint64_t words[4] = {w[i] + k[i], w[i + 1] + k[i + 1]}, next[4];
        call(mc_lane_sha512rnds2, 32, 0, next, cdgh, abef, words);
        memcpy(cdgh, abef, 32);
        memcpy(abef, next, 32);
    }
    const uint64_t got[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
    for (unsigned i = 0; i < 8; i++)
        cr_expect(got[i] + start[i] == expected[i], "word %u: expected %016lx, got %016lx", i,
                  (unsigned long)expected[i], (unsigned long)(got[i] + start[i]));
}
