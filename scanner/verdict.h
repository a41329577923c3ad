/* SPDX-License-Identifier: Apache-2.0 */
/* What the scanner says of a file: verdicts with their evidence. Produced by scanner/scan.c from the proof, read by report/. */
#ifndef MC_SCANNER_VERDICT_H
#define MC_SCANNER_VERDICT_H

#include "input/identity.h"
#include "isa/baseline.h"
#include "scanner/sweep.h"

enum mc_verdict { /* in the order of design.md 5.1, worst last; DEAD is of a use only */
    MC_VERDICT_CLEAN,
    MC_VERDICT_DEAD,
    MC_VERDICT_GUARDED,
    MC_VERDICT_MISGUARDED,
    MC_VERDICT_TRAPPED,
    MC_VERDICT_UNGUARDED,
};
enum mc_confidence { MC_INFERRED, MC_PROVED };
enum mc_severity { MC_NOTE, MC_WARNING, MC_ERROR };

enum mc_step_kind { MC_STEP_ROOT, MC_STEP_CALL, MC_STEP_ADDRESS, MC_STEP_BRANCH };
struct mc_step { /* one link of the chain root -> ... -> use */
    enum mc_step_kind kind;
    uint64_t address;     /* of the instruction or data word that makes the step */
    const char *function; /* NULL when it has no name */
    const char *text;     /* for a person: "exported function", "called", "address stored in data" */
};

/* The bytes of an instruction and of what follows it, as many as the longest one has: what a disassembler needs. */
#define MC_LONGEST_INSTRUCTION 15 /* Intel SDM vol. 2, 2.3.11 */
struct mc_code {
    uint8_t size; /* 0: the file has no bytes there */
    uint8_t bytes[MC_LONGEST_INSTRUCTION];
};

struct mc_guard {
    bool known;
    uint64_t address;     /* the instruction that tests */
    uint32_t leaf;
    uint32_t subleaf;
    enum mc_register reg;
    uint8_t bit;
    enum mc_feature feature; /* what the bit means */
    struct mc_code code;  /* at `address`; filled by scanner/evidence.h */
};

struct mc_finding { /* one use, judged */
    struct mc_use use;
    const char *function; /* name of the function that holds it, NULL when unknown */
    uint64_t function_address;
    struct mc_feature_set needs, missing; /* what it needs; what of that is outside baseline and facts */
    struct mc_feature_set tested; /* of an unsafe use: found present before it; where CPUID lacks one of them it does not run */
    enum mc_verdict verdict;
    enum mc_confidence confidence;
    enum mc_severity severity;
    bool set_aside;       /* known from an earlier report, or waived: nothing is said of it, and it counts for no verdict */
    const char *rule;     /* "MC001" */
    const char *reason;   /* one sentence */
    struct mc_step *path;
    size_t path_length;
    struct mc_guard guard;
    /* Of an unsafe use in a library: the exported functions through which alone it is reached; who imports none of them does not
     * run it. NULL, 0: it may be reached in other ways, or through too many. */
    const char **doors;
    size_t door_count;
    /* filled by scanner/evidence.h */
    struct mc_code code;  /* at use.address */
    /* What debug information says (scanner/debug_info.h), only when the finding is listed; NULL when unknown. */
    const char *source;      /* "blend.c:57" */
    const char *source_path; /* of that file, with its folders */
    const char *unit, *producer, *options; /* main source of the compilation unit, its compiler, and the compiler's -m options */
    const char *comdat;      /* objects: the signature of the function's COMDAT group, NULL when it is in none */
    uint64_t function_code; /* mc_hash_code of a function without a name, else 0 */
    bool at_start;        /* the path begins in an initialiser: it runs before main */
};

struct mc_rests_on { /* another file, whose contents the result rests on */
    const char *path;
    struct mc_identity identity; /* all zeros: that there was no such file */
};

enum mc_file_status { MC_FILE_OK, MC_FILE_PARTIAL, MC_FILE_SKIPPED, MC_FILE_ERROR };

struct mc_explained;

struct mc_file_result {
    struct mc_arena arena;      /* owns everything below */
    struct mc_image *image;     /* kept while there are findings, for their names, and for `explained`; else NULL. Owned */
    const struct mc_entries *entries; /* the functions, with names; lives as long as the image, NULL without it */
    const char *path;           /* archive members: outer!inner */
    enum mc_file_status status;
    struct mc_error error;      /* for ERROR and SKIPPED */
    struct mc_gap *gaps;
    size_t gap_count;
    enum mc_mode mode;
    enum mc_file_kind kind;
    uint8_t build_id[64];
    size_t build_id_size;
    uint64_t size;              /* bytes */
    uint8_t sha256[32];         /* of the file; only with has_sha256 */
    bool has_sha256;
    const char *package;        /* of members of packages theirs; else who owns the file, filled by the caller; NULL unknown */
    enum mc_verdict verdict;    /* only for OK and PARTIAL */
    enum mc_confidence confidence;
    struct mc_feature_set used, unsafe; /* features outside the baseline */
    struct mc_finding *findings; /* every use, sorted by address */
    size_t finding_count;
    struct mc_rests_on *dependencies;
    size_t dependency_count;
    struct mc_explained *explained; /* scanner/explain.h; NULL unless asked for */
};

#endif
