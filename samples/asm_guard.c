/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the assembly function under test; 0 means that it took the plain path. */
#include "sample.h"

int guarded(void);

int main(void) {
    int result = guarded();
    return finish(result ? result : 42, result ? "fast" : "plain");
}
