/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

int product(int a, int b, const char **ret_path);

int main(void) {
    const char *path;
    int number = product(6, 7, &path);
    return finish(number, path);
}
