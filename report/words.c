/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* vasprintf */
#include "report/words.h"

#include "base/demangle.h"
#include "isa/decode.h"
#include "isa/word.h"

#include <inttypes.h>
#include <string.h>

const char *mc_verdict_word(enum mc_verdict verdict)
{
    static const char *const words[] = {
        [MC_VERDICT_CLEAN] = "clean",           [MC_VERDICT_DEAD] = "dead",       [MC_VERDICT_GUARDED] = "guarded",
        [MC_VERDICT_MISGUARDED] = "misguarded", [MC_VERDICT_TRAPPED] = "trapped", [MC_VERDICT_UNGUARDED] = "unguarded",
    };
    return words[verdict];
}

const char *mc_confidence_word(enum mc_confidence confidence)
{
    return confidence == MC_PROVED ? "proved" : "inferred";
}

const char *mc_severity_word(enum mc_severity severity)
{
    static const char *const words[] = {[MC_NOTE] = "note", [MC_WARNING] = "warning", [MC_ERROR] = "error"};
    return words[severity];
}

const char *mc_file_status_word(enum mc_file_status status)
{
    static const char *const words[] = {[MC_FILE_OK] = "ok",
                                        [MC_FILE_PARTIAL] = "partial",
                                        [MC_FILE_SKIPPED] = "skipped",
                                        [MC_FILE_ERROR] = "error"};
    return words[status];
}

const char *mc_file_kind_word(enum mc_file_kind kind)
{
    static const char *const words[] = {
        [MC_KIND_EXECUTABLE] = "executable",       [MC_KIND_PIE] = "executable",
        [MC_KIND_SHARED_LIBRARY] = "shared-library", [MC_KIND_OBJECT] = "object",
        [MC_KIND_KERNEL_MODULE] = "kernel-module",
    };
    return words[kind];
}

const char *mc_step_word(enum mc_step_kind kind)
{
    static const char *const words[] = {
        [MC_STEP_ROOT] = "root", [MC_STEP_CALL] = "call", [MC_STEP_ADDRESS] = "address", [MC_STEP_BRANCH] = "branch"};
    return words[kind];
}

const char *mc_absent_word(enum mc_absent absent)
{
    static const char *const words[] = {[MC_ABSENT_UD] = "ud", [MC_ABSENT_NOP] = "nop", [MC_ABSENT_ALIAS] = "alias",
                                        [MC_ABSENT_HYPERCALL] = "ud"};
    return words[absent];
}

const char *mc_mode_format(enum mc_mode mode)
{
    return mode == MC_MODE_64 ? "elf64-x86-64" : "elf32-i386";
}

const char *mc_register_word(enum mc_register reg)
{
    static const char *const words[] = {[MC_EAX] = "eax", [MC_EBX] = "ebx", [MC_ECX] = "ecx", [MC_EDX] = "edx"};
    return words[reg];
}

/* Length of the well-formed UTF-8 sequence at the text (Unicode 15, table 3-7), 0 when there is none. */
static unsigned utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        unsigned length;
    } rows[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (text[0] < rows[i].first_low || text[0] > rows[i].first_high)
            continue;
        if (rows[i].length > 1 && (text[1] < rows[i].second_low || text[1] > rows[i].second_high))
            return 0;
        for (unsigned k = 2; k < rows[i].length; k++)
            if (text[k] < 0x80 || text[k] > 0xbf)
                return 0;
        return rows[i].length;
    }
    return 0;
}

char *mc_utf8_clean(const char *text)
{
    if (!text)
        return NULL;
    char *clean = mc_realloc(NULL, strlen(text) + 1, 3);
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned length = utf8_length(at);
        memcpy(clean + used, length ? (const char *)at : "\xef\xbf\xbd", length ? length : 3);
        used += length ? length : 3;
        at += length ? length : 1;
    }
    clean[used] = 0;
    return clean;
}

