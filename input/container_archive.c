/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "input/archive_library.h"
#include "input/container_build.h"

/* Bytes on their way from a stream to libarchive. */
struct feed {
    const struct mc_archive_library *library;
    struct mc_stream *stream;
    const uint8_t *last; /* what was given last */
    size_t last_size;
    uint64_t given;        /* bytes, all in all */
    struct mc_error error; /* of the stream; kind NONE while it is well */
};

static la_ssize_t give(struct archive *archive, void *context, const void **ret_bytes)
{
    struct feed *feed = context;
    if (!mc_stream_take(feed->stream, &feed->last, &feed->last_size, &feed->error)) {
        feed->library->set_error(archive, EIO, "%s", feed->error.text);
        return -1;
    }
    feed->given += feed->last_size;
    *ret_bytes = feed->last;
    return (la_ssize_t)feed->last_size;
}

/* What libarchive did not use goes back to the stream. False when it is no longer there. */
static bool take_back(struct feed *feed, struct archive *archive)
{
    la_int64_t used = feed->library->filter_bytes(archive, 0);
    uint64_t left = used >= 0 && (uint64_t)used <= feed->given ? feed->given - (uint64_t)used : 0;
    if (left > feed->last_size)
        return false;
    feed->stream->bytes = feed->last + feed->last_size - left;
    feed->stream->size = (size_t)left;
    return true;
}

static bool fail(const struct feed *feed, struct archive *archive, struct mc_error *ret_error)
{
    const char *reason = feed->library->error_string(archive);
    la_int64_t position = feed->library->filter_bytes(archive, -1);
    if (feed->error.kind != MC_ERROR_NONE) {
        *ret_error = feed->error;
        return false;
    }
    return mc_fail(ret_error, MC_ERROR_FORMAT, position >= 0 ? (uint64_t)position : MC_NO_OFFSET,
                   "damaged or cut short: %.200s", reason ? reason : "not of the format that it begins like");
}

static bool need_library(const struct mc_archive_library **ret, struct mc_error *ret_error)
{
    *ret = mc_archive_library_load();
    return *ret || mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET,
                           "cannot be opened without libarchive (Debian: libarchive13), which is not installed");
}

static struct archive *new_archive(const struct mc_archive_library *library)
{
    struct archive *archive = library->read_new();
    if (!archive)
        mc_out_of_memory();
    return archive;
}

/* ---- one compressed stream ---- */

struct mc_unpacker {
    struct mc_reading *reading;
    struct feed feed;
    struct archive *archive;
    uint8_t block[MC_STREAM_BLOCK];
};

static bool unpack_more(void *context, uint8_t *buffer, size_t size, size_t *ret_size, struct mc_error *ret_error)
{
    struct mc_unpacker *unpacker = context;
    la_ssize_t got = unpacker->feed.library->read_data(unpacker->archive, buffer, size);
    if (got < 0)
        return fail(&unpacker->feed, unpacker->archive, ret_error);
    *ret_size = (size_t)got;
    return mc_reading_count(unpacker->reading, (uint64_t)got, ret_error);
}

static struct archive *new_unpacking(const struct mc_archive_library *library, enum mc_input_kind kind)
{
    struct archive *archive = new_archive(library);
    if (kind == MC_INPUT_RPM)
        library->read_support_filter_rpm(archive);
    library->read_support_filter_gzip(archive);
    library->read_support_filter_bzip2(archive);
    library->read_support_filter_compress(archive);
    library->read_support_filter_lzma(archive);
    library->read_support_filter_xz(archive);
    library->read_support_filter_lzip(archive);
    library->read_support_filter_zstd(archive);
    library->read_support_filter_lz4(archive);
    library->read_support_format_raw(archive);
    library->read_support_format_empty(archive);
    return archive;
}

struct mc_unpacker *mc_unpacker_open(struct mc_reading *reading, struct mc_stream *stream, enum mc_input_kind kind,
                                     struct mc_stream *ret, bool *ret_mistaken, struct mc_error *ret_error)
{
    const struct mc_archive_library *library;
    struct archive_entry *entry;
    *ret_mistaken = false;
    if (!need_library(&library, ret_error))
        return NULL;
    struct mc_unpacker *unpacker = mc_realloc(NULL, 1, sizeof *unpacker);
    *unpacker = (struct mc_unpacker){.reading = reading, .feed = {.library = library, .stream = stream},
                                     .archive = new_unpacking(library, kind)};
    *ret = (struct mc_stream){.more = unpack_more, .context = unpacker, .block = unpacker->block,
                              .declared = MC_STREAM_UNKNOWN};
    int opened = library->read_open2(unpacker->archive, &unpacker->feed, NULL, give, NULL, NULL);
    int header = opened == ARCHIVE_OK ? library->read_next_header(unpacker->archive, &entry) : ARCHIVE_FATAL;
    *ret_mistaken = opened == ARCHIVE_OK && library->filter_count(unpacker->archive) <= 1; /* always one: none at all */
    if (header == ARCHIVE_EOF)
        ret->more = NULL; /* nothing was compressed */
    if ((header == ARCHIVE_OK || header == ARCHIVE_WARN || header == ARCHIVE_EOF) && !*ret_mistaken)
        return unpacker;
    fail(&unpacker->feed, unpacker->archive, ret_error);
    mc_unpacker_close(unpacker);
    return NULL;
}

void mc_unpacker_close(struct mc_unpacker *unpacker)
{
    if (!unpacker)
        return;
    unpacker->feed.library->read_free(unpacker->archive);
    free(unpacker);
}

/* ---- archives with members ---- */

