/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions can learn anything of the CPU? Most of a program never holds a value that came from CPUID, and what holds at
 * any point of such a function is what holds at its entry. Those are told apart first, so that only the others are evaluated.
 *
 * Least fixed point from where such knowledge begins: CPUID and XGETBV, imports that speak of the CPU, SIGILL handlers, children.
 * What an evaluated function hands on - a store, a result, an argument, a call under a test - makes the functions that receive it
 * learn, too. Knowledge behind pointers that are not followed goes nowhere: the proof could not use it.
 *
 * Nearest first, up to a bound: what is not reached by then is taken to learn nothing. That can only take facts away; uses that
 * are unguarded for want of them are then told as inferred. */
#include "scanner/proof/alias.h"
#include "scanner/proof/foreign.h"
#include "scanner/proof/kernel.h"
#include "scanner/proof/relevance.h"
#include "scanner/sweep_access.h"

#include <string.h>

#define MAX_FUNCTIONS 6000    /* that learn */
#define MAX_DISTANCE 9        /* functions: asking, detecting, keeping, telling, choosing and running are six */
#define ASKED_DISTANCE 4      /* of a module that others ask: asking, detecting, keeping and telling */
#define STEPS_SHARE 2         /* 1 / share of the steps of a file */
#define MAX_TRYING_USES 500
#define LARGE_OBJECT 4096
#define MAX_OTHERS 6          /* callers that learn nothing, of a function that others pass what they know */

/* `anew`: what it is evaluated to depends on the news. */
void mc_learn(struct mc_prover *prover, uint64_t address, bool anew)
{
    struct mc_relevance *r = prover->relevance;
    if (!mc_image_is_code(prover->image, address))
        return;
    uint64_t start = mc_function_extent(prover, address).start;
    int *flags = mc_property_of(&r->functions, &prover->arena, start, NULL);
    struct step step = {start, r->distance + 1};
    if (!(*flags & LEARNS) && mc_has_many_nodes(prover, mc_function_extent(prover, address)))
        return;
    if (!(*flags & WAITING) && step.distance > (prover->options->asker ? ASKED_DISTANCE : MAX_DISTANCE)) {
        r->cut = true;
        return;
    }
    if (!(*flags & WAITING))
        mc_push(&r->work, step);
    r->count += !(*flags & LEARNS);
    *flags |= LEARNS | WAITING | (anew ? STALE : 0);
}

/* Whoever calls, jumps to or names it (a GOT slot) by an instruction learns. */
static void learn_referrers(struct mc_prover *prover, uint64_t start, uint64_t end, bool data)
{
    size_t count, first = mc_references_to(prover->references, start, end, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP;
        if (reference->kind == MC_REF_DATA && data)
            learn_referrers(prover, reference->from, reference->from + 1, false);
        else if (reference->kind < MC_REF_METHOD && (control || data || reference->kind == MC_REF_LOAD))
            mc_learn(prover, reference->from, true);
    }
}

/* Also those that go through a thunk or a GOT slot. */
void mc_learn_callers(struct mc_prover *prover, uint64_t entry)
{
    learn_referrers(prover, entry, entry + 1, false);
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind == MC_REF_JUMP && mc_final_target(prover, mc_function_extent(prover, reference->from).start) == entry)
            learn_referrers(prover, mc_function_extent(prover, reference->from).start,
                            mc_function_extent(prover, reference->from).start + 1, false);
        else if (reference->kind == MC_REF_DATA) /* through its GOT slot, or through a variable, which may have one */
            learn_referrers(prover, reference->from, reference->from + 1, true);
    }
}

void mc_mark_entry(struct mc_prover *prover, uint64_t entry, int flag)
{
    int *flags = mc_property_of(&prover->relevance->entries, &prover->arena, entry, NULL);
    if (*flags & flag)
        return;
    *flags |= flag;
    if (flag & (RETURNS | GATES | ACCESSES))
        mc_learn_callers(prover, entry);
    else
        mc_learn(prover, entry, false);
}

static size_t first_range(const struct mc_relevance *r, uint64_t address) /* whose end is behind the address */
{
    size_t low = 0, high = r->cells.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->cells.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Loads from before the cell that reach into it. */
static void learn_wide_loads(struct mc_prover *prover, uint64_t start)
{
    size_t count, first = mc_references_to(prover->references, start < MC_WIDEST_ACCESS ? 0 : start - MC_WIDEST_ACCESS, start, &count);
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(prover->image, reference->from, &available);
        struct mc_insn insn;
        if (reference->kind != MC_REF_LOAD || !bytes ||
            !mc_decode(prover->image->mode, bytes, available, &insn))
            continue;
        if (reference->to + mc_accessed_bytes(&insn) > start)
            mc_learn(prover, reference->from, true);
    }
}

