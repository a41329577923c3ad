/* SPDX-License-Identifier: Apache-2.0 */
/* May this VM move to hosts that have a baseline? The answer from what the probe and one scan found. Pure: nothing here
 * looks at the machine.
 *
 *     mc_audit_condense     a scanned file's result -> what matters of it here (then the result can be freed)
 *     mc_audit_host_of      a probe -> what matters of it here
 *     mc_audit_decide       host, files, processes -> answer, programs in the way, baselines that would do
 *
 * With a baseline B, the scan must have been made against B. Without one (the open question) it must have been made
 * against the lowest baseline, and the answer is for hosts that have at least what CPUID reports here; every higher
 * baseline is judged from the same scan by what each use misses. A use matters when something it needs lies outside the
 * baseline and the CPU executes it here: what this CPU refuses as well does not change by the move. */
#ifndef MC_READINESS_AUDIT_H
#define MC_READINESS_AUDIT_H

#include "base/arena.h"
#include "probe/probe.h"
#include "readiness/compare.h"
#include "scanner/verdict.h"

struct mc_audit_cause {            /* unsafe uses of one file, alike in verdict and in what they miss */
    enum mc_verdict verdict;       /* misguarded, trapped or unguarded */
    enum mc_confidence confidence; /* the strongest of them */
    struct mc_feature_set missing; /* what they need beyond the scan's baseline and what is tested on the way */
    struct mc_feature_set tested;  /* found present before each of them: where CPUID lacks one, none of them runs */
    enum mc_absent absent;         /* UD when any of them faults without the feature, else what the older CPU does */
    size_t uses;
    bool at_start; /* some are reached from an initialiser: loading the file is enough */
    const char **doors; /* of a library: the exported functions through which alone they are reached; none when some are reached */
    size_t door_count;  /* in other ways */
    bool open;
    /* one of them, to show: */
    uint64_t address, function_address;
    uint16_t need;
    enum mc_mode mode;
    struct mc_code code; /* at `address` */
    const char *function, *reason, *rule, *root; /* root: how execution gets in, NULL unknown */
    const char *instruction;                     /* its text; filled by the caller, may be NULL */
};

#define MC_AUDIT_NONE ((size_t)-1)

struct mc_audit_file {
    const char *path;    /* where it was read */
    const char *name;    /* as processes know it; the same as path for others */
    const char *package; /* owner, NULL unknown */
    bool asked;          /* among the user's PATHs */
    bool deleted;        /* mapped by a process, but no longer at its name */
    enum mc_file_status status;
    const char *gap;         /* for PARTIAL and ERROR: the first thing that could not be read or judged */
    bool condensed;          /* a result was condensed into it; false: it was not scanned */
    bool judged;             /* `verdict` and `confidence` are those of a result */
    bool program;            /* executable, not a library or object; of an archive: some member is */
    enum mc_verdict verdict; /* of the scan */
    enum mc_confidence confidence;
    struct mc_audit_cause *causes; /* worst first */
    size_t cause_count;
    size_t *loads; /* the files ld.so would load for it, as indices, without itself */
    size_t load_count;
    const char **imports; /* of the names that are doors of some cause: those it imports, filled by the caller */
    size_t import_count;
    bool imports_unknown;        /* they could not be read */
    const char *missing_library; /* one that ld.so would not find, NULL when it finds all */
};

struct mc_audit_process {
    int pid;
    const char *name, *exe, *unit, *container; /* NULL unknown; name is never NULL */
    size_t program;                            /* index of its executable's file, MC_AUDIT_NONE when unknown */
    size_t *files;                             /* files with code in it, its program included */
    size_t file_count;
    size_t lost;           /* mapped files that cannot be read any more */
    const char *lost_name; /* the first of them */
    bool generated_code;
    const char *unread; /* why its mappings could not be read, NULL when they were */
};

struct mc_audit_host {
    struct mc_feature_set reported; /* by every CPU */
    struct mc_feature_set by_any;   /* by at least one */
    struct mc_feature_set masked;   /* executes although not reported, on some CPU */
    struct mc_feature_set refused;  /* no CPU executes it as what it is */
    bool families[MC_FAMILY_MODEL]; /* whose baselines are of interest: psABI, and EVC of this vendor */
};

