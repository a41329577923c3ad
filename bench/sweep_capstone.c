/* SPDX-License-Identifier: Apache-2.0 */
/* What tools on Capstone do (elfx86exts is one): decode everything with details, and go by the groups. An undecodable byte
 * is skipped, where elfx86exts would stop. */
#include "bench/list.h"
#include "bench/sections.h"

#include <capstone/capstone.h>

struct decoder {
    csh handles[2]; /* 32 and 64 bits */
    cs_insn *insns[2];
    struct bench_totals totals;
};

static bool is_extension(const cs_insn *insn)
{
    for (unsigned i = 0; i < insn->detail->groups_count; i++)
        if (insn->detail->groups[i] >= X86_GRP_VM && insn->detail->groups[i] != X86_GRP_MODE32 &&
            insn->detail->groups[i] != X86_GRP_MODE64 && insn->detail->groups[i] != X86_GRP_NOT64BITMODE)
            return true;
    return false;
}

static void sweep(void *context, const uint8_t *bytes, size_t size, uint64_t address, bool wide)
{
    struct decoder *decoder = context;
    decoder->totals.bytes += size;
    while (size) {
        if (cs_disasm_iter(decoder->handles[wide], &bytes, &size, &address, decoder->insns[wide])) {
            decoder->totals.instructions++;
            decoder->totals.interesting += is_extension(decoder->insns[wide]);
        } else {
            decoder->totals.undecoded++;
            bytes++;
            size--;
            address++;
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
    for (int wide = 0; wide < 2; wide++) {
        if (cs_open(CS_ARCH_X86, wide ? CS_MODE_64 : CS_MODE_32, &decoder.handles[wide]) != CS_ERR_OK)
            return 1;
        cs_option(decoder.handles[wide], CS_OPT_DETAIL, CS_OPT_ON);
        decoder.insns[wide] = cs_malloc(decoder.handles[wide]);
    }
    bench_each_file(argc == 2 ? argv[1] : NULL, each, &decoder);
    bench_print_totals(&decoder.totals);
    for (int wide = 0; wide < 2; wide++) {
        cs_free(decoder.insns[wide], 1);
        cs_close(&decoder.handles[wide]);
    }
    return 0;
}
