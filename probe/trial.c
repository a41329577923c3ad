/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trial.h"

const char *mc_outcome_name(enum mc_outcome outcome)
{
    static const char *const names[] = {"not-run", "ok", "ud", "alias", "wrong", "os-off", "fault", "untestable"};

    return names[outcome];
}
