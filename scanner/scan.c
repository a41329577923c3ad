/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/scan.h"

#include "input/container.h"
#include "scanner/archive.h"
#include "scanner/evidence.h"
#include "scanner/proof.h"
#include "scanner/proof/tree.h"

#include <sha256.h>
#include <stdlib.h>
#include <string.h>

struct mc_file_result *mc_file_result_new(const char *path)
{
    struct mc_file_result *result = mc_realloc(NULL, 1, sizeof *result);
    memset(result, 0, sizeof *result);
    result->path = mc_arena_strdup(&result->arena, path);
    result->error.offset = MC_NO_OFFSET;
    return result;
}

void mc_file_result_free(struct mc_file_result *result)
{
    if (!result)
        return;
    mc_image_free(result->image);
    mc_arena_free(&result->arena);
    free(result);
}

/* File verdict and confidence (design.md 5.1): the worst of the uses; of a safe file the weakest confidence of its guarded
 * uses, of an unsafe one the strongest of its worst uses. */
void mc_result_sum_up(struct mc_file_result *result, const struct mc_scan_options *options)
{
    bool proved = false, inferred = false;
    result->verdict = MC_VERDICT_CLEAN;
    result->used = result->unsafe = (struct mc_feature_set){0};
    for (size_t i = 0; i < result->finding_count; i++) {
        struct mc_finding *finding = &result->findings[i];
        enum mc_verdict verdict = finding->verdict == MC_VERDICT_DEAD ? MC_VERDICT_CLEAN : finding->verdict; /* --strict: see proof.c */
        if (verdict == MC_VERDICT_CLEAN || finding->set_aside)
            continue;
        struct mc_feature_set needs = mc_set_minus(finding->needs, &options->baseline.features);
        result->used = mc_set_or(result->used, &needs);
        if (verdict != MC_VERDICT_GUARDED)
            result->unsafe = mc_set_or(result->unsafe, mc_set_empty(&finding->missing) ? &needs : &finding->missing);
        if (verdict > result->verdict) {
            result->verdict = verdict;
            proved = inferred = false;
        }
        if (verdict == result->verdict)
            *(finding->confidence == MC_PROVED ? &proved : &inferred) = true;
    }
    if (result->verdict == MC_VERDICT_CLEAN)
        result->confidence = result->status == MC_FILE_OK ? MC_PROVED : MC_INFERRED;
    else if (result->verdict == MC_VERDICT_GUARDED)
        result->confidence = inferred ? MC_INFERRED : MC_PROVED;
    else
        result->confidence = proved ? MC_PROVED : MC_INFERRED;
}

static void add_gap(struct mc_file_result *result, uint64_t address, const char *kind, const char *text)
{
    struct mc_gap *gaps = MC_NEW_ARRAY(&result->arena, result->gap_count + 1, struct mc_gap);
    if (result->gap_count)
        memcpy(gaps, result->gaps, result->gap_count * sizeof *gaps);
    gaps[result->gap_count++] = (struct mc_gap){.address = address, .kind = kind, .text = text};
    result->gaps = gaps;
}

static void hash_file(struct mc_file_result *result, const struct mc_image *image)
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, image->file, image->file_size);
    SHA256Final(result->sha256, &context);
    result->has_sha256 = true;
}

bool mc_result_has_findings(const struct mc_file_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++)
        if (!result->findings[i].set_aside &&
            (result->findings[i].verdict > MC_VERDICT_GUARDED || result->findings[i].severity != MC_NOTE))
            return true;
    return false;
}

bool mc_hash_wanted(const struct mc_file_result *result, enum mc_hash_choice choice)
{
    switch (choice) {
    case MC_HASH_NONE:
        return false;
    case MC_HASH_FINDINGS:
        return mc_result_has_findings(result);
    case MC_HASH_USES:
        return result->finding_count;
    case MC_HASH_ALL:
        return true;
    }
    return false;
}

bool mc_scan_has_uses(struct mc_image *image, const struct mc_scan_options *options)
{
    struct mc_arena arena = {0};
    struct mc_entries *entries = mc_entries_find(image, &arena, NULL);
    bool found = mc_sweep_uses(image, entries, &options->baseline.features, &arena)->count;
    mc_arena_free(&arena);
    return found;
}

static void describe(struct mc_file_result *result, const struct mc_image *image)
{
    result->mode = image->mode;
    result->kind = image->kind;
    result->size = image->file_size;
    result->build_id_size = image->build_id_size;
    memcpy(result->build_id, image->build_id, sizeof result->build_id);
}

static const struct mc_error cut_short = {MC_ERROR_IO, MC_NO_OFFSET, "the file was cut short while it was read"};

