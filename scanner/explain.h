/* SPDX-License-Identifier: Apache-2.0 */
/* What the proof believed of some uses, step by step, for people (the command explain). Asked for by
 * mc_scan_options.explain, kept in mc_file_result.explained; all memory is the result's. Nothing here prints.
 *
 * An explanation is a tree. Under a question ("this word is not 0") stand the ways in which it can come true ("stored
 * there", "called from here"), under a way what must hold where it is taken; the leaves are what CPUID itself said.
 * Only what accounts for the answer is shown, nearest first; what leads nowhere is left out, and counted. */
#ifndef MC_SCANNER_EXPLAIN_H
#define MC_SCANNER_EXPLAIN_H

#include "scanner/verdict.h"

enum mc_place_kind {
    MC_PLACE_FILE,     /* all of it: nothing is explained in depth */
    MC_PLACE_ADDRESS,  /* the instruction that covers the address */
    MC_PLACE_FUNCTION, /* a range for each function of that name, or the one with uses that starts at that address */
    MC_PLACE_UNKNOWN,  /* the word is neither a hexadecimal number nor a function of this file */
};

struct mc_place { /* what the user asked about */
    enum mc_place_kind kind;
    const char *word;             /* as it was written, NULL for the whole file */
    uint64_t address;             /* of ADDRESS, and of FUNCTION the first one's */
    struct mc_text_range *ranges; /* of FUNCTION */
    size_t range_count;
};

enum mc_why_kind {
    MC_WHY_ASKED,    /* CPUID or XGETBV said so; `address` tests it, or is the CPUID instruction itself */
    MC_WHY_LOADER,   /* the loader checked the file's GNU property note */
    MC_WHY_QUESTION, /* the test at `address` asks about something remembered; below it the ways */
    MC_WHY_ENTERED,  /* what holds when this function is entered; below it the ways in */
    MC_WHY_RETURNED, /* what holds after a function returned; below it the ways out */
    MC_WHY_EITHER,   /* one of the ways below it was taken */
    MC_WHY_WAY,      /* one way; below it what accounts for what is known there */
    MC_WHY_ROOT,     /* a way from outside the file */
};

struct mc_why {
    enum mc_why_kind kind;
    unsigned number;           /* of a question that is referred to from further below, else 0 */
    uint64_t address;          /* of the instruction or data word it speaks of; 0: none */
    const char *function;      /* name of the function that holds the address, NULL when unknown */
    uint64_t function_address; /* 0: in data */
    const char *text;          /* a clause for a person */
    const char *known;         /* of the CPU when this holds: "sse4.1 (CPUID 1.ecx bit 19)"; "" nothing */
    const struct mc_why *see;  /* it was shown there already (its number is set) */
    struct mc_why *below, *next;
    size_t more;  /* ways not shown */
    size_t unfit; /* ways that exist but cannot be: what is stored there does not pass the test */
};

struct mc_way_in {          /* at one step of an unsafe use's path (same index as finding->path) */
    uint64_t to;            /* the function, or entry, that the step leads to; 0 unknown */
    uint64_t word;          /* where the step uses data that holds its address: a data word that does; else 0 */
    const char *known;      /* of the CPU where the step is made; "" nothing */
    struct mc_why *asked;   /* tests of the CPU passed before it in the same function, although they are not enough */
    size_t ways, enough;    /* ways to come there, and how many of them pass a sufficient test */
    struct mc_why *guarded; /* some of those that do */
};

struct mc_explanation {                 /* one or more uses of one function that are explained alike */
    const struct mc_finding **findings; /* sorted by address, at least one */
    size_t finding_count;
    bool inferring;
    bool limited;            /* a limit of work was reached: what is not known may be so for that reason */
    struct mc_why *why;      /* of a safe use: one per way into the function from which it is reached */
    struct mc_way_in *steps; /* of an unsafe use: one per step of its path */
};

struct mc_explained {
    struct mc_place place;
    const struct mc_entries *entries; /* the functions, until the result is freed */
    struct mc_explanation *items;     /* by address */
    size_t count, left_out;           /* uses meant, but not explained: there are too many */
};

/* The functions of that name, or the place at that address. "0x" always begins an address; of other words that could be
 * a number, a function of that name goes first. Names are those of .symtab, .dynsym and the entries, without symbol
 * versions. */
void mc_explain_place(const struct mc_image *image, const struct mc_entries *entries, const struct mc_uses *uses,
                      const char *word, struct mc_arena *arena, struct mc_place *ret);
bool mc_place_has(const struct mc_place *place, const struct mc_use *use);

#endif