void mc_mark_cells(struct mc_prover *prover, uint64_t start, uint64_t end)
{
    struct mc_relevance *r = prover->relevance;
    size_t at = first_range(r, start);
    if (at < r->cells.count && r->cells.items[at].start <= start && r->cells.items[at].end >= end)
        return;
    struct range merged = {start, end};
    size_t stop = at;
    for (; stop < r->cells.count && r->cells.items[stop].start < end; stop++) {
        merged.start = r->cells.items[stop].start < merged.start ? r->cells.items[stop].start : merged.start;
        merged.end = r->cells.items[stop].end > merged.end ? r->cells.items[stop].end : merged.end;
    }
    if (stop == at) {
        mc_push(&r->cells, merged);
        memmove(&r->cells.items[at + 1], &r->cells.items[at], (r->cells.count - 1 - at) * sizeof merged);
    } else {
        memmove(&r->cells.items[at + 1], &r->cells.items[stop], (r->cells.count - stop) * sizeof merged);
        r->cells.count -= stop - at - 1;
    }
    r->cells.items[at] = merged;
    /* who loads it, at any width, or has the object's address */
    learn_wide_loads(prover, start);
    learn_referrers(prover, start, end, true);
    struct mc_text_range object = mc_object_extent(prover, start);
    if (object.start < start)
        learn_referrers(prover, start - object.start < LARGE_OBJECT ? object.start : start, start, true);
}

bool mc_is_controlled(const struct mc_prover *prover, uint64_t entry)
{
    return mc_property_at(&prover->relevance->entries, entry) & CONTROLLED;
}

/* Every way in comes from code that learns. */
static bool only_under_tests(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    if (mc_is_root(prover, entry, false, NULL))
        return false;
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        if (reference->kind >= MC_REF_METHOD) /* a table, a slot: who takes its address or loads from it? */
            continue;
        if (!mc_body_learns(prover, reference->from) && !mc_is_controlled(prover, mc_function_extent(prover, reference->from).start))
            return false;
    }
    return true;
}

/* True when some entry became controlled. */
static bool find_controlled(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance;
    bool any = false;
    for (size_t i = 0; i < r->maybe.count; i++)
        if (!mc_is_controlled(prover, r->maybe.items[i].start) && only_under_tests(prover, r->maybe.items[i].start)) {
            r->distance = r->maybe.items[i].distance;
            mc_mark_entry(prover, r->maybe.items[i].start, CONTROLLED);
            any = true;
        }
    return any;
}

#define MAX_THUNKS 2 /* one behind the other */

static bool is_call_of(struct mc_prover *prover, const struct mc_reference *reference, unsigned thunks, size_t *others);

/* Every reference to the code or to the slot is a call of it, or of a thunk that jumps to it. */
static bool are_calls(struct mc_prover *prover, uint64_t address, unsigned thunks, size_t *others)
{
    size_t count, first = mc_references_to(prover->references, address, address + 1, &count);
    for (size_t i = first; i < first + count && *others <= MAX_OTHERS; i++)
        if (!is_call_of(prover, &prover->references->items[i], thunks, others))
            return false;
    return true;
}

/* `others` counts those by code that does not learn. */
static bool is_call_of(struct mc_prover *prover, const struct mc_reference *reference, unsigned thunks, size_t *others)
{
    struct mc_insn insn;
    bool control = reference->kind == MC_REF_CALL || reference->kind == MC_REF_JUMP, learns;
    const struct mc_reloc *slot = reference->kind == MC_REF_DATA ? mc_image_reloc_at(prover->image, reference->from) : NULL;
    if (slot && slot->kind == MC_RELOC_SLOT && thunks < MAX_THUNKS)
        return are_calls(prover, reference->from, thunks + 1, others);
    if (thunks && reference->kind == MC_REF_LOAD && mc_decode_at(prover, reference->from, &insn)) {
        uint64_t thunk = mc_function_extent(prover, reference->from).start;
        if (insn.flow == MC_FLOW_JMP_IND && mc_final_target(prover, thunk) != thunk)
            return are_calls(prover, thunk, thunks, others);
        control = insn.flow == MC_FLOW_JMP_IND || insn.flow == MC_FLOW_CALL_IND;
    }
    learns = mc_body_learns(prover, reference->from);
    *others += !learns;
    /* or one of a few that a learner calls by its address */
    return control || (learns && (reference->kind == MC_REF_LEA || reference->kind == MC_REF_LOAD));
}

