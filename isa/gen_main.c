/* SPDX-License-Identifier: Apache-2.0 */
/* The build tool that compiles isa/encodings.txt to C. Usage: gen_decode IN OUT */
#include "isa/gen_decode.h"

int main(int count, char **arguments)
{
    if (count != 3) {
        fputs("usage: gen_decode IN OUT\n", stderr);
        return 2;
    }
    FILE *in = fopen(arguments[1], "r"), *out = fopen(arguments[2], "w");
    if (!in || !out) {
        perror(in ? arguments[2] : arguments[1]);
        return 1;
    }
    gen_read(in);
    fclose(in);
    gen_emit(out);
    if (fclose(out)) {
        perror(arguments[2]);
        return 1;
    }
    return 0;
}
