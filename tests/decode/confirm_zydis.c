/* SPDX-License-Identifier: Apache-2.0 */
/* Zydis as witness: length, mnemonic, and its ISA set against the row's features. */
#include "tests/decode/confirm.h"

#include <Zydis/Zydis.h>
#include <ctype.h>
#include <string.h>

/* Zydis' ISA sets, a trailing _128, _256, _512, _128N, _SCALAR, _KOP taken off, as features of the catalogue. An empty
 * text: the set tells no feature. */
static const struct {
    const char *set, *features;
} isa_sets[] = {
    {"ADOX_ADCX", "adx"},
    {"AES", "aes"},
    {"AMD", "syscall"},
    {"AMD3DNOW", "3dnow"},
    {"AMD_INVLPGB", "invlpgb"},
    {"AMX_BF16", "amx-bf16"},
    {"AMX_INT8", "amx-int8"},
    {"AMX_TILE", "amx-tile"},
    {"AVX", "avx"},
    {"AVX2", "avx2"},
    {"AVX2GATHER", "avx2"},
    {"AVXAES", "aes avx"},
    {"AVX_GFNI", "gfni avx"},
    {"AVX_VNNI", "avxvnni"},
    {"BMI1", "bmi"},
    {"BMI2", "bmi2"},
    {"CLDEMOTE", "cldemote"},
    {"CLFLUSHOPT", "clflushopt"},
    {"CLFSH", "clflush"},
    {"CLWB", "clwb"},
    {"CLZERO", "clzero"},
    {"CMOV", "cmov"},
    {"CMPXCHG16B", "cx16"},
    {"ENQCMD", "enqcmd"},
    {"F16C", "f16c"},
    {"FCMOV", "cmov fpu"},
    {"FMA", "fma"},
    {"FMA4", "fma4"},
    {"FXSAVE", "fxsr"},
    {"FXSAVE64", "fxsr"},
    {"GFNI", "gfni"},
    {"HRESET", "hreset"},
    {"INVPCID", "invpcid"},
    {"KEYLOCKER", "kl"},
    {"KEYLOCKER_WIDE", "widekl"},
    {"LWP", "lwp"},
    {"LZCNT", "lzcnt"},
    {"MCOMMIT", "mcommit"},
    {"MONITOR", "monitor"},
    {"MONITORX", "mwaitx"},
    {"MOVBE", "movbe"},
    {"MPX", "mpx"},
    {"PADLOCK_ACE", "xcrypt"},
    {"PADLOCK_PHE", "phe"},
    {"PADLOCK_PMM", "pmm"},
    {"PADLOCK_RNG", "xstore"},
    {"PCLMULQDQ", "pclmul"},
    {"PCONFIG", "pconfig"},
    {"PENTIUMMMX", "mmx"},
    {"PKU", "pku"},
    {"POPCNT", "popcnt"},
    {"PREFETCHWT1", "prefetchwt1"},
    {"PT", "ptwrite"},
    {"RDPID", "rdpid"},
    {"RDPRU", "rdpru"},
    {"RDRAND", "rdrnd"},
    {"RDSEED", "rdseed"},
    {"RDTSCP", "rdtscp"},
    {"RDWRFSGS", "fsgsbase"},
    {"RTM", "rtm"},
    {"SERIALIZE", "serialize"},
    {"SGX", "sgx"},
    {"SGX_ENCLV", "sgx-enclv"},
    {"SHA", "sha"},
    {"SMAP", "smap"},
    {"SMX", "smx"},
    {"SNP", "sev-snp"},
    {"SSE", "sse"},
    {"SSE2", "sse2"},
    {"SSE2MMX", "sse2"},
    {"SSE3", "sse3"},
    {"SSE3X87", "sse3 fpu"},
    {"SSE4", "sse4.1"},
    {"SSE42", "sse4.2"},
    {"SSE4A", "sse4a"},
    {"SSEMXCSR", "sse"},
    {"SSE_PREFETCH", "sse"},
    {"SSSE3", "ssse3"},
    {"SSSE3MMX", "ssse3"},
    {"SVM", "svm"},
    {"TBM", "tbm"},
    {"TSX_LDTRK", "tsxldtrk"},
    {"UINTR", "uintr"},
    {"VAES", "vaes avx"},
    {"VMFUNC", "vmx"},
    {"VPCLMULQDQ", "vpclmulqdq avx"},
    {"VTX", "vmx"},
    {"WAITPKG", "waitpkg"},
    {"X87", "fpu"},
    {"XOP", "xop"},
    {"XSAVE", "xsave"},
    {"XSAVEC", "xsavec"},
    {"XSAVEOPT", "xsaveopt"},
    {"XSAVES", "xsaves"},
    {"AVX512F", "avx512f"},
    {"AVX512BW", "avx512bw"},
    {"AVX512CD", "avx512cd"},
    {"AVX512DQ", "avx512dq"},
    {"AVX512ER", "avx512er"},
    {"AVX512PF", "avx512pf"},
    {"AVX512_4FMAPS", "avx5124fmaps"},
    {"AVX512_4VNNIW", "avx5124vnniw"},
    {"AVX512_BF16", "avx512bf16"},
    {"AVX512_BITALG", "avx512bitalg"},
    {"AVX512_FP16", "avx512fp16"},
    {"AVX512_GFNI", "gfni avx512f"},
    {"AVX512_IFMA", "avx512ifma"},
    {"AVX512_VAES", "vaes avx512f"},
    {"AVX512_VBMI", "avx512vbmi"},
    {"AVX512_VBMI2", "avx512vbmi2"},
    {"AVX512_VNNI", "avx512vnni"},
    {"AVX512_VP2INTERSECT", "avx512vp2intersect"},
    {"AVX512_VPCLMULQDQ", "vpclmulqdq avx512f"},
    {"AVX512_VPOPCNTDQ", "avx512vpopcntdq"},
    /* sets by age, or that stand for several features */
    {"PPRO", NULL},
    {"PENTIUMREAL", NULL},
    {"LONGMODE", NULL},
    {"LAHF", NULL},
    {"CET", NULL},
    {"MOVDIR", NULL},
    {"PREFETCH_NOP", NULL},
    {"FAT_NOP", ""},
    {"PAUSE", ""},
    {"TDX", ""},
    {"RDPMC", ""},
    {"I86", ""},
    {"I186", ""},
    {"I286PROTECTED", ""},
    {"I286REAL", ""},
    {"I386", ""},
    {"I486", ""},
    {"I486REAL", ""},
};

