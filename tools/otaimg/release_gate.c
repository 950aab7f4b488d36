/*
 * Gathers what lint judges of a release and lets it judge.
 *
 * Layer: above lint and drafts, below the commands. Invariant: whoever signs, `build` and `prepare`
 * ask the same of a release.
 */
#include "release_gate.h"

#include "lint_facts.h"

static struct lint_history history_of(const struct release_gate *gate)
{
    struct lint_history history = {0};

    if (gate->log != NULL) {
        lint_history_read(gate->log, gate->facts, &history);
    }
    return history;
}

enum ox release_gate_pass(const struct release_gate *gate)
{
    const struct manifest *m = gate->draft->m;
    struct lint_facts facts = lint_facts_of(m);
    struct lint_history history = history_of(gate);
    struct lint_findings findings;
    enum ox ox;

    facts.method_allowed = gate->method_allowed;
    facts.fw_len = gate->draft->fw_len;
    if (gate->xy != NULL) {
        lint_facts_add_signer(&facts, gate->xy);
    }
    if (gate->cipher != NULL) {
        lint_facts_add_cipher(&facts, gate->cipher);
    }
    lint_run(&facts, &history, (const char *const *)m->lint_off, &findings);
    ox = lint_gate(&findings, m->label);
    lint_free(&findings);
    return ox;
}
