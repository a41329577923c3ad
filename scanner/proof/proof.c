/* SPDX-License-Identifier: Apache-2.0 */
/* Every use of a file gets its verdict here: which entries of its body lead to it, what holds there, which rule that is. */
#include "scanner/proof/alias.h"
#include "scanner/proof/explain.h"
#include "scanner/proof/foreign.h"
#include "scanner/proof/judge.h"
#include "scanner/proof/needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_LIMIT UINT64_C(10000000) /* instructions evaluated per file, all rounds counted */

static const struct {
    const char *id, *title;
    enum mc_severity severity;
} rules[] = {
#define MC_RULE(id, name, severity, title) {#id, title, MC_##severity},
#include "scanner/proof/rules.def"
#undef MC_RULE
};

static int compare_pads(const void *a, const void *b)
{
    const struct mc_landing_pad *x = a, *y = b;
    return x->call_start < y->call_start ? -1 : x->call_start > y->call_start;
}

/* GNU_PROPERTY_X86_ISA_1_NEEDED is a guard where glibc's loader maps the file (2.33 and later refuse it on a lesser CPU); the
 * kernel, static start-up code and musl do not look at it. */
static mc_facts facts_of_note(struct mc_prover *prover)
{
    const struct mc_image *image = prover->image;
    bool loaded = image->kind == MC_KIND_SHARED_LIBRARY && !image->interpreter;
    if (image->interpreter)
        loaded = strstr(image->interpreter, "/ld-linux-x86-64.so.") || strstr(image->interpreter, "/ld-linux.so.");
    unsigned level = image->isa_needed ? 32 - (unsigned)__builtin_clz(image->isa_needed) : 0;
    char name[16];
    snprintf(name, sizeof name, "x86-64-v%u", level);
    const struct mc_baseline *baseline = loaded && level ? mc_baseline_find(name) : NULL;
    mc_facts facts = MC_FACTS_NONE;
    if (!baseline || mc_set_within(&baseline->features, prover->options->baseline))
        return facts;
    struct mc_feature_set beyond = mc_set_minus(baseline->features, prover->options->baseline);
    for (int f = mc_set_next(&beyond, 0); f >= 0; f = mc_set_next(&beyond, f + 1)) {
        const struct mc_feature_info *info = &mc_features[f];
        struct mc_atom atom = mc_atom_bit(info->leaf, info->subleaf, info->reg, info->bit, true);
        facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, atom, 0));
    }
    for (unsigned bit = 0; bit < 8; bit++) { /* its active bits include the OS state */
        struct mc_atom atom = {.kind = MC_ATOM_XCR0, .c = (uint64_t)bit << 1 | 1};
        if (level >= (bit >= 5 ? 4u : 3u) && bit != 3 && bit != 4)
            facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, atom, 0));
    }
    struct mc_atom leaves = {.kind = MC_ATOM_MAX_LEAF, .c = 0x7FFFFFFF};
    return mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, leaves, 0));
}

void mc_prover_open(struct mc_prover *prover, const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                    const struct mc_proof_options *options)
{
    memset(prover, 0, sizeof *prover);
    prover->image = image;
    prover->entries = entries;
    prover->uses = uses;
    prover->options = options;
    prover->references = mc_sweep_references(image, entries, uses, &prover->reference_arena);
    mc_mapping_release(&image->mapping);
    mc_extents_new(prover);
    prover->facts = mc_facts_table_new(&prover->arena);
    prover->values = mc_values_new(&prover->arena, prover->facts);
    prover->pointer_size = image->mode == MC_MODE_64 ? 8 : 4;
    prover->position_independent = image->kind == MC_KIND_PIE || image->kind == MC_KIND_SHARED_LIBRARY;
    prover->step_limit = STEP_LIMIT;
    mc_resolver_new(prover);
    prover->loader_facts = facts_of_note(prover);
    if (entries->landing_pad_count)
        qsort(entries->landing_pads, entries->landing_pad_count, sizeof *entries->landing_pads, compare_pads);
}

