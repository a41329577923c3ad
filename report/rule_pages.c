/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rule_pages.h"

#include <string.h>
#include <strings.h>

/* The kinds of finding, in their order; every one has a page. */
static const struct {
    const char *id, *title;
} rules[] = {
#define MC_RULE(id, name, severity, title) {#id, title},
#include "scanner/proof/rules.def"
#undef MC_RULE
};
#define RULES (sizeof rules / sizeof *rules)

size_t mc_rule_count(void)
{
    return RULES;
}

struct mc_rule_page mc_rule_page_at(size_t index)
{
    struct mc_rule_page page = {rules[index].id, rules[index].title, NULL};
    for (const struct mc_embedded_page *at = mc_embedded_pages; at->id; at++)
        if (strcmp(at->id, page.id) == 0)
            page.text = at->text;
    return page;
}

bool mc_rule_page_find(const char *id, struct mc_rule_page *ret)
{
    for (size_t i = 0; i < RULES; i++)
        if (strcasecmp(rules[i].id, id) == 0) {
            *ret = mc_rule_page_at(i);
            return true;
        }
    return false;
}
