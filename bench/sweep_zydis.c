/* SPDX-License-Identifier: Apache-2.0 */
/* The fastest that Zydis gives while it still names the extension: instructions without their operands. */
#include "bench/list.h"
#include "bench/sections.h"

#include <Zydis/Zydis.h>

struct decoder {
    ZydisDecoder decoders[2]; /* 32 and 64 bits */
    struct bench_totals totals;
};

static void sweep(void *context, const uint8_t *bytes, size_t size, uint64_t address, bool wide)
{
    struct decoder *decoder = context;
    ZydisDecodedInstruction instruction;
    (void)address;
    decoder->totals.bytes += size;
    for (size_t at = 0; at < size;) {
        if (ZYAN_SUCCESS(
                ZydisDecoderDecodeInstruction(&decoder->decoders[wide], NULL, bytes + at, size - at, &instruction))) {
            decoder->totals.instructions++;
            decoder->totals.interesting += instruction.meta.isa_ext != ZYDIS_ISA_EXT_BASE;
            at += instruction.length;
        } else {
            decoder->totals.undecoded++;
            at++;
        }
    }
}

static void each(void *context, const char *path)
{
    bench_sweep_file(path, sweep, context);
}

int main(int argc, char **argv)
{
    struct decoder decoder = {0};
    ZydisDecoderInit(&decoder.decoders[0], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&decoder.decoders[1], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    bench_each_file(argc == 2 ? argv[1] : NULL, each, &decoder);
    bench_print_totals(&decoder.totals);
    return 0;
}
