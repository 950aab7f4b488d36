/*
 * Reading which lint rules a release turns off.
 *
 * A reason is required: whoever reads the manifest or the log later has nothing else to go by.
 */
#include "manifest_lint.h"

#include <string.h>

#include "util.h"

static enum ox fail_unknown(const struct yaml_node *entry)
{
    (void)diag_fail_at(OX_USAGE, &entry->key_pos, "'%s' is not a lint rule, expected its id",
                       entry->key);
    diag_hint("otaimg(1) lists the rules; 'otaimg lint' names those that a release breaks");
    return OX_USAGE;
}

static enum ox read_reason(struct yaml_node *off, const struct yaml_node *entry, struct manifest *m)
{
    struct yaml_node *node = NULL;
    const char *reason = NULL;
    enum lint_rule rule = LINT_RULE_COUNT;
    enum ox ox;

    if (!lint_rule_find(entry->key, &rule)) {
        return fail_unknown(entry);
    }
    ox = ydoc_get_string(off, entry->key, NULL, &reason, &node);
    if (ox != OX_OK) {
        return ox;
    }
    if (reason[strspn(reason, " \t\n")] == '\0') {
        return ydoc_fail_value(node, "the reason for turning the rule off");
    }
    m->lint_off[rule] = xstrdup(reason);
    return OX_OK;
}

enum ox manifest_read_lint(struct yaml_node *root, struct manifest *m)
{
    struct yaml_node *lint = NULL;
    struct yaml_node *off = NULL;
    bool present;
    enum ox ox = ydoc_get_map(root, "lint", &present, &lint);

    if (ox != OX_OK || lint == NULL) {
        return ox;
    }
    ox = ydoc_get_map(lint, "off", NULL, &off);
    if (ox != OX_OK) {
        return ox;
    }
    for (struct yaml_node *entry = off->first_child; entry != NULL && ox == OX_OK;
         entry = entry->next) {
        ox = read_reason(off, entry, m);
    }
    return ox;
}
