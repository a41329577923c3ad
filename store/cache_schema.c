/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DATABASE "results.sqlite"
#define SCHEMA_VERSION 1
#define ATTEMPTS 5   /* changing to WAL beside others fails at once, without waiting */
#define PAUSE 20000  /* microseconds */
#define WAIT 5000 /* milliseconds for other processes' transactions */

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS build(id BLOB NOT NULL);"
    /* seal: digest of the row's identity and of the record's digest, so that a row cannot come to lead to another record.
     * number: ascending in time. sha256: of the file, NULL when it was not hashed. digest: of the record */
    "CREATE TABLE IF NOT EXISTS result(number INTEGER PRIMARY KEY, options BLOB NOT NULL, size INTEGER NOT NULL,"
    " build_id BLOB NOT NULL, sha256 BLOB, digest BLOB NOT NULL, record BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS content ON result(size, build_id, options, sha256) WHERE sha256 NOTNULL;"
    "CREATE TABLE IF NOT EXISTS file(device INTEGER NOT NULL, inode INTEGER NOT NULL, options BLOB NOT NULL,"
    " size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,"
    " result INTEGER NOT NULL, seal BLOB NOT NULL,"
    " PRIMARY KEY(device, inode, options)) WITHOUT ROWID;"
    "PRAGMA user_version = 1";
_Static_assert(SCHEMA_VERSION == 1, "and in the schema");

enum mc_cache_state mc_cache_state_of(int code)
{
    switch (code & 0xff) { /* extended codes */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return MC_CACHE_GOOD;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* the schema has not what our statements ask for */
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
        return MC_CACHE_DAMAGED;
    default: /* busy, read-only, full, input/output ... */
        return MC_CACHE_SHUT;
    }
}

/* ---- place ---- */

/* The folder and those above it. */
static bool make_folders(const char *folder, struct mc_arena *arena)
{
    char *path = mc_arena_strdup(arena, folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool is_private(const struct stat *status)
{
    return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

bool mc_cache_place(const char *folder, struct mc_arena *arena, struct mc_cache_database *database,
                    struct mc_error *ret_error)
{
    struct stat status;
    if (!make_folders(folder, arena) || stat(folder, &status) != 0)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "%s: %s", folder, strerror(errno));
    if (!S_ISDIR(status.st_mode) || !is_private(&status))
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%s: not a folder that only this user may write to",
                       folder);
    database->path = mc_arena_printf(arena, "%s/" DATABASE, folder);
    if (lstat(database->path, &status) == 0 && !(S_ISREG(status.st_mode) && is_private(&status)))
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%s: not a file that only this user may write to",
                       database->path);
    return true;
}

void mc_cache_remove(const struct mc_cache_database *database)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[4096];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if ((size_t)snprintf(path, sizeof path, "%s%s", database->path, endings[i]) < sizeof path)
            unlink(path);
}

/* ---- contents ---- */

static int run(const struct mc_cache_database *database, const char *text)
{
    return database->sqlite->exec(database->handle, text, NULL, NULL, NULL);
}

/* The number that the query gives first; SQLITE_OK when there is one. */
static int ask(const struct mc_cache_database *database, const char *query, struct mc_blob blob, int64_t *ret)
{
    const struct mc_sqlite *sqlite = database->sqlite;
    sqlite3_stmt *statement = NULL;
    int code = sqlite->prepare_v2(database->handle, query, -1, &statement, NULL);
    if (code == SQLITE_OK && blob.bytes)
        code = sqlite->bind_blob(statement, 1, blob.bytes, (int)blob.size, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite->step(statement);
    if (code == SQLITE_ROW) {
        *ret = sqlite->column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite->finalize(statement);
    return code;
}

static int change(const struct mc_cache_database *database, const char *text, struct mc_blob blob)
{
    int64_t none;
    int code = ask(database, text, blob, &none);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* In a transaction: what another process did meanwhile is seen. Records of other builds go; *ret_older says that there were
 * some. */
static int adopt(const struct mc_cache_database *database, struct mc_blob build, bool *ret_older)
{
    int64_t ours = 0, others = 0;
    int code = run(database, schema);
    if (code == SQLITE_OK)
        code = ask(database, "SELECT count(*) FROM build WHERE id = ?1", build, &ours);
    if (code == SQLITE_OK)
        code = ask(database, "SELECT count(*) FROM build WHERE id <> ?1", build, &others);
    if (code == SQLITE_OK && others)
        code = run(database, "DELETE FROM file; DELETE FROM result; DELETE FROM build");
    if (code == SQLITE_OK && (others || !ours))
        code = change(database, "INSERT INTO build(id) VALUES(?1)", build);
    *ret_older = others != 0;
    return code;
}

static enum mc_cache_state prepare(struct mc_cache_database *database, struct mc_blob build)
{
    int64_t version = 0, ours = 0, others = 0;
    struct mc_blob none = {0};
    bool older = false;
    int code = ask(database, "PRAGMA user_version", none, &version);
    if (code == SQLITE_OK && version != 0 && version != SCHEMA_VERSION)
        return MC_CACHE_DAMAGED;
    if (code == SQLITE_OK)
        code = run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF");
    if (code == SQLITE_OK && version == SCHEMA_VERSION) {
        code = ask(database, "SELECT count(*) FROM build WHERE id = ?1", build, &ours);
        if (code == SQLITE_OK)
            code = ask(database, "SELECT count(*) FROM build WHERE id <> ?1", build, &others);
    }
    if (code == SQLITE_OK && (!ours || others)) {
        code = run(database, "BEGIN IMMEDIATE");
        if (code == SQLITE_OK)
            code = adopt(database, build, &older);
        if (code == SQLITE_OK)
            code = run(database, "COMMIT");
    }
    if (code != SQLITE_OK) {
        run(database, "ROLLBACK"); /* an error of its own when no transaction is open */
        return mc_cache_state_of(code);
    }
    return older ? MC_CACHE_OLDER : MC_CACHE_GOOD;
}

enum mc_cache_state mc_cache_connect(struct mc_cache_database *database, struct mc_blob build)
{
    const struct mc_sqlite *sqlite = database->sqlite;
    int file = open(database->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* SQLite's other files get this mode */
    if (file < 0)
        return MC_CACHE_SHUT;
    close(file);
    int code = sqlite->open_v2(database->path, &database->handle,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    enum mc_cache_state state = mc_cache_state_of(code);
    if (state == MC_CACHE_GOOD) {
        sqlite->busy_timeout(database->handle, WAIT);
        state = MC_CACHE_SHUT;
        for (int i = 0; i < ATTEMPTS && state == MC_CACHE_SHUT; i++) {
            if (i)
                usleep(PAUSE);
            state = prepare(database, build);
        }
    }
    if (state == MC_CACHE_SHUT || state == MC_CACHE_DAMAGED)
        mc_cache_disconnect(database);
    return state;
}

void mc_cache_disconnect(struct mc_cache_database *database)
{
    if (database->handle)
        database->sqlite->close(database->handle);
    database->handle = NULL;
}
