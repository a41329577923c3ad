/* SPDX-License-Identifier: Apache-2.0 */
/* Objects with a table of methods, made by a factory that knows the CPU. */
#include "sample.h"

struct codec;
struct codec_methods {
    int (*product)(const struct codec *self, int a, int b);
    const char *(*name)(const struct codec *self);
};
struct codec {
    const struct codec_methods *methods;
    int scale;
};

static int product_plain(const struct codec *self, int a, int b) {
    return multiply_plain(a, b) * self->scale;
}

static int product_sse41(const struct codec *self, int a, int b) {
    return multiply_sse41(a, b) * self->scale;
}

static const char *name_plain(const struct codec *self) {
    (void)self;
    return "plain";
}

static const char *name_sse41(const struct codec *self) {
    (void)self;
    return "fast";
}

static const struct codec_methods methods_plain = {product_plain, name_plain};
static const struct codec_methods methods_sse41 = {product_sse41, name_sse41};

NOINLINE static struct codec *make_codec(void) {
    struct codec *codec = malloc(sizeof *codec);
    if (!codec)
        abort();
    codec->scale = 1;
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        codec->methods = &methods_sse41;
    else
        codec->methods = &methods_plain;
    return codec;
}

int main(void) {
    struct codec *codec = make_codec();
    int status = finish(codec->methods->product(codec, 6, 7), codec->methods->name(codec));
    free(codec);
    return status;
}