void mc_prover_close(struct mc_prover *prover)
{
    mc_resolver_free(prover);
    mc_incoming_free(prover);
    mc_relevance_free(prover);
    mc_fields_free(prover);
    mc_needs_free(prover);
    mc_tags_free(prover);
    mc_outputs_free(prover);
    mc_reached_free(&prover->reached);
    mc_evaluations_free(prover);
    mc_properties_free(&prover->noreturn);
    mc_properties_free(&prover->helper);
    mc_properties_free(&prover->gates);
    mc_properties_free(&prover->targets);
    mc_properties_free(&prover->handlers);
    mc_properties_free(&prover->live);
    mc_properties_free(&prover->results);
    mc_properties_free(&prover->results_mostly);
    mc_properties_free(&prover->live_inside);
    mc_properties_free(&prover->never_written);
    mc_properties_free(&prover->clobbered);
    mc_properties_free(&prover->readers);
    mc_facts_table_free(prover->facts);
    mc_values_free(prover->values);
    mc_arena_free(&prover->reference_arena);
    mc_arena_free(&prover->arena);
}

struct arrival { /* all that leads to one use */
    mc_facts proved, inferred;
    uint64_t worst_node;  /* a node of the body from which it is reached with too little */
    mc_facts worst;       /* what holds then (unresolved) */
    bool reached, complete;
};

/* Cheap questions first: what the function itself tested is often enough, and who calls it need not be known. */
static mc_facts ask_in_steps(struct mc_prover *prover, mc_facts facts, const struct mc_need *need, mc_facts *ret_inferred)
{
    struct mc_judgement judgement;
    mc_facts answer = mc_resolve_tests(prover, facts);
    mc_judge_facts(prover, answer, need, &judgement);
    if (judgement.verdict != MC_VERDICT_GUARDED || judgement.rule != MC_RULE_GUARDED) {
        answer = mc_resolve(prover, facts, false);
        mc_judge_facts(prover, answer, need, &judgement);
    }
    *ret_inferred = judgement.verdict <= MC_VERDICT_GUARDED ? answer : mc_resolve(prover, facts, true);
    return answer;
}

static void arrive_with(struct mc_prover *prover, const struct mc_use *use, uint64_t node, mc_facts facts, struct arrival *ret)
{
    struct mc_judgement judgement;
    mc_facts inferred, proved = ask_in_steps(prover, facts, mc_need_at(use->need), &inferred);
    ret->reached = true;
    ret->proved = mc_facts_and(prover->facts, ret->proved, proved);
    ret->inferred = mc_facts_and(prover->facts, ret->inferred, inferred);
    mc_judge_facts(prover, proved, mc_need_at(use->need), &judgement);
    if (judgement.verdict > MC_VERDICT_GUARDED) {
        ret->worst_node = node;
        ret->worst = facts;
    }
}

static void arrive_by_ways(struct mc_prover *prover, const struct mc_use *use, struct arrival *ret)
{
    struct mc_arrivals arrivals;
    mc_arrivals_of(prover, use, &arrivals);
    *ret = (struct arrival){.proved = MC_FACTS_ALL, .inferred = MC_FACTS_ALL, .complete = arrivals.complete};
    ret->worst_node = arrivals.body;
    for (size_t i = 0; i < arrivals.count && !arrivals.guessed; i++)
        arrive_with(prover, use, arrivals.items[i].node, arrivals.items[i].facts, ret);
    if (arrivals.guessed) {
        ret->proved = mc_resolve(prover, arrivals.items[0].facts, false);
        ret->inferred = mc_resolve(prover, arrivals.items[0].facts, true);
    }
}

enum transaction { NONE, BEGINS, ENDS };

/* XBEGIN, XEND (Intel SDM vol. 2). */
static enum transaction transaction_of(struct mc_prover *prover, const struct mc_use *use)
{
    struct mc_insn insn;
    if (mc_need_at(use->need)->feature != MC_F_RTM || !mc_decode_at(prover, use->address, &insn) || insn.mod != 3)
        return NONE;
    unsigned reg = insn.reg & 7, rm = insn.rm & 7;
    if (insn.map == MC_MAP_PRIMARY && insn.opcode == 0xC7 && reg == 7 && rm == 0)
        return BEGINS;
    return insn.map == MC_MAP_0F && insn.opcode == 0x01 && reg == 2 && rm == 5 ? ENDS : NONE;
}

/* By inference, what holds wherever this file begins a transaction: outside of one, XEND faults on every CPU (#GP), so that nobody
 * comes to it who did not begin one (glibc's and MariaDB's elided locks ask the lock, not CPUID, whether there is one to end). */
