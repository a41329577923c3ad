/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* fopencookie, O_TMPFILE, fallocate */
#include "cli/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10) /* bytes that a text gathers before it goes to the file */

struct writer {
    struct mc_spool *spool;
    struct mc_spooled *text;
    const char *between; /* NULL: nothing, or written already */
    char *buffer;
    size_t used, room;
};

void mc_spool_open(struct mc_spool *spool, size_t limit)
{
    *spool = (struct mc_spool){.file = -1, .limit = limit};
    pthread_mutex_init(&spool->lock, NULL);
}

void mc_spool_close(struct mc_spool *spool)
{
    if (spool->file >= 0)
        close(spool->file);
    pthread_mutex_destroy(&spool->lock);
}

static int open_nameless(void)
{
    const char *folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int file = folders[i] && *folders[i] ? open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
        if (file >= 0)
            return file;
    }
    FILE *stream = tmpfile(); /* where the file system has no files without a name */
    int file = stream ? fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0) : -1;
    if (stream)
        fclose(stream);
    return file;
}

/* A place for so many bytes in the file; -1 when they are to stay in memory. */
static off_t find_place(struct mc_spool *spool, size_t size)
{
    off_t place = -1;
    pthread_mutex_lock(&spool->lock);
    if (spool->kept + size > spool->limit && spool->file < 0 && !spool->no_file) {
        spool->file = open_nameless();
        spool->no_file = spool->file < 0;
    }
    if (spool->kept + size > spool->limit && spool->file >= 0) {
        place = spool->end;
        spool->end += (off_t)size;
    } else {
        spool->kept += size;
    }
    pthread_mutex_unlock(&spool->lock);
    return place;
}

static bool write_at(int file, const char *bytes, size_t size, off_t place)
{
    while (size) {
        ssize_t written = pwrite(file, bytes, size, place);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
        place += written;
    }
    return true;
}

static void end_piece(struct writer *writer)
{
    struct mc_spool *spool = writer->spool;
    if (!writer->used)
        return;
    struct mc_spool_piece piece = {.place = find_place(spool, writer->used), .size = writer->used};
    if (piece.place < 0 || !write_at(spool->file, writer->buffer, writer->used, piece.place)) {
        piece.memory = mc_realloc(NULL, writer->used, 1);
        memcpy(piece.memory, writer->buffer, writer->used);
        pthread_mutex_lock(&spool->lock);
        spool->no_file |= piece.place >= 0; /* it is full: give back what counted as written */
        spool->kept += piece.place >= 0 ? writer->used : 0;
        pthread_mutex_unlock(&spool->lock);
    }
    mc_push(&writer->text->pieces, piece);
    writer->text->size += writer->used;
    writer->used = 0;
}

static void add(struct writer *writer, const char *bytes, size_t size)
{
    while (size) {
        if (writer->used == writer->room && writer->room < PIECE) {
            writer->room = writer->room ? 4 * writer->room : 4096;
            writer->buffer = mc_realloc(writer->buffer, writer->room, 1);
        } else if (writer->used == writer->room) {
            end_piece(writer);
        }
        size_t part = size < writer->room - writer->used ? size : writer->room - writer->used;
        memcpy(writer->buffer + writer->used, bytes, part);
        writer->used += part;
        bytes += part;
        size -= part;
    }
}

static ssize_t cookie_write(void *cookie, const char *bytes, size_t size)
{
    struct writer *writer = cookie;
    if (writer->between && size)
        add(writer, writer->between, strlen(writer->between));
    writer->between = size ? NULL : writer->between;
    add(writer, bytes, size);
    return (ssize_t)size;
}

static int cookie_close(void *cookie)
{
    struct writer *writer = cookie;
    end_piece(writer);
    free(writer->buffer);
    free(writer);
    return 0;
}

FILE *mc_spool_add(struct mc_spool *spool, struct mc_spooled *text, const char *between)
{
    struct writer *writer = mc_realloc(NULL, 1, sizeof *writer);
    *writer = (struct writer){.spool = spool, .text = text, .between = text->size ? between : NULL};
    FILE *stream = fopencookie(writer, "w", (cookie_io_functions_t){.write = cookie_write, .close = cookie_close});
    if (!stream)
        mc_out_of_memory();
    return stream;
}

static bool move_piece(const struct mc_spool *spool, const struct mc_spool_piece *piece, FILE *to)
{
    char buffer[16 << 10];
    for (size_t done = 0; done < piece->size;) {
        size_t part = piece->size - done < sizeof buffer ? piece->size - done : sizeof buffer;
        ssize_t got = pread(spool->file, buffer, part, piece->place + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        fwrite(buffer, 1, (size_t)got, to);
        done += (size_t)got;
    }
    (void)!fallocate(spool->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, piece->place, (off_t)piece->size);
    return true;
}

bool mc_spool_move(struct mc_spool *spool, struct mc_spooled *text, FILE *to)
{
    bool whole = true;
    size_t freed = 0;
    for (size_t i = 0; i < text->pieces.count; i++) {
        const struct mc_spool_piece *piece = &text->pieces.items[i];
        if (piece->memory) {
            fwrite(piece->memory, 1, piece->size, to);
            freed += piece->size;
            free(piece->memory);
        } else {
            whole &= move_piece(spool, piece, to);
        }
    }
    mc_vector_free(&text->pieces);
    text->size = 0;
    pthread_mutex_lock(&spool->lock);
    spool->kept -= freed;
    pthread_mutex_unlock(&spool->lock);
    return whole;
}
