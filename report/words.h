/* SPDX-License-Identifier: Apache-2.0 */
/* The words of reports for the scanner's values (design.md, section 2), and text made safe to print. */
#ifndef MC_REPORT_WORDS_H
#define MC_REPORT_WORDS_H

#include "scanner/verdict.h"

#include <stdarg.h>
#include <stdio.h>

const char *mc_verdict_word(enum mc_verdict verdict);
const char *mc_confidence_word(enum mc_confidence confidence);
const char *mc_severity_word(enum mc_severity severity);
const char *mc_file_status_word(enum mc_file_status status);
const char *mc_file_kind_word(enum mc_file_kind kind);
const char *mc_step_word(enum mc_step_kind kind);
const char *mc_absent_word(enum mc_absent absent);
const char *mc_mode_format(enum mc_mode mode); /* "elf64-x86-64" */
const char *mc_register_word(enum mc_register reg);

/* True for misguarded, trapped and unguarded: not safe to migrate. */
static inline bool mc_verdict_unsafe(enum mc_verdict verdict)
{
    return verdict >= MC_VERDICT_MISGUARDED;
}

/* Valid UTF-8 made of arbitrary bytes: every byte that is not part of a well-formed sequence (Unicode 15, table 3-7) becomes
 * U+FFFD. The caller frees the result. NULL gives NULL. */
char *mc_utf8_clean(const char *text);
/* The same to a stream, for people: control characters as \xNN besides, so that a name cannot forge lines or drive the terminal. */
void mc_print_clean(FILE *stream, const char *text);
/* "from /src/blend.c by GNU C17 12.2.0 with -mavx2, in the COMDAT group blend", clean; NULL when nothing is known. For the caller to
 * free. */
char *mc_origin_text(const struct mc_finding *finding);
#define MC_REPORT_WIDTH 100 /* columns of reports for people */
/* The text, which is clean, broken at blanks, and a newline. Its first line begins at column `first` (already printed), the
 * others behind `indent` blanks. */
void mc_print_wrapped(FILE *stream, const char *text, size_t first, size_t indent);
/* A stream into memory; its text, ended by a NUL, is the caller's to free once the stream is closed. */
FILE *mc_open_text(char **ret_text, size_t *ret_size);
void mc_close_text(FILE *stream);
/* What printf would write; for the caller to free. */
char *mc_format(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
/* A symbol for people: demangled, and clean. */
void mc_print_symbol(FILE *stream, const char *symbol);
/* "sse4.1, ssse3" */
void mc_print_features(FILE *stream, const struct mc_feature_set *set, const char *separator);

/* A fingerprint of the tables the verdicts rest on (features, baselines, encodings): 16 hexadecimal digits. Two reports
 * with different fingerprints may differ because of the catalogue. */
void mc_catalogue_fingerprint(char ret[17]);

/* As mc_print_clean prints it; for the caller to free. */
char *mc_clean_copy(const char *text);

#endif
