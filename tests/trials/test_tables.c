/* SPDX-License-Identifier: Apache-2.0 */
/* The trial tables against the catalogue: each row's bytes are one instruction that needs the row's feature, every
 * feature of user code has a trial or a reason, and SSSE3 and SSE4.1 are complete. */
#include "isa/decode.h"
#include "probe/trial_table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Rows whose bytes another feature grants as well, so that decoding cannot name the row's own. */
static const struct {
    enum mc_feature feature;
    const char *hex, *why;
} exceptions[] = {
    {MC_F_XGETBV1, "0F01D0", "XGETBV with ECX 1: the same bytes as XSAVE's"},
};

static bool is_exception(const struct mc_trial *row)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (row->feature == exceptions[i].feature && strcmp(row->hex, exceptions[i].hex) == 0)
            return true;
    return false;
}

/* Does some alternative of the need hold the feature? */
static bool needs_feature(const struct mc_need *need, enum mc_feature feature)
{
    for (unsigned i = 0; i < need->count; i++)
        if (mc_set_has(&need->alternatives[i], feature))
            return true;
    return false;
}

/* 1 and, unless quiet, a message when the row's bytes are not one instruction of its feature. */
static unsigned check_row(const struct mc_trial *row, enum mc_mode mode, bool quiet)
{
    uint8_t bytes[32];
    struct mc_insn insn;
    size_t size = mc_trial_hex(row->hex, bytes);
    unsigned length = mc_decode(mode, bytes, size, &insn);
    const struct mc_need *need = length ? mc_need_at(insn.need) : NULL;
    if (length == size && need && (needs_feature(need, row->feature) || is_exception(row)))
        return 0;
    if (quiet)
        return 1;
    cr_log_error("%s, %s, %d-bit mode: %zu bytes, expected one instruction that needs %s; got length %u, %s", row->text,
                 row->hex, mode == MC_MODE_64 ? 64 : 32, size, mc_features[row->feature].name, length,
                 need ? mc_features[need->feature].name : "nothing");
    return 1;
}

Test(trial_tables, bytes_need_the_feature)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < mc_trial_count(); i++) {
        const struct mc_trial *row = mc_trial_row(i);
        wrong += check_row(row, MC_MODE_64, false);
        if (row->modes == MC_TRIAL_BOTH)
            wrong += check_row(row, MC_MODE_32, false);
    }
    cr_expect(wrong == 0, "%u rows of %zu", wrong, mc_trial_count());
}

Test(trial_tables, another_feature_is_noticed)
{
    struct mc_trial planted = *mc_trial_row(0);
    planted.hex = "660F3840CA"; /* pmulld */
    planted.feature = MC_F_SSSE3;
    cr_expect(check_row(&planted, MC_MODE_64, true) == 1);
    planted.feature = MC_F_SSE4_1;
    cr_expect(check_row(&planted, MC_MODE_64, true) == 0);
    planted.hex = "660F3840CA90"; /* two instructions */
    cr_expect(check_row(&planted, MC_MODE_64, true) == 1);
}

Test(trial_tables, every_feature_has_a_trial_or_a_reason)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        bool tried = false;
        const char *reason = mc_trial_untestable(feature);
        for (size_t i = 0; i < mc_trial_count() && !tried; i++)
            tried = mc_trial_feature(i) == (enum mc_feature)feature;
        if (mc_features[feature].level == MC_LEVEL_USER)
            cr_expect(tried != (reason != NULL), "%s: %s", mc_features[feature].name,
                      tried ? "a trial and a reason" : "neither trial nor reason");
        cr_expect(!reason || !strstr(reason, "in this mode"), "%s: %s", mc_features[feature].name, reason);
    }
}

static unsigned count_forms(enum mc_feature feature, const char *register_name, bool memory, char seen[64][24],
                            unsigned known)
{
    for (size_t i = 0; i < mc_trial_count(); i++) {
        const char *text = mc_trial_text(i), *operands = strchr(text, ' ');
        char name[24] = "";
        bool new_name = true;
        if (mc_trial_feature(i) != feature || !operands || !strstr(text, register_name) ||
            (strchr(text, '[') != NULL) != memory)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(operands - text), text);
        for (unsigned k = 0; k < known; k++)
            new_name = new_name && strcmp(seen[k], name) != 0;
        if (new_name && known < 64)
            memcpy(seen[known++], name, sizeof name);
    }
    return known;
}

Test(trial_tables, ssse3_has_its_32_forms)
{
    static const char *const registers[] = {" mm1", " xmm1"};
    for (unsigned i = 0; i < 2; i++) {
        char seen[64][24];
        unsigned in_register = count_forms(MC_F_SSSE3, registers[i], false, seen, 0);
        unsigned in_memory = count_forms(MC_F_SSSE3, registers[i], true, seen, 0);
        cr_expect(in_register == 16 && in_memory == 16, "%s: expected 16 and 16 mnemonics, got %u and %u", registers[i],
                  in_register, in_memory);
    }
}

/* 49 mnemonics; EXTRACTPS, PEXTRx, PINSRx have an xmm register beside the general one. MOVNTDQA has only a memory form.
 */
Test(trial_tables, sse4_1_has_its_49_mnemonics)
{
    char seen[64][24];
    unsigned in_register = count_forms(MC_F_SSE4_1, "xmm", false, seen, 0);
    unsigned in_memory = count_forms(MC_F_SSE4_1, "xmm", true, seen, 0);
    cr_expect(in_register == 48, "expected 48 mnemonics in register form, got %u", in_register);
    cr_expect(in_memory == 49, "expected 49 mnemonics in memory form, got %u", in_memory);
    bool found[3] = {false};
    for (size_t i = 0; i < mc_trial_count(); i++) {
        found[0] |= strncmp(mc_trial_text(i), "pextrq ", 7) == 0;
        found[1] |= strncmp(mc_trial_text(i), "pinsrq ", 7) == 0;
        found[2] |= strncmp(mc_trial_text(i), "movntdqa ", 9) == 0;
    }
    cr_expect(found[0] && found[1] && found[2]);
}

Test(trial_tables, helper_bytes_fit)
{
    for (size_t i = 0; i < mc_trial_count(); i++) {
        const struct mc_trial *row = mc_trial_row(i);
        const char *const parts[] = {row->before, row->hex, row->after};
        for (unsigned k = 0; k < 3; k++) {
            cr_expect(strlen(parts[k]) % 2 == 0 && strlen(parts[k]) <= 64, "%s: \"%s\"", row->text, parts[k]);
            cr_expect(parts[k][strspn(parts[k], "0123456789ABCDEF")] == 0, "%s: \"%s\"", row->text, parts[k]);
        }
        cr_expect(strlen(row->hex) >= 2 && strlen(row->hex) <= 30, "%s", row->text);
        cr_expect(!!row->model.lanes + !!row->model.scalar + !!row->model.state == 1, "%s: one model", row->text);
    }
}