/* The file changed while it was read: nothing found may be trusted. */
static void forget(struct mc_file_result *result)
{
    result->error = cut_short;
    result->status = MC_FILE_ERROR;
    result->finding_count = result->gap_count = 0;
    if (result->explained)
        result->explained->count = 0;
}

static void prepare_explanation(const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                                const struct mc_scan_options *options, struct mc_file_result *result)
{
    mc_entries_name(image, entries);
    result->explained = MC_NEW(&result->arena, struct mc_explained);
    result->explained->entries = entries;
    mc_explain_place(image, entries, uses, options->explain_word, &result->arena, &result->explained->place);
}

struct mc_file_result *mc_scan_image(struct mc_image *image, const struct mc_scan_options *options)
{
    struct mc_file_result *result = mc_file_result_new(image->path);
    struct mc_error warning = {.kind = MC_ERROR_NONE};
    describe(result, image);
    struct mc_entries *entries = mc_entries_find(image, &image->arena, &warning);
    struct mc_uses *uses = mc_sweep_uses(image, entries, &options->baseline.features, &image->arena);
    for (size_t i = 0; i < uses->gap_count; i++)
        add_gap(result, uses->gaps[i].address, uses->gaps[i].kind, uses->gaps[i].text);
    if (image->damage.kind != MC_ERROR_NONE)
        add_gap(result, 0, "damage", mc_arena_strdup(&result->arena, image->damage.text));
    if (warning.kind != MC_ERROR_NONE)
        add_gap(result, 0, "damage", mc_arena_strdup(&result->arena, warning.text));
    if (options->explain)
        prepare_explanation(image, entries, uses, options, result);
    if (uses->count) {
        mc_entries_name(image, entries);
        struct mc_proof_options proof = {.baseline = &options->baseline.features,
                                         .strict_conformance = options->strict_conformance,
                                         .strict_proof = options->strict_proof,
                                         .providers = options->providers,
                                         .explain = options->explain_word != NULL};
        mc_proof_run(image, entries, uses, &proof, result);
    }
    result->status = result->gap_count ? MC_FILE_PARTIAL : MC_FILE_OK;
    mc_result_sum_up(result, options);
    mc_evidence_add(image, entries, &(struct mc_evidence_options){options->all_sources, options->debug_folder}, result);
    if (mc_hash_wanted(result, options->hash))
        hash_file(result, image);
    if (mc_image_lost(image))
        forget(result);
    if (result->finding_count || options->explain) {
        result->image = image;
        result->entries = entries;
    } else
        mc_image_free(image);
    return result;
}

static struct mc_file_result *failed_result(const char *path, const struct mc_error *error)
{
    struct mc_file_result *result = mc_file_result_new(path);
    result->status = error->kind == MC_ERROR_UNSUPPORTED ? MC_FILE_SKIPPED : MC_FILE_ERROR;
    result->error = *error;
    return result;
}

static void scan_file(const char *path, const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    struct mc_error error;
    struct mc_image *image = mc_image_open(path, &error);
    emit(context, image ? mc_scan_image(image, options) : failed_result(path, &error));
}

/* "outer!inner"; members of the same name are told apart by a number. */
static char *member_path(const char *path, struct mc_archive *archive, size_t index)
{
    const char *name = archive->members[index].name;
    size_t same = 1;
    for (size_t i = 0; i < index; i++)
        same += strcmp(archive->members[i].name, name) == 0;
    return same == 1 ? mc_arena_printf(&archive->arena, "%s!%s", path, name)
                     : mc_arena_printf(&archive->arena, "%s!%s(%zu)", path, name, same);
}

static struct mc_file_result *scan_bytes(const char *path, const uint8_t *bytes, size_t size,
                                         const struct mc_scan_options *options)
{
    struct mc_error error;
    struct mc_image *image = mc_image_from_bytes(path, bytes, size, &error);
    return image ? mc_scan_image(image, options) : failed_result(path, &error);
}

static struct mc_file_result *of_package(struct mc_file_result *result, const char *package)
{
    if (package && mc_result_has_findings(result))
        result->package = mc_arena_strdup(&result->arena, package);
    return result;
}

static void scan_members(const char *path, const char *package, struct mc_archive *archive,
                         const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    for (size_t i = 0; i < archive->count; i++) {
        const struct mc_archive_member *member = &archive->members[i];
        char *name = member_path(path, archive, i);
        if (mc_member_is_wanted(options->member, name))
            emit(context, of_package(scan_bytes(name, member->bytes, member->size, options), package));
    }
    if (archive->damage.kind != MC_ERROR_NONE)
        emit(context, failed_result(path, &archive->damage));
    else if (mc_archive_lost(archive))
        emit(context, failed_result(path, &cut_short));
}

