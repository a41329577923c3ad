/* SPDX-License-Identifier: Apache-2.0 */
/* Only the user decides. */
#include "sample.h"

int main(void) {
    const char *text = getenv("SAMPLE_FAST");
    if (text && *text == '1')
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
