/* SPDX-License-Identifier: Apache-2.0 */
/* SSE4.2 text and CRC instructions, PTEST, FISTTP; and the table of the SSE family. Intel SDM vol. 2, section 4.1 for
 * the PCMPxSTRx control byte and its aggregation. */
#include "probe/model_state.h"

/* Source operand bytes: a vector register, a general register or memory. */
static const uint8_t *source(const struct mc_state *in, enum mc_operand operand)
{
    if (operand == MC_M)
        return in->m;
    return (operand & 0xF0) == 0x30 ? (const uint8_t *)&in->gpr[operand & 7] : in->vec[operand & 7];
}

void mc_state_ptest(struct mc_trial_view *view)
{
    const uint8_t *a = source(view->in, view->trial->a), *b = source(view->in, view->trial->b);
    unsigned size = view->trial->width ? view->trial->width : 16;
    bool zero = true, carry = true;
    for (unsigned i = 0; i < size; i++) {
        zero = zero && !(a[i] & b[i]);
        carry = carry && !(~a[i] & b[i]);
    }
    view->expect->flags = (zero ? MC_FLAG_ZF : 0) | (carry ? MC_FLAG_CF : 0);
}

void mc_state_fisttp(struct mc_trial_view *view)
{
    mc_put_s32(view->expect->n, 0, (int32_t)mc_get_f32(view->in->m, 0));
}

/* CRC-32C (polynomial 0x11EDC6F41), reflected, without inversion. */
void mc_state_crc32(struct mc_trial_view *view)
{
    const uint8_t *bytes = source(view->in, view->trial->b);
    uint32_t crc = (uint32_t)view->in->gpr[MC_RAX];
    for (unsigned i = 0; i < view->trial->width; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    view->expect->gpr[MC_RAX] = crc;
}

struct text { /* one operand of PCMPxSTRx */
    int32_t element[16];
    unsigned length;
};

static void read_text(struct text *text, const uint8_t *bytes, unsigned control, bool has_length, uint64_t length)
{
    unsigned count = control & 1 ? 8 : 16;
    for (unsigned i = 0; i < count; i++) {
        if (control & 1)
            text->element[i] = control & 2 ? mc_get_s16(bytes, i) : mc_get_u16(bytes, i);
        else
            text->element[i] = control & 2 ? (int8_t)bytes[i] : bytes[i];
    }
    if (has_length) { /* EAX or EDX: absolute value, saturated */
        int64_t size = (int32_t)length;
        size = size < 0 ? -size : size;
        text->length = size > count ? count : (unsigned)size;
        return;
    }
    for (text->length = 0; text->length < count && text->element[text->length]; text->length++)
        continue;
}

/* The comparison of a's element j with b's element i, overridden where one of them is invalid (table 4-7). */
static bool compare(const struct text *a, const struct text *b, unsigned j, unsigned i, unsigned mode)
{
    bool a_valid = j < a->length, b_valid = i < b->length;
    if (!a_valid || !b_valid) {
        if (mode == 3)
            return !a_valid;
        return mode == 2 && !a_valid && !b_valid;
    }
    if (mode == 1)
        return j & 1 ? b->element[i] <= a->element[j] : b->element[i] >= a->element[j];
    return a->element[j] == b->element[i];
}

static uint32_t aggregate(const struct text *a, const struct text *b, unsigned count, unsigned mode)
{
    uint32_t result = 0;
    for (unsigned i = 0; i < count; i++) {
        bool bit = mode == 3;
        for (unsigned j = 0; j < count; j++) {
            if (mode == 0)
                bit = bit || compare(a, b, j, i, mode);
            else if (mode == 1 && !(j & 1))
                bit = bit || (compare(a, b, j, i, mode) && compare(a, b, j + 1, i, mode));
            else if (mode == 2 && j == i)
                bit = compare(a, b, j, i, mode);
            else if (mode == 3 && i + j < count)
                bit = bit && compare(a, b, j, i + j, mode);
        }
        result |= (uint32_t)bit << i;
    }
    return result;
}

static uint32_t compare_strings(struct mc_trial_view *view, bool has_length)
{
    unsigned control = view->immediate, count = control & 1 ? 8 : 16;
    struct text a, b;
    read_text(&a, source(view->in, view->trial->a), control, has_length, view->in->gpr[MC_RAX]);
    read_text(&b, source(view->in, view->trial->b), control, has_length, view->in->gpr[MC_RDX]);
    uint32_t result = aggregate(&a, &b, count, control >> 2 & 3), all = (1u << count) - 1;
    if (control & 0x10)
        result ^= control & 0x20 ? (1u << b.length) - 1 : all; /* masked: only the valid elements of b */
    result &= all;
    view->expect->flags = (result ? MC_FLAG_CF : 0) | (b.length < count ? MC_FLAG_ZF : 0) |
                          (a.length < count ? MC_FLAG_SF : 0) | (result & 1 ? MC_FLAG_OF : 0);
    return result;
}

static void expect_index(struct mc_trial_view *view, bool has_length)
{
    uint32_t result = compare_strings(view, has_length), index = view->immediate & 1 ? 8 : 16;
    for (unsigned i = 0; i < 16; i++)
        if (result >> i & 1 && (index > i || view->immediate & 0x40)) {
            index = i;
            if (!(view->immediate & 0x40))
                break;
        }
    view->expect->gpr[MC_RCX] = index;
}

static void expect_mask(struct mc_trial_view *view, bool has_length)
{
    uint32_t result = compare_strings(view, has_length);
    memset(view->expect->vec[0], 0, 16);
    if (!(view->immediate & 0x40)) {
        mc_put_u32(view->expect->vec[0], 0, result);
        return;
    }
    unsigned size = view->immediate & 1 ? 2 : 1;
    for (unsigned i = 0; i < 16; i++)
        view->expect->vec[0][i] = result >> i / size & 1 ? 0xFF : 0;
}

void mc_state_pcmpistri(struct mc_trial_view *view)
{
    expect_index(view, false);
}

void mc_state_pcmpistrm(struct mc_trial_view *view)
{
    expect_mask(view, false);
}

void mc_state_pcmpestri(struct mc_trial_view *view)
{
    expect_index(view, true);
}

void mc_state_pcmpestrm(struct mc_trial_view *view)
{
    expect_mask(view, true);
}
