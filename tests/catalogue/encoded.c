/* SPDX-License-Identifier: Apache-2.0 */
/* Every feature that adds user-mode instructions must be the need of some encoding, else no use of it is ever found. */
#include "isa/decode.h"
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>

/* Features of user code without an instruction of their own, and why. */
static const struct {
    enum mc_feature feature;
    const char *reason;
} without_encoding[] = {
    {MC_F_OSXSAVE, "tells that XGETBV may be run; the instruction belongs to xsave"},
    {MC_F_OSPKE, "tells that RDPKRU may be run; the instruction belongs to pku"},
    {MC_F_AESKLE, "tells that Key Locker is switched on; the instructions belong to kl"},
    {MC_F_XGETBV1, "XGETBV with ECX = 1: the same bytes"},
    {MC_F_MISALIGNSSE, "lets SSE instructions take unaligned operands: the same bytes"},
    {MC_F_SGX1, "leaf functions of ENCLU: the same bytes as sgx"},
    {MC_F_SGX2, "leaf functions of ENCLU: the same bytes as sgx"},
    {MC_F_SGX_EDECCSSA, "leaf function of ENCLU: the same bytes as sgx"},
    {MC_F_AMD_PREFETCHI, "AMD's bit for the instructions of prefetchi"},
    {MC_F_XSTORE_EN, "the switch of xstore"},
    {MC_F_XCRYPT_EN, "the switch of xcrypt"},
    {MC_F_ACE2, "more modes of XCRYPT: the same bytes"},
    {MC_F_ACE2_EN, "the switch of ace2"},
    {MC_F_PHE_EN, "the switch of phe"},
    {MC_F_PMM_EN, "the switch of pmm"},
    {MC_F_GMI_SM2, "Zhaoxin publishes no encoding that a second decoder knows"},
    {MC_F_GMI_SM2_EN, "the switch of gmi-sm2"},
    {MC_F_GMI_CCS, "Zhaoxin publishes no encoding that a second decoder knows"},
    {MC_F_GMI_CCS_EN, "the switch of gmi-ccs"},
    {MC_F_PCOMMIT, "withdrawn before any CPU had it"},
    {MC_F_AMX_AVX512, "none of the second decoders knows it"},
    {MC_F_AMX_FP8, "none of the second decoders knows it"},
    {MC_F_AMX_TF32, "none of the second decoders knows it"},
    {MC_F_AMX_TRANSPOSE, "none of the second decoders knows it"},
    {MC_F_AMX_MOVRS, "none of the second decoders knows it"},
    {MC_F_MOVRS, "none of the second decoders knows it"},
};

static const char *find_reason(int feature)
{
    for (size_t i = 0; i < sizeof without_encoding / sizeof *without_encoding; i++)
        if (without_encoding[i].feature == (enum mc_feature)feature)
            return without_encoding[i].reason;
    return NULL;
}

Test(encoded, every_user_feature)
{
    struct mc_feature_set encoded = {0};
    for (unsigned need = 0; need < mc_need_count(); need++) {
        const struct mc_need *row = mc_need_at((uint16_t)need);
        for (unsigned i = 0; i < row->count; i++)
            encoded = mc_set_or(encoded, &row->alternatives[i]);
    }
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        if (mc_features[feature].level == MC_LEVEL_KERNEL)
            continue;
        const char *reason = find_reason(feature);
        bool has = mc_set_has(&encoded, (enum mc_feature)feature);
        cr_expect(has || reason, "no encoding needs %s", mc_features[feature].name);
        if (has && reason)
            note("%s has encodings now: its reason ('%s') is out of date", mc_features[feature].name, reason);
    }
}
