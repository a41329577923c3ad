/* SPDX-License-Identifier: Apache-2.0 */
/* Imports of the analysed file that other modules answer: foreign.c binds them, teller.c is the library that answers. */
#ifndef MC_SCANNER_PROOF_FOREIGN_H
#define MC_SCANNER_PROOF_FOREIGN_H

#include "scanner/proof/prover.h"
#include "scanner/providers.h"

/* ---- teller.c: one library ---- */

struct mc_range_list {
    struct mc_text_range *items; /* sorted, disjoint; virtual addresses of the module */
    size_t count;
};

struct mc_export { /* an exported symbol behind which something of the CPU is */
    const char *name, *version; /* version NULL: none */
    uint64_t address, size;     /* bytes; a function's are not used */
    bool function;
    uint32_t arguments;         /* of a function: registers that it may read as its caller left them, bit n is register n */
    bool result;                /* of a function: what it returns tells, or that it returns */
    uint64_t pointee;           /* of a function: it returns this address, of memory that tells; 0: no */
};

struct mc_teller_question {
    uint64_t address;  /* of the word, or of the function whose result is tested */
    uint64_t constant;
    uint32_t width;    /* bits */
    uint8_t function, relation, inferring, padding;
};

struct mc_teller;

/* Never NULL. Reads the file when first asked; a file that cannot be read tells nothing. */
struct mc_teller *mc_teller_new(struct mc_providers *providers, const char *path);
/* The same for a member of a container; bytes NULL: it tells nothing. They must live as long. */
struct mc_teller *mc_teller_new_of(struct mc_providers *providers, const char *path, const uint8_t *bytes, size_t size);
bool mc_teller_is_file(const struct mc_teller *module); /* not a member of a container */
void mc_teller_free(struct mc_teller *module);
const char *mc_teller_path(const struct mc_teller *module);
struct mc_identity mc_teller_identity(const struct mc_teller *module);
bool mc_teller_defines(struct mc_teller *module, const char *name); /* cheap: nothing is evaluated */
/* NULL when it has none of the name, or nothing of the CPU is behind it. */
const struct mc_export *mc_teller_export(struct mc_teller *module, const char *name, const char *version);
bool mc_teller_keeps(const struct mc_teller *module, uint64_t address, unsigned size); /* something of the CPU there */
/* What follows when the test holds: base atoms, the module's own memory. False: it cannot hold. */
bool mc_teller_ask(struct mc_teller *module, const struct mc_teller_question *question, const struct mc_atom **ret_atoms,
                   size_t *ret_count);

/* ---- foreign.c ---- */

struct mc_foreign; /* the bindings of one file */

/* For the prover's image, and whoever analyses the same again; the prover is needed to tell which results are looked at. NULL when
 * there are no providers, or the file's libraries cannot be found. */
struct mc_foreign *mc_foreign_new(struct mc_prover *prover, struct mc_providers *providers);
void mc_foreign_free(struct mc_foreign *foreign); /* accepts NULL */
bool mc_foreign_binds(const struct mc_foreign *foreign); /* some import is another module's that tells */
/* Something of the CPU is behind the import: its object, its result, or what the result points to. */
bool mc_foreign_speaks(const struct mc_prover *prover, uint64_t import);
/* Registers that the imported function may read as its caller left them; false when nothing is known of it. */
bool mc_foreign_arguments(const struct mc_prover *prover, uint64_t import, uint32_t *ret);
bool mc_foreign_copies(const struct mc_prover *prover, uint64_t address); /* such an object has its copy there */
bool mc_foreign_is_result(const struct mc_prover *prover, uint64_t import);
/* The symbol is a word of another module, or the result of a function there, and something of the CPU. */
bool mc_foreign_tells(const struct mc_prover *prover, uint32_t symbol);
/* What follows from the test of such a symbol: base atoms only. */
mc_facts mc_foreign_ask(struct mc_prover *prover, uint32_t symbol, enum mc_relation relation, uint64_t constant, bool inferring);
/* The symbol in words, with the name and file of where its value comes from; NULL when not from another module. */
const char *mc_foreign_text(const struct mc_prover *prover, struct mc_arena *arena, uint32_t symbol);
/* The files that were looked at, for result->dependencies. `foreign` may be NULL. */
void mc_foreign_dependencies(const struct mc_foreign *foreign, struct mc_file_result *result);

/* ---- providers.c ---- */

struct mc_closure;
/* The lock is recursive: modules ask other modules. */
void mc_providers_lock(struct mc_providers *providers);
void mc_providers_unlock(struct mc_providers *providers);
/* The modules that ld.so loads for the file, in the order it looks symbols up; those that need `asker` (NULL: nobody) themselves
 * are left out, so that no two modules wait for one another. In the arena; count 0 when they cannot be found. */
struct mc_teller **mc_providers_tellers(struct mc_providers *providers, const char *path, const char *asker, struct mc_arena *arena,
                                        size_t *ret_count);

#endif
