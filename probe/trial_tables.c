/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/model_state.h"

static const struct mc_trial sse[] = {
#include "probe/trials_sse.def"
};

const struct mc_trial_list mc_trial_lists[] = {
    {sse, sizeof sse / sizeof *sse},
};
const size_t mc_trial_list_count = sizeof mc_trial_lists / sizeof *mc_trial_lists;