static mc_facts facts_in_transaction(struct mc_prover *prover)
{
    mc_facts result = MC_FACTS_ALL;
    if (prover->in_transaction.known)
        return prover->in_transaction.facts;
    for (size_t i = 0; i < prover->uses->count; i++) {
        struct arrival arrival;
        if (transaction_of(prover, &prover->uses->items[i]) != BEGINS)
            continue;
        arrive_by_ways(prover, &prover->uses->items[i], &arrival);
        result = mc_facts_and(prover->facts, result, arrival.inferred);
    }
    prover->in_transaction.known = true;
    prover->in_transaction.facts = result == MC_FACTS_ALL ? MC_FACTS_NONE : result;
    return prover->in_transaction.facts;
}

static void arrive(struct mc_prover *prover, const struct mc_use *use, struct arrival *ret)
{
    arrive_by_ways(prover, use, ret);
    if (transaction_of(prover, use) == ENDS)
        ret->inferred = mc_facts_or(prover->facts, ret->inferred, facts_in_transaction(prover));
}

static const char *feature_names(struct mc_arena *arena, const struct mc_feature_set *set)
{
    const char *text = "";
    for (int f = mc_set_next(set, 0); f >= 0; f = mc_set_next(set, f + 1))
        text = mc_arena_printf(arena, "%s%s%s", text, *text ? ", " : "", mc_features[f].name);
    return text;
}

static const char *place_text(struct mc_arena *arena, const struct mc_guard *guard)
{
    static const char *const names[] = {"eax", "ebx", "ecx", "edx"};
    if (guard->feature < MC_FEATURE_COUNT)
        return mc_arena_printf(arena, "%s (CPUID %x.%s bit %u)", mc_features[guard->feature].name, guard->leaf, names[guard->reg & 3],
                               guard->bit);
    return mc_arena_printf(arena, "CPUID %x.%s bit %u", guard->leaf, names[guard->reg & 3], guard->bit);
}

static const char *reason_text(struct mc_arena *arena, const struct mc_judgement *judgement, const struct mc_need *need, bool limited)
{
    const char *missing = feature_names(arena, &judgement->missing);
    const struct mc_guard *guard = &judgement->guard;
    switch (judgement->rule) {
    case MC_RULE_UNGUARDED:
        return mc_arena_printf(arena, "needs %s, and nothing on the way here asks CPUID%s%s", missing,
                               limited ? ", as far as the limit of work let it be followed" : "",
                               need->absent == MC_ABSENT_ALIAS ? " (an older CPU gives a wrong result instead of a fault)" : "");
    case MC_RULE_WRONG_CHECK:
        return mc_arena_printf(arena, "needs %s, but the test at 0x%llx is of %s, which does not imply it", missing,
                               (unsigned long long)guard->address, place_text(arena, guard));
    case MC_RULE_INVERTED:
        return mc_arena_printf(arena, "needs %s, and runs where the test at 0x%llx found it missing", missing,
                               (unsigned long long)guard->address);
    case MC_RULE_FAMILY_MODEL:
        return mc_arena_printf(arena, "needs %s, but what was tested is the CPU's vendor, family or model", missing);
    case MC_RULE_UNCLEAR_CHECK:
        return mc_arena_printf(arena, "needs %s; the test at 0x%llx is of something that came from CPUID, but does not imply it",
                               missing, (unsigned long long)guard->address);
    case MC_RULE_TRAPPED:
        return mc_arena_printf(arena, "needs %s, and is executed to find out: a SIGILL handler that goes on, or how a child ends, decides", missing);
    case MC_RULE_BEHAVIOUR:
        return mc_arena_printf(arena, "needs %s, and its result is looked at to find out (an older CPU gives another one)", missing);
    case MC_RULE_IMPLIED:
        return mc_arena_printf(arena, "the test at 0x%llx is of %s, which every known CPU has only together with what is needed",
                               (unsigned long long)guard->address, mc_features[judgement->implied_by].name);
    case MC_RULE_OS_STATE:
        return mc_arena_printf(arena, "the test at 0x%llx is of %s, but OSXSAVE and XCR0 are not asked", (unsigned long long)guard->address,
                               place_text(arena, guard));
    case MC_RULE_MAX_LEAF:
        return mc_arena_printf(arena, "the test at 0x%llx is of %s, but nothing asks whether leaf %x exists",
                               (unsigned long long)guard->address, place_text(arena, guard), guard->leaf);
    case MC_RULE_OVERRIDE:
        return mc_arena_printf(arena, "the test at 0x%llx is of %s, unless an option or a setter replaced what CPUID said",
                               (unsigned long long)guard->address, place_text(arena, guard));
    case MC_RULE_DEAD:
        return "nothing in the file leads here";
    default:
        if (guard->known)
            return mc_arena_printf(arena, "the test at 0x%llx is of %s", (unsigned long long)guard->address, place_text(arena, guard));
        return rules[judgement->rule].title;
    }
}

