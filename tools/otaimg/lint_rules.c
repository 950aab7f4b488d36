/*
 * The table of lint rules.
 *
 * Layer: data, below the manifest, which keeps a reason for each rule that it turns off.
 */
#include "lint_rules.h"

#include <string.h>

#define LINT_RULE_INFO(name, id, severity, production_only, expected)                              \
    {id, severity, production_only, expected},
const struct lint_rule_info lint_rules[LINT_RULE_COUNT] = {LINT_RULES(LINT_RULE_INFO)};
#undef LINT_RULE_INFO

bool lint_rule_find(const char *id, enum lint_rule *ret)
{
    for (int i = 0; i < LINT_RULE_COUNT; i++) {
        if (strcmp(lint_rules[i].id, id) == 0) {
            *ret = (enum lint_rule)i;
            return true;
        }
    }
    return false;
}
