/*
 * From a manifest and its keys to what lint judges.
 *
 * Invariant: of keys only the verdict is kept, never their bytes.
 */
#include "lint_facts.h"

#include "pubkey.h"
#include "util.h"

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

struct lint_facts lint_facts_of(const struct manifest *m)
{
    return (struct lint_facts){
        .production = m->production,
        .method = m->method,
        .version = m->version,
        .has_attributes = m->has_attributes,
        .security_counter = m->security_counter,
        .is_security_release = m->has_release && m->release_kind >= MANIFEST_KIND_SECURITY,
        .has_sbom = m->sbom_file != NULL,
        .has_support_end = m->has_support_end,
        .revokes_all_keys = m->revoke_keys == (1u << OTAV_KEY_MAX_COUNT) - 1,
        .encrypted = m->encrypt,
        .has_zero_iv = m->encrypt && is_zero(m->encrypt_iv, sizeof m->encrypt_iv),
    };
}

void lint_facts_add_signer(struct lint_facts *facts, const uint8_t xy[64])
{
    uint8_t id[32];

    pubkey_id(xy, id);
    facts->sign_key = known_key_find(id, NULL);
}

void lint_facts_add_cipher(struct lint_facts *facts, const struct cipher *cipher)
{
    uint8_t aes[16];

    if (cipher_key_bytes(cipher, aes)) {
        facts->has_default_aes_key = known_aes_key(aes);
        wipe(aes, sizeof aes);
    }
}

void lint_history_read(struct release_log *log, const struct release_facts *release,
                       struct lint_history *ret)
{
    struct release_log_match match;

    *ret = (struct lint_history){0};
    if (release_log_last(log, release, &match)) {
        ret->has_last = true;
        ret->last_version = match.release.version;
        ret->last_has_counter = match.release.has_counter;
        ret->last_counter = match.release.security_counter;
    }
    ret->encrypted_repeat = release->encrypted && release_log_find_encrypted(log, release, &match);
}

unsigned lint_reasons(const char *const off[LINT_RULE_COUNT],
                      struct release_log_reason ret[LINT_RULE_COUNT])
{
    unsigned count = 0;

    for (unsigned i = 0; i < LINT_RULE_COUNT; i++) {
        if (off[i] != NULL) {
            ret[count++] = (struct release_log_reason){lint_rules[i].id, off[i]};
        }
    }
    return count;
}