static void scan_archive(const char *path, const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    struct mc_archive archive;
    struct mc_error error;
    if (!mc_archive_open(path, &archive, &error)) {
        emit(context, failed_result(path, &error));
        return;
    }
    scan_members(path, NULL, &archive, options, emit, context);
    mc_archive_close(&archive);
}

/* ---- containers ---- */

struct unpacking {
    const struct mc_scan_options *options;
    mc_scan_emit *emit;
    void *context;
};

static struct mc_file_result *skipped_result(const char *path, enum mc_input_kind kind, bool empty)
{
    struct mc_error error;
    if (kind == MC_INPUT_THIN_ARCHIVE)
        mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "a thin archive: it names files, which are scanned by themselves");
    else
        mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, empty ? "an empty file" : "not an ELF file");
    return failed_result(path, &error);
}

static void scan_member(void *context, const struct mc_member *member)
{
    const struct unpacking *unpacking = context;
    struct mc_archive archive;
    struct mc_error error;
    if (unpacking->options->providers)
        mc_providers_hold(unpacking->options->providers, member->held);
    if (member->error)
        unpacking->emit(unpacking->context, failed_result(member->path, member->error));
    else if (member->kind == MC_INPUT_ELF)
        unpacking->emit(unpacking->context, of_package(scan_bytes(member->path, member->bytes, member->size, unpacking->options),
                                                       member->package));
    else if (member->kind != MC_INPUT_ARCHIVE)
        unpacking->emit(unpacking->context, skipped_result(member->path, member->kind, member->empty));
    else if (!mc_archive_from_bytes(member->bytes, member->size, &archive, &error))
        unpacking->emit(unpacking->context, failed_result(member->path, &error));
    else {
        scan_members(member->path, member->package, &archive, unpacking->options, unpacking->emit, unpacking->context);
        mc_archive_close(&archive);
    }
}

/* Its members ask one another, not this system's libraries. */
static void scan_container(const struct mc_input *input, const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    struct mc_scan_options own = *options;
    struct unpacking unpacking = {&own, emit, context};
    struct mc_error error;
    own.providers = options->providers ? mc_providers_new_within(input) : NULL;
    mc_container_read(input, options->member, scan_member, &unpacking);
    if (own.providers && mc_providers_are_cut(own.providers)) {
        mc_fail(&error, MC_ERROR_LIMIT, MC_NO_OFFSET,
                "more than %zu MiB of its libraries ask CPUID: what the rest tells the other members is not known",
                MC_TREE_BYTES >> 20);
        emit(context, failed_result(input->path, &error));
    }
    mc_providers_free(own.providers);
}

struct passing { /* results on their way, counted */
    mc_scan_emit *emit;
    void *context;
    size_t count;
};

static void pass_on(void *context, struct mc_file_result *result)
{
    struct passing *passing = context;
    passing->count++;
    passing->emit(passing->context, result);
}

static void scan_one_member(const struct mc_input *input, const struct mc_scan_options *options, mc_scan_emit *emit,
                            void *context)
{
    struct mc_scan_options narrowed = *options;
    struct passing passing = {.emit = emit, .context = context};
    struct mc_error error;
    narrowed.member = input->member;
    if (mc_input_is_container(input->kind) || input->kind == MC_INPUT_ARCHIVE)
        mc_scan_input(input, &narrowed, pass_on, &passing);
    if (passing.count)
        return;
    mc_fail(&error, MC_ERROR_IO, MC_NO_OFFSET, "no such member in %.200s", input->path);
    emit(context, failed_result(input->member, &error));
}

void mc_scan_input(const struct mc_input *input, const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    if (input->member && !options->member) {
        scan_one_member(input, options, emit, context);
        return;
    }
    if (mc_input_is_container(input->kind)) {
        scan_container(input, options, emit, context);
        return;
    }
    switch (input->kind) {
    case MC_INPUT_ERROR:
    case MC_INPUT_SPECIAL:
        emit(context, failed_result(input->path, input->error));
        return;
    case MC_INPUT_ARCHIVE:
        scan_archive(input->path, options, emit, context);
        return;
    case MC_INPUT_ELF:
        scan_file(input->path, options, emit, context);
        return;
    default:
        emit(context, skipped_result(input->path, input->kind, !input->size));
        return;
    }
}

void mc_scan_path(const char *path, const struct mc_scan_options *options, mc_scan_emit *emit, void *context)
{
    struct mc_inputs inputs = {0};
    mc_inputs_add(&inputs, path);
    mc_inputs_finish(&inputs);
    for (size_t i = 0; i < inputs.count; i++)
        mc_scan_input(&inputs.items[i], options, emit, context);
    mc_inputs_free(&inputs);
}
