/* SPDX-License-Identifier: Apache-2.0 */
/* What the proof believed, for people: an overview of the functions with uses, or for some uses the tests that guard
 * them, or the way that none guards, beside the disassembly. */
#include "report/explain.h"

#include "report/listing.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define USES_SHOWN 6 /* addresses of uses explained alike */
#define LEVEL_INDENT 2

struct printer {
    FILE *stream;
    const struct mc_report_options *options;
    const struct mc_file_result *result;
    struct mc_arena arena;
};

enum style { PLAIN, BOLD, RED, YELLOW, GREEN, DIM };

static const char *style(const struct printer *p, enum style which)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[31m", "\033[33m", "\033[32m", "\033[2m"};
    return p->options->colour ? codes[which] : "";
}

static enum style style_of(const struct mc_finding *finding)
{
    return mc_verdict_unsafe(finding->verdict) ? RED : finding->severity == MC_WARNING ? YELLOW : GREEN;
}

/* A paragraph: `indent` blanks, the mark, the text (made clean, broken at blanks). */
static void say(struct printer *p, unsigned indent, const char *mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void say(struct printer *p, unsigned indent, const char *mark, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = mc_format(format, arguments);
    va_end(arguments);
    const char *clean = mc_clean_text(text, &p->arena);
    free(text);
    size_t column = indent + strlen(mark);
    fprintf(p->stream, "%*s%s", (int)indent, "", mark);
    mc_print_wrapped(p->stream, clean, column, column);
}

static void heading(struct printer *p, const char *text)
{
    fprintf(p->stream, "\n  %s%s%s\n", style(p, BOLD), text, style(p, PLAIN));
}

static void list_at(struct printer *p, uint64_t address, unsigned before, unsigned after, unsigned indent)
{
    struct mc_listing listing = {.address = address, .before = before, .after = after, .indent = indent};
    mc_print_listing(p->stream, p->result, &listing);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- what is known, and where from ---- */

static const char *verb(const struct mc_why *why)
{
    return why->kind == MC_WHY_ROOT ? "a root: " : "";
}

static void print_tree(struct printer *p, const struct mc_why *why, unsigned indent, const char *above);

static void print_children(struct printer *p, const struct mc_why *why, unsigned indent)
{
    print_tree(p, why->below, indent, why->known);
    if (why->more)
        say(p, indent, "- ", "and %zu more", why->more);
    if (why->unfit)
        say(p, indent, "- ", "%zu other%s that cannot pass this test", why->unfit, plural(why->unfit));
}

/* What is known is said where it differs from what stands `above`, and where CPUID itself says it. */
static void print_why(struct printer *p, const struct mc_why *why, unsigned indent, const char *above)
{
    const char *line = why->address ? mc_instruction_line(p->result, why->address, &p->arena) : "";
    bool way = why->kind == MC_WHY_WAY || why->kind == MC_WHY_ROOT,
         source = why->kind == MC_WHY_ASKED || why->kind == MC_WHY_LOADER;
    const char *known = *why->known ? why->known : way ? "nothing of the CPU" : "";
    if (strcmp(why->known, above) == 0 && !source)
        known = "";
    const char *number = why->number && !why->see ? mc_arena_printf(&p->arena, "[%u] ", why->number) : "";
    const char *see = why->see ? mc_arena_printf(&p->arena, " (see [%u])", why->see->number) : "";
    const char *text =
        mc_arena_printf(&p->arena, "%s%s%s%s%s%s", number, verb(why), why->text, *known ? " => " : "", known, see);
    if (!why->address || why->kind == MC_WHY_EITHER) {
        say(p, indent, "- ", "%s", text);
    } else {
        say(p, indent, "- ", "0x%" PRIx64 " %s%s%s", why->address, mc_code_place(p->result, why->address, &p->arena),
            why->function_address ? ": " : "", why->function_address ? line : "");
        say(p, indent + 2, "", "%s", text);
    }
    print_children(p, why, indent + LEVEL_INDENT);
}

static void print_tree(struct printer *p, const struct mc_why *why, unsigned indent, const char *above)
{
    for (; why; why = why->next)
        print_why(p, why, indent, above);
}

/* ---- one explanation ---- */

static void print_origin(struct printer *p, const struct mc_finding *finding)
{
    char *text = mc_origin_text(finding);
    if (finding->source_path)
        say(p, 2, "", "at %s:%s", mc_clean_text(finding->source_path, &p->arena), strrchr(finding->source, ':') + 1);
    if (text)
        say(p, 2, "", "compiled %s", text);
    free(text);
}

static void print_head(struct printer *p, const struct mc_explanation *item)
{
    const struct mc_finding *finding = item->findings[0];
    const char *others = "";
    for (size_t i = 1; i < item->finding_count && i <= USES_SHOWN; i++)
        others =
            mc_arena_printf(&p->arena, "%s%s 0x%" PRIx64, others, i > 1 ? "," : "", item->findings[i]->use.address);
    fputc('\n', p->stream);
    fprintf(p->stream, "%s0x%" PRIx64 " %s: %s%s\n", style(p, BOLD), finding->use.address,
            mc_code_place(p->result, finding->use.address, &p->arena),
            mc_instruction_line(p->result, finding->use.address, &p->arena), style(p, PLAIN));
    fprintf(p->stream, "  %s%s%s%s%s: ", style(p, style_of(finding)), mc_verdict_word(finding->verdict),
            finding->severity == MC_WARNING ? ", warning" : "",
            finding->confidence == MC_INFERRED ? " (inferred)" : " (proved)", style(p, PLAIN));
    size_t column = 2 + strlen(mc_verdict_word(finding->verdict)) + (finding->severity == MC_WARNING ? 9 : 0) +
                    (finding->confidence == MC_INFERRED ? 11 : 9) + 2;
    mc_print_wrapped(p->stream, mc_arena_printf(&p->arena, "%s [%s]", finding->reason, finding->rule), column, 4);
    print_origin(p, finding);
    if (item->finding_count > 1)
        say(p, 2, "", "and so %zu more use%s of this function:%s%s", item->finding_count - 1,
            plural(item->finding_count - 1), others, item->finding_count - 1 > USES_SHOWN ? ", ..." : "");
}

/* Which part of what CPUID said it tests. */
static const char *guard_text(struct printer *p, const struct mc_guard *guard)
{
    bool named = (int)guard->feature >= 0 && guard->feature < MC_FEATURE_COUNT;
    if (!named && (guard->leaf == 0 || (guard->leaf == 1 && guard->reg == MC_EAX)))
        return mc_arena_printf(&p->arena, ": CPUID leaf 0x%" PRIx32 ", %s: %s", guard->leaf,
                               mc_register_word(guard->reg), guard->leaf ? "family, model and stepping" : "the vendor");
    return mc_arena_printf(&p->arena, ": %s%sCPUID leaf 0x%" PRIx32 ", subleaf %" PRIu32 ", %s bit %u",
                           named ? mc_features[guard->feature].name : "", named ? " is " : "", guard->leaf,
                           guard->subleaf, mc_register_word(guard->reg), guard->bit);
}

static void print_guard(struct printer *p, const struct mc_finding *finding)
{
    const struct mc_guard *guard = &finding->guard;
    if (!guard->known)
        return;
    heading(p, mc_verdict_unsafe(finding->verdict) ? "What was tested instead" : "The guard");
    const char *place = guard_text(p, guard);
    say(p, 4, "", "0x%" PRIx64 " in %s%s", guard->address, mc_code_place(p->result, guard->address, &p->arena), place);
    list_at(p, guard->address, 2, 2, 4);
}

static void print_ways(struct printer *p, const struct mc_way_in *step, const char *target)
{
    if (step->ways < 2)
        return;
    if (!step->enough)
        say(p, 7, "", "%zu ways lead to %s; none passes a sufficient test", step->ways, target);
    else
        say(p, 7, "", "%zu ways lead to %s; %zu pass%s a sufficient test, but this one does not:", step->ways, target,
            step->enough, step->enough == 1 ? "es" : "");
    print_tree(p, step->guarded, 7, "");
    size_t shown = 0;
    for (const struct mc_why *why = step->guarded; why; why = why->next)
        shown++;
    if (step->enough > shown)
        say(p, 7, "- ", "and %zu more", step->enough - shown);
}

static void print_step(struct printer *p, const struct mc_finding *finding, size_t i, const struct mc_way_in *way)
{
    const struct mc_step *step = &finding->path[i];
    bool first = i == 0, last = i + 1 == finding->path_length;
    const char *to = !first && !last && way && way->to ? mc_code_place(p->result, way->to, &p->arena) : "";
    const char *known = first || !way ? ""
                        : *way->known ? "; something is known of the CPU, but not enough"
                                      : "; nothing is known of the CPU";
    say(p, 3, mc_arena_printf(&p->arena, "%2zu. ", i + 1), "0x%" PRIx64 " in %s%s%s (%s%s)", step->address,
        mc_code_place(p->result, step->address, &p->arena), *to ? " -> " : "", to, step->text, known);
    list_at(p, step->address, last ? 3 : first ? 0 : 2, last || first ? 2 : 1, 7);
    if (first || !way)
        return;
    if (way->word)
        say(p, 7, "", "the data word at 0x%" PRIx64 " holds the address of %s", way->word, to);
    if (*way->known)
        say(p, 7, "", "known here: %s", way->known);
    print_tree(p, way->asked, 7, "");
    if (!last)
        print_ways(p, way, to);
}

static void print_path(struct printer *p, const struct mc_explanation *item)
{
    const struct mc_finding *finding = item->findings[0];
    if (!finding->path_length)
        return;
    heading(p, "How it is reached without a sufficient test");
    for (size_t i = 0; i < finding->path_length; i++)
        print_step(p, finding, i, item->steps ? &item->steps[i] : NULL);
}

static void print_item(struct printer *p, const struct mc_explanation *item)
{
    const struct mc_finding *finding = item->findings[0];
    bool unsafe = mc_verdict_unsafe(finding->verdict);
    print_head(p, item);
    if (unsafe)
        print_path(p, item);
    else {
        heading(p, "The use");
        list_at(p, finding->use.address, 3, 2, 4);
    }
    print_guard(p, finding);
    if (item->why && !unsafe) {
        heading(p, "What is known where it runs, and where from");
        bool several = item->why->next != NULL; /* ways into the function */
        if (!several)
            say(p, 4, "", "%s, because:", *item->why->known ? item->why->known : "nothing");
        print_tree(p, several ? item->why : item->why->below, 4, several ? "" : item->why->known);
    }
    if (strcmp(finding->rule, "MC000"))
        say(p, 2, "", "More on %s: maskcheck explain %s", finding->rule, finding->rule);
    if (item->inferring)
        say(p, 2, "",
            "An inference is part of this: a step was not followed, but bridged by what stands at the same place.");
    if (item->limited && unsafe)
        say(p, 2, "", "The limit of work for one file was reached: what is not known here may be so for that reason.");
}

/* ---- the overview ---- */

static void print_function(struct printer *p, const struct mc_function_uses *uses)
{
    const struct mc_finding *worst = uses->worst;
    char *features = NULL;
    size_t size = 0;
    FILE *stream = mc_open_text(&features, &size);
    mc_print_features(stream, &uses->features, ", ");
    mc_close_text(stream);
    fprintf(p->stream, "%s%s%s (0x%" PRIx64 "): %s%s%s%s%s: %s\n", style(p, BOLD),
            mc_code_place(p->result, worst->function_address, &p->arena), style(p, PLAIN), worst->function_address,
            style(p, style_of(worst)), mc_verdict_word(worst->verdict),
            worst->severity == MC_WARNING ? ", warning" : "", worst->confidence == MC_INFERRED ? " (inferred)" : "",
            style(p, PLAIN), features);
    free(features);
    if (uses->unsafe && uses->unsafe < uses->uses)
        say(p, 4, "", "%zu of %zu uses are unsafe; the first at 0x%" PRIx64 ": %s", uses->unsafe, uses->uses,
            worst->use.address, mc_instruction_line(p->result, worst->use.address, &p->arena));
    else
        say(p, 4, "", "%zu use%s, the first at 0x%" PRIx64 ": %s", uses->uses, plural(uses->uses), worst->use.address,
            mc_instruction_line(p->result, worst->use.address, &p->arena));
    say(p, 4, "", "%s [%s]", worst->reason, worst->rule);
    fputs("    more: maskcheck explain ", p->stream);
    mc_print_clean(p->stream, p->result->path);
    fputc(' ', p->stream);
    mc_print_clean(p->stream, mc_function_word(p->result, uses, &p->arena));
    fputs("\n\n", p->stream);
}

static void print_overview(struct printer *p)
{
    size_t count;
    struct mc_function_uses *list = mc_functions_with_uses(p->result, &count);
    if (!count)
        say(p, 0, "", "No instruction outside the baseline is used.");
    for (size_t i = 0; i < count; i++)
        print_function(p, &list[i]);
    free(list);
}

static void print_file(struct printer *p)
{
    const struct mc_file_result *result = p->result;
    fputs(style(p, BOLD), p->stream);
    mc_print_clean(p->stream, result->path);
    fprintf(p->stream, "%s: %s%s%s", style(p, PLAIN), style(p, mc_verdict_unsafe(result->verdict) ? RED : GREEN),
            mc_verdict_word(result->verdict), style(p, PLAIN));
    if (result->verdict != MC_VERDICT_CLEAN && result->confidence == MC_INFERRED)
        fputs(" (inferred)", p->stream);
    if (result->status == MC_FILE_PARTIAL)
        fputs(", partial", p->stream);
    fprintf(p->stream, "; %zu use%s\n", result->finding_count, plural(result->finding_count));
    for (size_t i = 0; i < result->gap_count; i++)
        say(p, 4, "", "not judged: 0x%" PRIx64 ": %s (%s)", result->gaps[i].address, result->gaps[i].text,
            result->gaps[i].kind);
}

void mc_explain_text_begin(FILE *stream, const struct mc_report_options *options)
{
    fprintf(stream, "Baseline %s%s\n\n", options->baseline->name,
            options->baseline_is_default ? " (the default; --baseline names the hosts to move to)" : "");
}

void mc_explain_text(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    struct printer p = {.stream = stream, .options = options, .result = result};
    const struct mc_explained *explained = result->explained;
    print_file(&p);
    if (explained->place.kind == MC_PLACE_FILE) {
        fputc('\n', stream);
        print_overview(&p);
    }
    if (explained->place.kind == MC_PLACE_FUNCTION && explained->place.range_count > 1)
        say(&p, 0, "", "%zu functions are called %s; all are explained.", explained->place.range_count,
            explained->place.word);
    if (explained->place.kind == MC_PLACE_FUNCTION && !explained->count)
        say(&p, 0, "", "%s uses no instruction outside the baseline.", explained->place.word);
    for (size_t i = 0; i < explained->count; i++)
        print_item(&p, &explained->items[i]);
    if (explained->left_out)
        say(&p, 0, "",
            "%zu more uses are not explained here; name their addresses (maskcheck scan --all-uses lists them).",
            explained->left_out);
    mc_arena_free(&p.arena);
}
