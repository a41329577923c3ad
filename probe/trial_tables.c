/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/model_scalar.h"

static const struct mc_trial sse[] = {
#include "probe/trials_sse.def"
};

static const struct mc_trial scalar[] = {
#include "probe/trials_scalar.def"
};

static const struct mc_trial avx[] = {
#include "probe/trials_avx.def"
};

static const struct mc_trial avx512[] = {
#include "probe/trials_avx512.def"
};

static const struct mc_trial amd[] = {
#include "probe/trials_amd.def"
};

const struct mc_trial_list mc_trial_lists[] = {
    {sse, sizeof sse / sizeof *sse}, {avx, sizeof avx / sizeof *avx},          {avx512, sizeof avx512 / sizeof *avx512},
    {amd, sizeof amd / sizeof *amd}, {scalar, sizeof scalar / sizeof *scalar},
};
const size_t mc_trial_list_count = sizeof mc_trial_lists / sizeof *mc_trial_lists;