/* Every way in is a call, and few are by code that does not learn: only then can the argument be told. */
static bool is_only_called(struct mc_prover *prover, uint64_t entry)
{
    size_t others = 0;
    if (mc_is_root(prover, entry, false, NULL) && !mc_image_exports(prover->image, entry))
        return false;
    return are_calls(prover, entry, 0, &others) && others <= MAX_OTHERS;
}

/* What the callers pass that know nothing themselves must be known, too: a constant, most likely. */
static void learn_other_callers(struct mc_prover *prover, uint64_t entry)
{
    size_t count, first = mc_references_to(prover->references, entry, entry + 1, &count);
    for (size_t i = first; i < first + count; i++)
        if (!mc_body_learns(prover, prover->references->items[i].from))
            mc_learn(prover, prover->references->items[i].from, true);
}

/* True when some function's arguments can be told now. */
static bool find_arguments(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance;
    bool any = false;
    for (size_t i = 0; i < r->passed.items.count; i++) {
        const struct mc_property *passed = r->passed.items.items[i];
        int *told = mc_property_of(&r->arguments, &prover->arena, passed->address, NULL);
        if (*told == passed->state || !is_only_called(prover, passed->address))
            continue;
        *told = passed->state;
        r->distance = (unsigned)mc_property_at(&r->distances, passed->address);
        mc_learn(prover, passed->address, true);
        learn_other_callers(prover, passed->address);
        any = true;
    }
    return any;
}

/* The import at the address says something of the CPU. */
static bool speaks(const struct mc_prover *prover, uint64_t import)
{
    const char *name = mc_import_name(prover, import);
    return name && (mc_import_speaks(name) || mc_foreign_speaks(prover, import));
}

static void start_imports(struct mc_prover *prover)
{
    const struct mc_image *image = prover->image;
    for (size_t i = 0; i < prover->entries->count; i++) {
        const struct mc_entry *entry = &prover->entries->items[i];
        if (entry->sources & MC_ENTRY_PLT && speaks(prover, mc_final_target(prover, entry->address)))
            learn_referrers(prover, entry->address, entry->address + 1, false);
    }
    for (size_t i = 0; i < image->import_count; i++)
        if (speaks(prover, image->imports[i].address))
            learn_referrers(prover, image->imports[i].address, image->imports[i].address + image->extern_stride, true);
    for (size_t i = 0; i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        if (reloc->symbol && !reloc->symbol->defined && (speaks(prover, reloc->target) || mc_import_speaks(reloc->symbol->name)))
            learn_referrers(prover, reloc->place, reloc->place + reloc->width, true);
        if (reloc->kind == MC_RELOC_COPY && (mc_import_speaks(reloc->symbol->name) || mc_foreign_copies(prover, reloc->place)))
            mc_mark_cells(prover, reloc->place, reloc->place + (reloc->symbol->size ? reloc->symbol->size : 1));
    }
}

/* What else of a kernel module runs depends on what its initialiser returned. */
static void start_module(struct mc_prover *prover)
{
    for (size_t i = 0; prover->image->module && i < prover->image->initialiser_count; i++)
        mc_mark_entry(prover, prover->image->initialisers[i], RETURNS);
    for (size_t i = 0; prover->image->module && i < prover->image->module->label_count; i++)
        if (mc_kernel_owns_key(prover, prover->image->module->labels[i].key))
            mc_learn(prover, prover->image->module->labels[i].site, true);
}

static void start_uses(struct mc_prover *prover)
{
    size_t count = 0;
    for (size_t i = 0; i < prover->uses->count && count < MAX_TRYING_USES; i++) {
        const struct mc_need *need = mc_need_at(prover->uses->items[i].need);
        if (need->absent == MC_ABSENT_ALIAS || need->feature == MC_F_SHSTK) { /* RDSSP tells, too */
            count++;
            mc_learn(prover, prover->uses->items[i].address, true);
        }
    }
}

/* What many would learn is asked for first: does it really speak of the CPU? True when some of it was passed on. */
static bool ask_doubtful(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance;
    size_t learners = r->work.count;
    mc_resolver_forget(prover);
    r->asking = true;
    for (size_t i = 0; i < r->doubtful.count; i++) {
        const struct mc_evaluation *evaluation = mc_evaluate(prover, r->doubtful.items[i].start);
        r->distance = r->doubtful.items[i].distance;
        if (evaluation)
            mc_pass_on(prover, evaluation);
    }
    mc_pass_tags(prover);
    r->asking = false;
    mc_resolver_forget(prover);
    return r->work.count > learners || find_arguments(prover) || find_controlled(prover);
}

