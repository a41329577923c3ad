/* SPDX-License-Identifier: Apache-2.0 */
#include "store/waivers.h"

#include "base/demangle.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct mc_waivers *waivers;
    const char *path;
    char today[11]; /* "2026-11-27" */
    unsigned line;
    struct mc_error *error;
};

static bool wrong(const struct reader *reader, const char *what, const char *value)
{
    return mc_fail(reader->error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "line %u: %s%s%s", reader->line, what,
                   value ? ": " : "", value ? value : "");
}

static bool take_features(struct reader *reader, char *value, struct mc_waiver *waiver)
{
    for (char *rest = value, *word; (word = strsep(&rest, ","));) {
        int feature = mc_feature_find(word, strlen(word));
        if (feature < 0)
            return wrong(reader, "unknown feature", word);
        mc_set_add(&waiver->features, (enum mc_feature)feature);
    }
    return true;
}

static bool take_range(struct reader *reader, char *value, struct mc_waiver *waiver)
{
    char *end;
    waiver->first = strtoull(value, &end, 16);
    if (end == value || *end != '-' || !isxdigit((unsigned char)end[1]))
        return wrong(reader, "not a range 0xFIRST-0xLAST", value);
    waiver->last = strtoull(end + 1, &end, 16);
    return (!*end && waiver->last >= waiver->first) || wrong(reader, "not a range 0xFIRST-0xLAST", value);
}

static bool take_expiry(struct reader *reader, char *value, struct mc_waiver *waiver)
{
    int year, month, day, length = 0;
    bool good = sscanf(value, "%4d-%2d-%2d%n", &year, &month, &day, &length) == 3 && length == 10 && !value[10] &&
                month >= 1 && month <= 12 && day >= 1 && day <= 31;
    waiver->expires = value;
    waiver->expired = good && strcmp(value, reader->today) < 0;
    return good || wrong(reader, "not a date YYYY-MM-DD", value);
}

static bool take_word(struct reader *reader, const char *key, char *value, struct mc_waiver *waiver)
{
    const struct {
        const char *key;
        const char **place;
    } texts[] = {{"path", &waiver->path}, {"build-id", &waiver->build_id}, {"function", &waiver->function},
                 {"reason", &waiver->reason}};
    if (!*value)
        return wrong(reader, "a word without a value", key);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].key, key) == 0) {
            *texts[i].place = value;
            return true;
        }
    if (strcmp(key, "features") == 0)
        return take_features(reader, value, waiver);
    if (strcmp(key, "range") == 0)
        return take_range(reader, value, waiver);
    if (strcmp(key, "expires") == 0)
        return take_expiry(reader, value, waiver);
    return wrong(reader, "unknown word; known: path, build-id, function, range, features, expires, reason", key);
}

/* Ends the value at *at, without its quotes, and leaves *at behind it. False: its quotes do not end. */
static bool cut_value(char **at)
{
    bool quoted = false;
    char *from = *at, *to = *at;
    for (; *from && (quoted || !isspace((unsigned char)*from)); from++) {
        if (*from == '"')
            quoted = !quoted;
        else if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
            *to++ = *++from;
        else
            *to++ = *from;
    }
    *at = from + (*from != 0);
    *to = 0;
    return !quoted;
}

static bool take_line(struct reader *reader, char *at)
{
    struct mc_waiver waiver = {.last = UINT64_MAX, .line = reader->line};
    at += strspn(at, " \t\r\n");
    if (!*at || *at == '#')
        return true;
    while (*at && *at != '#') {
        char *key = at;
        at += strcspn(at, "= \t\r\n");
        if (*at != '=')
            return wrong(reader, "not WORD=VALUE", key);
        *at++ = 0;
        char *value = at;
        if (!cut_value(&at))
            return wrong(reader, "the quotes do not end", NULL);
        if (!take_word(reader, key, value, &waiver))
            return false;
        at += strspn(at, " \t\r\n");
    }
    if (!waiver.path == !waiver.build_id)
        return wrong(reader, "a waiver needs path or build-id, and not both", NULL);
    if (mc_set_empty(&waiver.features) || !waiver.reason)
        return wrong(reader, "a waiver needs features and a reason", NULL);
    mc_push(&reader->waivers->list, waiver);
    return true;
}

bool mc_waivers_open(const char *path, time_t now, struct mc_waivers *ret, struct mc_error *ret_error)
{
    struct reader reader = {.waivers = ret, .path = path, .error = ret_error};
    struct tm parts;
    char *line = NULL;
    size_t capacity = 0;
    bool good = true;
    memset(ret, 0, sizeof *ret);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
    if (gmtime_r(&now, &parts))
        strftime(reader.today, sizeof reader.today, "%Y-%m-%d", &parts);
    while (good && getline(&line, &capacity, stream) >= 0) {
        reader.line++;
        good = take_line(&reader, mc_arena_strdup(&ret->arena, line));
    }
    if (good && ferror(stream))
        good = mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read it to its end");
    free(line);
    fclose(stream);
    if (!good)
        mc_waivers_free(ret);
    return good;
}

static bool is_of(const struct mc_waiver *waiver, const char *path, const char *build_id)
{
    return waiver->path ? strcmp(waiver->path, path) == 0 : build_id && strcasecmp(waiver->build_id, build_id) == 0;
}

bool mc_waivers_meet(struct mc_waivers *waivers, const char *path, const char *build_id)
{
    bool any = false;
    for (size_t i = 0; i < waivers->list.count; i++)
        if (is_of(&waivers->list.items[i], path, build_id))
            waivers->list.items[i].met = any = true;
    return any;
}

bool mc_waivers_allow(struct mc_waivers *waivers, const struct mc_waived_use *use)
{
    bool allowed = false;
    for (size_t i = 0; i < waivers->list.count; i++) {
        struct mc_waiver *waiver = &waivers->list.items[i];
        if (!is_of(waiver, use->path, use->build_id) || use->address < waiver->first || use->address > waiver->last ||
            (waiver->function && (!use->function || !mc_symbol_is(use->function, waiver->function))) ||
            !mc_set_within(use->lacks, &waiver->features))
            continue;
        waiver->used = true;
        allowed |= !waiver->expired;
    }
    return allowed;
}

void mc_waivers_free(struct mc_waivers *waivers)
{
    mc_vector_free(&waivers->list);
    mc_arena_free(&waivers->arena);
}