struct mc_audit_input {
    const struct mc_baseline *baseline;     /* NULL: the open question */
    const struct mc_comparison *comparison; /* of the VM with that baseline (mc_compare_guest); may be NULL */
    struct mc_audit_host host;
    const struct mc_audit_file *files;
    size_t file_count;
    const struct mc_audit_process *processes;
    size_t process_count;
};

enum mc_audit_answer { MC_AUDIT_READY, MC_AUDIT_READY_WITHOUT, MC_AUDIT_NOT_READY };

struct mc_audit_blame { /* a cause that is in the way of a program */
    size_t file;        /* whose it is: the program's own, or a library's */
    const struct mc_audit_cause *cause;
    enum mc_confidence confidence; /* inferred too when it cannot be told whether the program reaches a library's use */
};

struct mc_audit_program {
    size_t file;
    size_t *files; /* itself first, then all it loads */
    size_t file_count;
    bool library;            /* no program at all: a library or object that no audited program loads */
    enum mc_verdict verdict; /* the worst of the uses that matter, else clean or guarded */
    enum mc_confidence confidence;
    bool judged;                   /* false: the file could not be read; the verdict says nothing */
    bool partial;                  /* something of it or of what it loads could not be judged */
    struct mc_feature_set missing; /* by all its blames */
    struct mc_audit_blame *blames; /* worst first */
    size_t blame_count;
    size_t refused_causes; /* causes left out because this CPU refuses what they need, too */
    size_t *processes;     /* that run it, by pid */
    size_t process_count;
};

struct mc_audit_unreached { /* a cause that matters, of a library that programs load and of which none imports a door */
    size_t file;
    const struct mc_audit_cause *cause;
};

struct mc_audit_family {
    enum mc_family family;
    const struct mc_baseline *lowest; /* to which the VM may move as it runs now, NULL none */
    const struct mc_baseline *below;  /* the next lower one; without a `lowest` the one least out of reach; NULL none */
    struct mc_feature_set above;      /* what CPUID reports beyond `below` */
    size_t *programs;                 /* in the way of `below`: indices into mc_audit.programs */
    size_t program_count;
};

struct mc_audit {
    enum mc_audit_answer answer;
    bool incomplete;                   /* something could not be seen or judged: the answer holds as far as seen */
    struct mc_baseline target;         /* the baseline, or what CPUID reports here */
    bool open;                         /* no baseline was given */
    struct mc_feature_set above;       /* CPUID reports it, the baseline lacks it: features with a name */
    bool outside;                      /* CPUID shows more than the baseline has, or the baseline is another vendor's */
    struct mc_feature_set masked;      /* executes although not reported, outside the baseline */
    struct mc_audit_program *programs; /* unsafe and running, unsafe, running, others; within each by name */
    size_t program_count, unsafe_count, unsafe_running; /* unsafe ones come first */
    size_t unstoppable;         /* index of an unsafe program that runs as process 1, MC_AUDIT_NONE none */
    struct mc_audit_unreached *unreached;
    size_t unreached_count;
    enum mc_verdict *processes; /* worst verdict by process; meaningless where it is unread */
    struct mc_audit_family families[MC_FAMILY_MODEL];
    size_t family_count;
    struct mc_enough enough; /* families' lowest */
    size_t unread_processes, generated_processes, lost_files, partial_files, error_files, unresolved_files;
};

struct mc_audit_host mc_audit_host_of(const struct mc_probe *probe);
/* Fills everything but path, name, package, asked, deleted and loads; causes' instruction is NULL. Texts are copied to
 * the arena. Several results (members of an archive) may be condensed into one file: *file starts zeroed. */
void mc_audit_condense(const struct mc_file_result *result, struct mc_arena *arena, struct mc_audit_file *file);
/* Results live in the arena and refer to the input. */
void mc_audit_decide(const struct mc_audit_input *input, struct mc_arena *arena, struct mc_audit *ret);

/* Does the cause matter on hosts whose CPUID reports the baseline, and nothing else of what it speaks of? */
bool mc_audit_matters(const struct mc_audit_cause *cause, const struct mc_baseline *baseline, const struct mc_audit_host *host);

#endif
