/* SPDX-License-Identifier: Apache-2.0 */
/* Text for XML, HTML, CSV and Prometheus. What goes in are arbitrary bytes; what comes out is one line of valid UTF-8 that
 * means text and nothing else there. Control characters and bad UTF-8 stand as \xNN (see mc_print_clean). */
#ifndef MC_REPORT_MARKUP_H
#define MC_REPORT_MARKUP_H

#include "isa/baseline.h"

#include <stdio.h>

/* For XML and HTML: element content and quoted attributes. NULL prints nothing. */
void mc_print_markup(FILE *stream, const char *text);
void mc_print_symbol_markup(FILE *stream, const char *symbol); /* demangled; NULL prints nothing */
/* The same of what printf would write; `format` itself is text too. */
void mc_printf_markup(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One quoted field of CSV (RFC 4180); what a spreadsheet would take for a formula is led by an apostrophe. NULL: empty. */
void mc_print_csv(FILE *stream, const char *text);
/* A label's value of Prometheus' text format, with its quotes. NULL: "". */
void mc_print_label(FILE *stream, const char *text);

#endif
