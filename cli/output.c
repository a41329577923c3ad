/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char mc_version[] = MC_VERSION;

static void point_to_help(const char *command)
{
    fprintf(stderr, "Try 'maskcheck %s%s--help'.\n", command ? command : "", command ? " " : "");
}

int mc_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "maskcheck: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    point_to_help(command);
    return MC_EXIT_USAGE;
}

static void print_escaped(FILE *stream, const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte; byte++) {
        if (*byte < 0x20 || *byte == 0x7f)
            fprintf(stream, "\\x%02x", *byte);
        else
            fputc(*byte, stream);
    }
}

void mc_diagnose(const char *subject, const struct mc_error *error)
{
    flockfile(stderr);
    fprintf(stderr, "maskcheck: ");
    if (subject) {
        print_escaped(stderr, subject);
        fprintf(stderr, ": ");
    }
    if (error->offset != MC_NO_OFFSET)
        fprintf(stderr, "offset %" PRIu64 ": ", error->offset);
    print_escaped(stderr, error->text);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void mc_warn(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "maskcheck: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void mc_say_interrupted(bool listed, size_t count, size_t left)
{
    if (listed)
        mc_warn("interrupted: %zu of %zu files were scanned", count - left, count);
    else
        mc_warn("interrupted while the files were being listed: none was scanned");
}

int mc_print_version(void)
{
    printf("maskcheck %s\n", mc_version);
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

bool mc_finish_output(FILE *stream, const char *name)
{
    bool failed_before = ferror(stream);
    errno = 0;
    if (fflush(stream) == 0 && !failed_before)
        return true;
    mc_warn("%s: cannot write: %s", name ? name : "standard output", errno ? strerror(errno) : "an earlier write failed");
    return false;
}

bool mc_want_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(stream)) && !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
}

bool mc_parse_number(const char *text, unsigned least, unsigned most, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        return false;
    *ret = (unsigned)value;
    return true;
}