void mc_print_clean(FILE *stream, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned length = utf8_length(at);
        /* C1 controls (U+0080..U+009F) drive terminals too. */
        bool control = (length == 1 && (*at < 0x20 || *at == 0x7f)) || (length == 2 && at[0] == 0xc2 && at[1] < 0xa0);
        if (!length || control) {
            for (unsigned i = 0; i < (length ? length : 1); i++)
                fprintf(stream, "\\x%02x", at[i]);
        } else {
            fwrite(at, 1, length, stream);
        }
        at += length ? length : 1;
    }
}

FILE *mc_open_text(char **ret_text, size_t *ret_size)
{
    FILE *stream = open_memstream(ret_text, ret_size);
    if (!stream)
        mc_out_of_memory();
    return stream;
}

void mc_close_text(FILE *stream)
{
    if (fclose(stream) != 0)
        mc_out_of_memory();
}

char *mc_format(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        mc_out_of_memory();
    return text;
}

void mc_print_symbol(FILE *stream, const char *symbol)
{
    struct mc_arena arena = {0};
    mc_print_clean(stream, mc_symbol_text(symbol, &arena));
    mc_arena_free(&arena);
}

void mc_print_wrapped(FILE *stream, const char *text, size_t first, size_t indent)
{
    size_t column = first;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        if (column > indent && column + 1 + length > MC_REPORT_WIDTH) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
        } else if (word != text) {
            fputc(' ', stream);
            column++;
        }
        fwrite(word, 1, length, stream);
        column += length;
        word += length + (word[length] == ' ');
    }
    fputc('\n', stream);
}

void mc_print_features(FILE *stream, const struct mc_feature_set *set, const char *separator)
{
    const char *before = "";
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1)) {
        fprintf(stream, "%s%s", before, mc_features[feature].name);
        before = separator;
    }
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3); /* FNV-1a, 64 bits */
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text) + 1);
}

void mc_catalogue_fingerprint(char ret[17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < MC_FEATURE_COUNT; i++) {
        const struct mc_feature_info *feature = &mc_features[i];
        uint32_t place[] = {feature->leaf, feature->subleaf, feature->reg,    feature->bit,
                            feature->os,   feature->level,   feature->dynamic};
        hash = hash_bytes(hash_text(hash, feature->name), place, sizeof place);
    }
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        hash = hash_bytes(hash_text(hash, baseline->name), &baseline->features, sizeof baseline->features);
    }
    for (size_t i = 0; i < MC_WORD_COUNT; i++) {
        uint32_t word[] = {mc_words[i].leaf, mc_words[i].subleaf, mc_words[i].reg, mc_words[i].left_out, mc_words[i].used_by};
        hash = hash_bytes(hash, word, sizeof word);
    }
    hash = hash_bytes(hash, &mc_encodings_fingerprint, sizeof mc_encodings_fingerprint);
    snprintf(ret, 17, "%016" PRIx64, hash);
}

char *mc_clean_copy(const char *text)
{
    char *copy = NULL;
    size_t size = 0;
    FILE *stream = mc_open_text(&copy, &size);
    mc_print_clean(stream, text);
    mc_close_text(stream);
    return copy;
}

char *mc_origin_text(const struct mc_finding *finding)
{
    struct mc_arena arena = {0};
    const char *text = "";
    if (finding->unit)
        text = mc_arena_printf(&arena, "from %s", finding->unit);
    if (finding->producer)
        text = mc_arena_printf(&arena, "%s%sby %s", text, *text ? " " : "", finding->producer);
    if (finding->options)
        text = mc_arena_printf(&arena, "%s%swith %s", text, *text ? " " : "", finding->options);
    if (finding->comdat)
        text = mc_arena_printf(&arena, "%s%sin the COMDAT group %s", text, *text ? ", " : "",
                               mc_symbol_text(finding->comdat, &arena));
    char *clean = *text ? mc_clean_copy(text) : NULL;
    mc_arena_free(&arena);
    return clean;
}