/* Rows where the table knows better than the ISA set, by mnemonic. */
static const struct {
    const char *set, *mnemonics, *features;
} exceptions[] = {
    {"PENTIUMMMX", " pshufw pinsrw pextrw pavgb pavgw pmaxub pmaxsw pminub pminsw pmulhuw psadbw movntq maskmovq ",
     "sse"},
    /* ^ MMX-register forms that SSE added (SDM vol. 2, CPUID column) */
    {"AVX", " vpclmulqdq ", "pclmul avx"},                         /* both bits (SDM vol. 2, PCLMULQDQ) */
    {"SVM", " skinit ", "skinit"},                                 /* a bit of its own (APM vol. 3, SKINIT) */
    {"I486REAL", " wbnoinvd ", "wbnoinvd"},                        /* in Zydis' set of WBINVD */
    {"AMD3DNOW", " pi2fw pf2iw pfnacc pfpnacc pswapd ", "3dnowa"}, /* AMD 22466: the extensions */
};

static bool contains_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

/* The first alternative of the row is exactly the features of the text, with avx512vl besides when `vl`. */
static bool row_needs(const struct gen_row *row, const char *features, bool vl)
{
    unsigned named = 0, wanted = 0;
    for (unsigned i = 0; i < GEN_NAMES && *row->features[0][i]; i++) {
        named++;
        if (strcmp(row->features[0][i], "avx512vl") == 0 ? !vl : !contains_word(features, row->features[0][i]))
            return false;
    }
    for (const char *at = features; *at; at += strcspn(at, " "), at += *at == ' ')
        wanted++;
    return named == wanted + vl;
}

/* Whether Zydis' classification agrees with the row's features. */
static bool isa_set_fits(const struct gen_row *row, const char *full_set)
{
    char set[64];
    snprintf(set, sizeof set, "%s", full_set);
    bool vl = false;
    static const char *const suffixes[] = {"_128", "_256", "_512", "_128N", "_SCALAR", "_KOP"};
    if (strncmp(set, "AVX512", 6) == 0)
        for (unsigned i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
            size_t length = strlen(suffixes[i]);
            if (strlen(set) > length && strcmp(set + strlen(set) - length, suffixes[i]) == 0) {
                set[strlen(set) - length] = '\0';
                vl = i < 2;
                break;
            }
        }
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(set, exceptions[i].set) == 0 && contains_word(exceptions[i].mnemonics, row->mnemonic))
            return row_needs(row, exceptions[i].features, vl);
    for (size_t i = 0; i < sizeof isa_sets / sizeof *isa_sets; i++)
        if (strcmp(set, isa_sets[i].set) == 0)
            return !isa_sets[i].features || row_needs(row, isa_sets[i].features, vl);
    return false;
}

void confirm_by_zydis(struct sample *samples, size_t count, const char **ret_missing)
{
    (void)ret_missing;
    ZydisDecoder decoders[2];
    ZydisDecoderInit(&decoders[0], ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&decoders[1], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (size_t i = 0; i < count; i++) {
        struct sample *sample = &samples[i];
        ZydisDecodedInstruction insn;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoders[sample->mode], NULL, sample->bytes,
                                                        sizeof sample->bytes, &insn)))
            continue;
        const char *set = ZydisISASetGetString(insn.meta.isa_set);
        const char *mnemonic = ZydisMnemonicGetString(insn.mnemonic);
        if (strncmp(set, "KNC", 3) == 0) /* another CPU's use of the same bytes */
            continue;
        bool plain_nop =
            insn.mnemonic == ZYDIS_MNEMONIC_NOP && sample->row->absent == MC_ABSENT_NOP; /* hint it does not know */
        if (insn.length == sample->length && plain_nop)
            continue;
        bool named = name_fits(sample->row, mnemonic), classified = isa_set_fits(sample->row, set);
        if (insn.length == sample->length && named && (sample->row->encoding == GEN_LOCK || classified))
            sample->witness = WITNESS_ZYDIS;
        else
            snprintf(sample->against, sizeof sample->against, "Zydis: length %u, %s, ISA set %s", insn.length, mnemonic,
                     set);
    }
}