static bool is_safe(const struct mc_prover *prover, const struct mc_judgement *judgement)
{
    if (judgement->verdict == MC_VERDICT_DEAD)
        return !prover->options->strict_proof;
    return judgement->verdict == MC_VERDICT_GUARDED;
}

/* Uses next to one another mostly get the same sentence. */
static const char *reason_of(struct mc_prover *prover, struct mc_arena *arena, const struct mc_judgement *judgement,
                             const struct mc_need *need, bool limited)
{
    struct mc_last_reason *last = &prover->last_reason;
    const struct mc_guard *guard = &judgement->guard;
    bool same = last->text && last->rule == judgement->rule && last->need == need && last->limited == limited &&
                last->implied_by == judgement->implied_by && !memcmp(&last->missing, &judgement->missing, sizeof last->missing) &&
                last->guard.known == guard->known && last->guard.address == guard->address && last->guard.leaf == guard->leaf &&
                last->guard.reg == guard->reg && last->guard.bit == guard->bit && last->guard.feature == guard->feature;
    if (!same)
        *last = (struct mc_last_reason){judgement->rule,    judgement->implied_by, judgement->missing, *guard, need, limited,
                                        reason_text(arena, judgement, need, limited)};
    return last->text;
}

/* Uses next to one another are mostly reached in the same way: only the last step differs. */
static void find_path(struct mc_prover *prover, const struct arrival *arrival, uint64_t use, const struct mc_need *need,
                      bool inferring, struct mc_arena *arena, struct mc_finding *finding)
{
    struct mc_last_path *last = &prover->last_path;
    if (!last->steps || last->node != arrival->worst_node || last->facts != arrival->worst || last->need != need ||
        last->inferring != inferring) {
        *last = (struct mc_last_path){arrival->worst_node, arrival->worst, need, inferring, NULL, 0};
        mc_find_path(prover, last->node, last->facts, use, need, inferring, arena, &last->steps, &last->length);
    }
    finding->path_length = last->length;
    finding->path = MC_NEW_ARRAY(arena, last->length, struct mc_step);
    memcpy(finding->path, last->steps, last->length * sizeof *last->steps);
    finding->path[last->length - 1].address = use;
}

static void judge_use(struct mc_prover *prover, const struct mc_use *use, struct mc_file_result *result, struct mc_finding *finding)
{
    const struct mc_need *need = mc_need_at(use->need);
    struct arrival arrival;
    struct mc_judgement judgement;
    bool inferring = false;
    arrive(prover, use, &arrival);
    mc_judge_facts(prover, arrival.proved, need, &judgement);
    if (!is_safe(prover, &judgement) && !prover->options->strict_proof) {
        struct mc_judgement inferred;
        mc_judge_facts(prover, arrival.inferred, need, &inferred);
        /* That no known value fits is no proof where one may be missing: nothing is dead by inference. */
        if (inferred.verdict != MC_VERDICT_DEAD && (is_safe(prover, &inferred) || inferred.verdict < judgement.verdict)) {
            judgement = inferred;
            inferring = true;
        }
    }
    if (prover->options->strict_proof && judgement.verdict == MC_VERDICT_DEAD)
        judgement.verdict = MC_VERDICT_UNGUARDED;
    if (prover->options->strict_conformance && judgement.verdict == MC_VERDICT_GUARDED && judgement.rule != MC_RULE_GUARDED)
        judgement.verdict = MC_VERDICT_MISGUARDED;
    if (judgement.verdict == MC_VERDICT_UNGUARDED && mc_alias_decides(prover, use)) {
        judgement.verdict = MC_VERDICT_TRAPPED;
        judgement.rule = MC_RULE_BEHAVIOUR;
    }
    bool limited = mc_relevance_was_cut(prover) || mc_exhausted(prover);
    uint64_t function = mc_function_extent(prover, use->address).start;
    *finding = (struct mc_finding){
        .use = *use, .function = mc_function_name(prover, use->address), .function_address = function,
        .needs = need->alternatives[0], .missing = judgement.missing, .tested = judgement.tested, .verdict = judgement.verdict,
        .confidence = inferring || (judgement.verdict > MC_VERDICT_GUARDED && (!arrival.complete || limited)) ? MC_INFERRED : MC_PROVED,
        .severity = judgement.verdict > MC_VERDICT_GUARDED ? MC_ERROR : rules[judgement.rule].severity,
        .rule = rules[judgement.rule].id, .guard = judgement.guard};
    if (finding->guard.known && finding->guard.feature >= MC_FEATURE_COUNT && judgement.rule == MC_RULE_UNCLEAR_CHECK)
        finding->guard.known = false;
    finding->reason = reason_of(prover, &result->arena, &judgement, need, limited);
    if (judgement.verdict > MC_VERDICT_GUARDED) {
        find_path(prover, &arrival, use->address, need, inferring, &result->arena, finding);
        mc_find_doors(prover, use, inferring, &result->arena, finding);
    }
}