struct members {
    struct mc_reading *reading;
    struct feed feed;
    struct archive *archive;
    const struct mc_archive_walk *walk;
    bool broken; /* nothing more can be read; who read a member was told */
    uint8_t block[MC_STREAM_BLOCK];
};

static bool member_more(void *context, uint8_t *buffer, size_t size, size_t *ret_size, struct mc_error *ret_error)
{
    struct members *members = context;
    la_ssize_t got = members->feed.library->read_data(members->archive, buffer, size);
    if (got < 0) {
        members->broken |= got == ARCHIVE_FATAL;
        fail(&members->feed, members->archive, ret_error);
        return members->broken ? mc_fail_context(ret_error, "the archive can be read up to here only") : false;
    }
    *ret_size = (size_t)got;
    return mc_reading_count(members->reading, (uint64_t)got, ret_error);
}

static void add_formats(const struct mc_archive_library *library, struct archive *archive, enum mc_input_kind kind,
                        bool front_to_back)
{
    switch (kind) {
    case MC_INPUT_PACKAGE:
        library->read_support_format_ar(archive);
        return;
    case MC_INPUT_CPIO:
        library->read_support_format_cpio(archive);
        return;
    case MC_INPUT_INDEXED:
        if (front_to_back)
            library->read_support_format_zip_streamable(archive);
        else
            library->read_support_format_zip_seekable(archive);
        library->read_support_format_7zip(archive);
        library->read_support_format_iso9660(archive);
        return;
    default:
        library->read_support_format_tar(archive);
        /* What stands behind the first end mark is there, and some programs unpack it. */
        library->read_set_option(archive, "tar", "read_concatenated_archives", "1");
        return;
    }
}

/* The name as bytes. libarchive has it in UTF-8, in the locale's charset (this program sets none: plain bytes), or both. */
static const char *name_of(const struct mc_archive_library *library, struct archive_entry *entry)
{
    const char *name = library->entry_pathname_utf8(entry);
    name = name ? name : library->entry_pathname(entry);
    return name && *name ? name : "(no name)";
}

/* 7-zip packs many files as one, and what is passed over is unpacked all the same. */
static void count_passed(struct members *members, const struct mc_stream *stream, uint64_t unpacked_before)
{
    uint64_t read = members->reading->unpacked - unpacked_before;
    int format = members->feed.library->format(members->archive) & ARCHIVE_FORMAT_BASE_MASK;
    if (format == ARCHIVE_FORMAT_7ZIP && stream->declared != MC_STREAM_UNKNOWN && stream->declared > read)
        mc_reading_count(members->reading, stream->declared - read, NULL); /* go_on says it */
}

static void visit_member(struct members *members, struct archive_entry *entry)
{
    const struct mc_archive_library *library = members->feed.library;
    const struct mc_archive_walk *walk = members->walk;
    const char *name = name_of(library, entry);
    mode_t mode = library->entry_filetype(entry);
    bool sized = library->entry_size_is_set(entry);
    uint64_t size = sized && library->entry_size(entry) >= 0 ? (uint64_t)library->entry_size(entry) : MC_STREAM_UNKNOWN;
    const char *hard = library->entry_hardlink(entry);
    if ((hard && (!sized || !size)) || (mode && !S_ISREG(mode))) {
        if (walk->other)
            walk->other(walk->context, name, hard ? S_IFREG : mode, hard ? hard : library->entry_symlink(entry));
        return;
    }
    if (library->entry_is_data_encrypted(entry) > 0 && walk->encrypted) {
        walk->encrypted(walk->context, name);
        return;
    }
    struct mc_stream stream = {.more = member_more, .context = members, .block = members->block, .declared = size};
    uint64_t before = members->reading->unpacked;
    walk->open(walk->context, name, &stream);
    count_passed(members, &stream, before);
}

static bool open_stream(struct members *members, enum mc_input_kind kind)
{
    const struct mc_archive_library *library = members->feed.library;
    struct mc_stream *stream = members->feed.stream;
    add_formats(library, members->archive, kind, members->walk->front_to_back);
    if (kind == MC_INPUT_INDEXED)
        return library->read_open_memory(members->archive, stream->bytes, stream->size) == ARCHIVE_OK;
    return library->read_open2(members->archive, &members->feed, NULL, give, NULL, NULL) == ARCHIVE_OK;
}

static bool read_members(struct members *members, struct mc_error *ret_error)
{
    const struct mc_archive_library *library = members->feed.library;
    struct archive_entry *entry;
    while (!members->broken && members->walk->go_on(members->walk->context)) {
        int state = library->read_next_header(members->archive, &entry);
        if (state == ARCHIVE_EOF)
            return true;
        if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
            return fail(&members->feed, members->archive, ret_error);
        visit_member(members, entry);
    }
    return true; /* somebody said why not */
}

bool mc_archive_members(struct mc_reading *reading, struct mc_stream *stream, enum mc_input_kind kind,
                        const struct mc_archive_walk *walk, struct mc_error *ret_error)
{
    const struct mc_archive_library *library;
    if (!need_library(&library, ret_error))
        return false;
    struct members *members = mc_realloc(NULL, 1, sizeof *members);
    *members = (struct members){.reading = reading, .feed = {.library = library, .stream = stream},
                                .archive = new_archive(library), .walk = walk};
    bool good = open_stream(members, kind) ? read_members(members, ret_error)
                                           : fail(&members->feed, members->archive, ret_error);
    if (good && kind == MC_INPUT_CPIO && !take_back(&members->feed, members->archive))
        good = mc_fail(ret_error, MC_ERROR_LIMIT, MC_NO_OFFSET, "what lies behind the end of the archive was not read");
    library->read_free(members->archive);
    free(members);
    return good;
}
