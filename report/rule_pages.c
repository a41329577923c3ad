/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rule_pages.h"

#include <string.h>
#include <strings.h>

/* The kinds of finding, in their order; every one has a page. */
static const struct {
    const char *id, *name, *title;
    enum mc_severity severity;
} rules[] = {
#define MC_RULE(id, name, severity, title) {#id, #name, title, MC_##severity},
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
    struct mc_rule_page page = {rules[index].id, rules[index].name, rules[index].title, rules[index].severity, NULL};
    for (const struct mc_embedded_page *at = mc_embedded_pages; at->id; at++)
        if (strcmp(at->id, page.id) == 0)
            page.text = at->text;
    return page;
}

size_t mc_rule_index(const char *id)
{
    size_t index = 0;
    while (index < RULES && strcasecmp(rules[index].id, id) != 0)
        index++;
    return index;
}

bool mc_rule_page_find(const char *id, struct mc_rule_page *ret)
{
    size_t index = mc_rule_index(id);
    if (index < RULES)
        *ret = mc_rule_page_at(index);
    return index < RULES;
}