/* A limit of work that was reached is no place to look at where uses that it left open say so themselves. But it must not let
 * a file pass for safe in silence. */
static bool is_gap(const struct mc_evaluation *evaluation, bool unsafe)
{
    return !evaluation->complete && evaluation->needed && (!unsafe || strcmp(evaluation->gap_kind, "budget"));
}

static void add_gaps(struct mc_prover *prover, struct mc_file_result *result)
{
    size_t count = result->gap_count;
    bool unsafe = false;
    for (size_t i = 0; i < result->finding_count; i++)
        unsafe |= result->findings[i].verdict > MC_VERDICT_GUARDED;
    for (struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next)
        count += is_gap(e, unsafe);
    struct mc_gap *gaps = MC_NEW_ARRAY(&result->arena, count, struct mc_gap);
    if (result->gap_count)
        memcpy(gaps, result->gaps, result->gap_count * sizeof *gaps);
    size_t n = result->gap_count;
    for (struct mc_evaluation *e = prover->evaluations; e; e = e->hh.next) {
        bool known = !is_gap(e, unsafe);
        for (size_t i = 0; i < n && !known; i++)
            known = gaps[i].address == e->gap;
        if (!known)
            gaps[n++] = (struct mc_gap){e->gap, e->gap_kind,
                                        "code that a verdict depends on could not be followed beyond this instruction"};
    }
    result->gaps = gaps;
    result->gap_count = n;
}

/* The sweep of references put the list into its own arena when it found more; reports read it later. */
static void keep_entries(struct mc_entries *entries, struct mc_arena *arena)
{
    struct mc_entry *items = MC_NEW_ARRAY(arena, entries->count, struct mc_entry);
    memcpy(items, entries->items, entries->count * sizeof *items);
    entries->items = items;
}

static void judge_all(struct mc_prover *prover, struct mc_file_result *result)
{
    const struct mc_uses *uses = prover->uses;
    mc_relevance_find(prover);
    result->finding_count = 0;
    for (size_t i = 0; i < uses->count; i++)
        if (mc_alias_matters(prover, &uses->items[i]))
            judge_use(prover, &uses->items[i], result, &result->findings[result->finding_count++]);
    if (result->finding_count)
        add_gaps(prover, result);
}

static bool some_unsafe(const struct mc_file_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++)
        if (result->findings[i].verdict > MC_VERDICT_GUARDED)
            return true;
    return false;
}

/* First the file for itself; other files are asked only where that leaves something open, and where they have something to say. */
void mc_proof_run(const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                  const struct mc_proof_options *options, struct mc_file_result *result)
{
    struct mc_prover prover;
    struct mc_gap *gaps = result->gaps;
    size_t gap_count = result->gap_count;
    uses = mc_alias_sift(image, entries, uses, &result->arena);
    if (!uses->count)
        return;
    mc_prover_open(&prover, image, entries, uses, options);
    result->findings = MC_NEW_ARRAY(&result->arena, uses->count, struct mc_finding);
    judge_all(&prover, result);
    struct mc_foreign *foreign = some_unsafe(result) ? mc_foreign_new(&prover, options->providers) : NULL;
    if (mc_foreign_binds(foreign)) {
        keep_entries(entries, &result->arena);
        mc_prover_close(&prover);
        mc_prover_open(&prover, image, entries, uses, options);
        prover.foreign = foreign;
        result->gaps = gaps;
        result->gap_count = gap_count;
        judge_all(&prover, result);
    }
    if (options->explain)
        mc_explain_findings(&prover, result);
    mc_foreign_dependencies(foreign, result);
    keep_entries(entries, &result->arena);
    mc_prover_close(&prover);
    mc_foreign_free(foreign);
}
