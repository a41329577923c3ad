/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"

bool mc_baseline_option(const char *text, struct mc_baseline *ret, struct mc_error *ret_error)
{
    return mc_baseline_parse(text, ret, ret_error);
}