bool mc_symbol_may_matter(struct mc_prover *prover, uint32_t symbol)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    return mc_symbol_is_relevant(prover, symbol) ||
           (key.kind == MC_SYM_CELL && mc_cell_is_never_written(prover, key.a, key.width / 8));
}

static bool may_matter(void *context, uint32_t symbol)
{
    bool matters = mc_symbol_may_matter(context, symbol);
    if (!matters)
        mc_note_asked_symbol(context, symbol);
    return matters;
}

/* Somebody stores something there, and nothing of the CPU. */
static bool is_option(void *context, uint32_t symbol, uint64_t *ret)
{
    struct mc_prover *prover = context;
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    if (key.kind != MC_SYM_CELL || mc_symbol_may_matter(prover, symbol) || mc_image_reloc_at(prover->image, key.a) ||
        !mc_image_read(prover->image, key.a, key.width / 8, ret))
        return false;
    mc_note_asked_symbol(prover, symbol);
    size_t count, first = mc_references_to(prover->references, key.a, key.a + key.width / 8, &count);
    for (size_t i = first; i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_STORE)
            return true;
    return false;
}

void mc_relevance_find(struct mc_prover *prover)
{
    struct mc_relevance *r = prover->relevance = MC_NEW(&prover->arena, struct mc_relevance);
    mc_values_set_filter(prover->values, may_matter, prover);
    mc_values_set_option(prover->values, is_option);
    for (size_t i = 0; i < prover->references->cpuid_site_count; i++)
        mc_learn(prover, prover->references->cpuid_sites[i], true);
    start_imports(prover);
    start_module(prover);
    start_uses(prover);
    bool full = false;
    while (!full && (r->next < r->work.count || find_arguments(prover) || find_controlled(prover) || ask_doubtful(prover))) {
        if (r->next == r->work.count)
            continue;
        uint64_t start = r->work.items[r->next].start;
        r->distance = r->work.items[r->next++].distance;
        int *flags = mc_property_of(&r->functions, &prover->arena, start, NULL);
        bool anew = *flags & STALE;
        *flags &= ~(WAITING | STALE);
        struct mc_nodes nodes = mc_nodes_of(prover, mc_function_extent(prover, start));
        for (size_t i = 0; i < nodes.count; i++) {
            if (anew)
                mc_renew_evaluation(prover, nodes.items[i]);
            const struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[i]);
            if (evaluation)
                mc_pass_on(prover, evaluation);
            if (mc_helper_asks(prover, nodes.items[i])) { /* run inside its callers, with what they pass */
                mc_mark_entry(prover, nodes.items[i], RETURNS);
            }
        }
        for (size_t i = 0; i < prover->handlers.items.count; i++)
            mc_mark_entry(prover, prover->handlers.items.items[i]->address, CONTROLLED); /* what it leaves behind tells that something trapped */
        full = r->count > MAX_FUNCTIONS || prover->steps > prover->step_limit / STEPS_SHARE || mc_exhausted(prover);
    }
    r->cut |= full;
    mc_vector_free(&r->work);
    mc_vector_free(&r->maybe);
    mc_vector_free(&r->doubtful);
}

void mc_relevance_free(struct mc_prover *prover)
{
    mc_properties_free(&prover->relevance->functions);
    mc_properties_free(&prover->relevance->entries);
    mc_properties_free(&prover->relevance->arguments);
    mc_properties_free(&prover->relevance->passed);
    mc_properties_free(&prover->relevance->distances);
    mc_properties_free(&prover->relevance->pointers);
    mc_vector_free(&prover->relevance->cells);
    mc_vector_free(&prover->relevance->thread_local_);
}

bool mc_body_learns(const struct mc_prover *prover, uint64_t address)
{
    return mc_property_at(&prover->relevance->functions, mc_function_extent(prover, address).start) & LEARNS;
}

bool mc_cell_is_relevant(const struct mc_prover *prover, uint64_t address, unsigned size)
{
    const struct mc_relevance *r = prover->relevance;
    size_t at = first_range(r, address);
    return at < r->cells.count && r->cells.items[at].start < address + size;
}

bool mc_arguments_are_relevant(const struct mc_prover *prover, uint64_t entry)
{
    return mc_property_at(&prover->relevance->arguments, entry);
}

bool mc_is_gate(const struct mc_prover *prover, uint64_t entry)
{
    return mc_property_at(&prover->relevance->entries, entry) & GATES;
}

bool mc_return_is_relevant(const struct mc_prover *prover, uint64_t entry)
{
    return mc_property_at(&prover->relevance->entries, entry) & (RETURNS | GATES);
}

bool mc_relevance_was_cut(const struct mc_prover *prover)
{
    return prover->relevance->cut;
}
