/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of docs/rules, as they were when the program was built: they are a part of it. */
#ifndef MC_REPORT_RULE_PAGES_H
#define MC_REPORT_RULE_PAGES_H

#include "scanner/verdict.h"

struct mc_rule_page {
    const char *id, *name, *title;    /* name: "WRONG_CHECK" */
    enum mc_severity severity;
    const char *text; /* Markdown; NULL when docs/rules has no such page, which a test forbids */
};
size_t mc_rule_count(void);
size_t mc_rule_index(const char *id);              /* mc_rule_count() when there is no such rule */
struct mc_rule_page mc_rule_page_at(size_t index); /* in the order of rules.def; index < count */
bool mc_rule_page_find(const char *id,
                       struct mc_rule_page *ret); /* case does not count; false when there is no such rule */

/* Written by embed_pages.cmake; ends with a row of NULLs. */
struct mc_embedded_page {
    const char *id, *text;
};
extern const struct mc_embedded_page mc_embedded_pages[];

#endif
