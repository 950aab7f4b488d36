/*
 * Requests and responses: what is written is read back, and what was cut or changed is refused or
 * means the same.
 */
#include "unit.h"

#include "assemble.h"
#include "request.h"
#include "response.h"
#include "util.h"

#define RELEASE_PEM TEST_DATA_DIR "/golden/keys/release.pem"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* Signs as the signer of the request does. */
static void sign(struct request *r)
{
    struct signer *signer = NULL;
    uint8_t digest[32];
    uint8_t rs[64];

    ck_assert_int_eq(signer_open("file:" RELEASE_PEM, &no_options, &signer), OX_OK);
    ck_assert_int_eq(request_digest(r, digest), OX_OK);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
    assemble_put_firmware_signature(r->metadata, rs);
    signer_close(signer);
}

static struct request make_request(unsigned round)
{
    struct manifest m = {.method = OTAV_METHOD_ECDSA,
                         .manufacturer = {'M', 'C', 'H', 'P'},
                         .version = 0x01040200,
                         .sequence = 7,
                         .has_attributes = true,
                         .image_type = MANIFEST_IMAGE_APPLICATION,
                         .activation = MANIFEST_ACTIVATION_TRIAL};
    struct request r = {
        .path = xstrdup("./a.json"),
        .round = 1,
        .draft = xstrdup("./a.json.draft"),
        .output = xstrdup("./app.ota"),
        .log = xstrdup("./log.jsonl"),
        .image_id = 0x9B000001,
        .encrypt_key = xstrdup("file:./aes.hex"),
        .lint_off = {
            [LINT_NO_SBOM] = xstrdup("none yet"), [LINT_ZERO_IV] = xstrdup("one \"device\"")}};

    ck_assert_int_eq(pubkey_load(RELEASE_PEM, &no_options, r.xy), OX_OK);
    ck_assert_int_eq(assemble_metadata(&m, 784, 0, r.metadata), OX_OK);
    memset(r.fw_digest, 0x11, sizeof r.fw_digest);
    memset(r.draft_digest, 0x22, sizeof r.draft_digest);
    memset(r.encrypt_iv, 0x33, sizeof r.encrypt_iv);
    memset(r.content, 0x44, sizeof r.content);
    if (round == 2) {
        sign(&r);
        r.round = 2;
    }
    return r;
}

static bool same_reasons(const struct request *a, const struct request *b)
{
    for (unsigned i = 0; i < LINT_RULE_COUNT; i++) {
        const char *x = a->lint_off[i];
        const char *y = b->lint_off[i];

        if ((x == NULL) != (y == NULL) || (x != NULL && strcmp(x, y) != 0)) {
            return false;
        }
    }
    return true;
}

/* What is signed, by whom, and in spite of what: all that the request's id or its digests cover. */
static bool same_content(const struct request *a, const struct request *b)
{
    return same_reasons(a, b) && a->round == b->round && memcmp(a->xy, b->xy, sizeof a->xy) == 0 &&
           memcmp(a->fw_digest, b->fw_digest, sizeof a->fw_digest) == 0 &&
           memcmp(a->metadata, b->metadata, sizeof a->metadata) == 0;
}

static bool same_places(const struct request *a, const struct request *b)
{
    return strcmp(a->draft, b->draft) == 0 && strcmp(a->output, b->output) == 0 &&
           strcmp(a->log, b->log) == 0 && strcmp(a->encrypt_key, b->encrypt_key) == 0 &&
           memcmp(a->draft_digest, b->draft_digest, sizeof a->draft_digest) == 0 &&
           memcmp(a->encrypt_iv, b->encrypt_iv, sizeof a->encrypt_iv) == 0;
}

/* What the log counts by. */
static bool same_facts(const struct request *a, const struct request *b)
{
    return a->image_id == b->image_id && memcmp(a->content, b->content, sizeof a->content) == 0;
}

static char *text_of(const struct request *r)
{
    char *text = NULL;

    ck_assert_int_eq(request_text(r, r->path, &text), OX_OK);
    return text;
}

START_TEST(test_request_is_read_back)
{
    for (unsigned round = 1; round <= 2; round++) {
        struct request r = make_request(round);
        struct request again;
        char *text = text_of(&r);

        ck_assert_int_eq(request_parse(r.path, text, strlen(text), &again), OX_OK);
        ck_assert(same_content(&r, &again));
        ck_assert(same_places(&r, &again));
        ck_assert(same_facts(&r, &again));
        request_free(&again);
        request_free(&r);
        free(text);
    }
}
END_TEST

START_TEST(test_request_id_is_the_same_in_both_rounds)
{
    struct request one = make_request(1);
    struct request two = make_request(2);
    uint8_t id_one[32];
    uint8_t id_two[32];

    ck_assert_int_eq(request_id(&one, id_one), OX_OK);
    ck_assert_int_eq(request_id(&two, id_two), OX_OK);
    ck_assert_mem_eq(id_one, id_two, sizeof id_one);
    one.metadata[OTAV_META_SEQUENCE_OFF] ^= 1;
    ck_assert_int_eq(request_id(&one, id_two), OX_OK);
    ck_assert_mem_ne(id_one, id_two, sizeof id_one);
    request_free(&one);
    request_free(&two);
}
END_TEST

/* Dropped, moved to another rule, reworded, or cut elsewhere: another request. */
START_TEST(test_request_id_covers_the_rules_that_are_off)
{
    static char no_sbom[] = "no-sbom";
    struct request r = make_request(1);
    char *kept = r.lint_off[LINT_NO_SBOM];
    uint8_t id[32];
    uint8_t other[32];

    ck_assert_int_eq(request_id(&r, id), OX_OK);
    r.lint_off[LINT_NO_SBOM] = NULL;
    ck_assert_int_eq(request_id(&r, other), OX_OK);
    ck_assert_mem_ne(id, other, sizeof id);
    r.lint_off[LINT_NO_SUPPORT_END] = kept;
    ck_assert_int_eq(request_id(&r, other), OX_OK);
    ck_assert_mem_ne(id, other, sizeof id);
    r.lint_off[LINT_NO_SUPPORT_END] = NULL;
    r.lint_off[LINT_NO_SBOM] = no_sbom;
    ck_assert_int_eq(request_id(&r, other), OX_OK);
    ck_assert_mem_ne(id, other, sizeof id);
    r.lint_off[LINT_NO_SBOM] = kept;
    request_free(&r);
}
END_TEST

START_TEST(test_request_with_altered_reasons_refused)
{
    static const char *const edits[][3] = {
        {"none yet", "none now", "id is not that"},
        {"\"no-sbom\"", "\"no-attributes\"", "id is not that"},
        {"\"no-sbom\"", "\"no-rule\"", "unknown rule"},
        {"\"none yet\"", "\"\"", "a reason"},
        {"\"none yet\"", "7", "a reason"},
        {"\"none yet\"", "\"none yet\", \"version\": \"x\"", "id is not that"},
    };
    struct request r = make_request(1);
    char *text = text_of(&r);

    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        const char *at = strstr(text, edits[i][0]);
        struct request again;
        char *edited;

        ck_assert_ptr_nonnull(at);
        edited =
            xasprintf("%.*s%s%s", (int)(at - text), text, edits[i][1], at + strlen(edits[i][0]));
        catch_diagnostics();
        ck_assert_int_ne(request_parse(r.path, edited, strlen(edited), &again), OX_OK);
        ck_assert_msg(strstr(caught(), edits[i][2]) != NULL, "%s", caught());
        free(edited);
    }
    free(text);
    request_free(&r);
}
END_TEST

START_TEST(test_request_reason_that_is_not_utf8_refused)
{
    struct request r = make_request(1);
    char *text = NULL;

    r.lint_off[LINT_NO_SBOM][0] = '\xFF';
    catch_diagnostics();
    ck_assert_int_eq(request_text(&r, r.path, &text), OX_USAGE);
    ck_assert_ptr_null(text);
    ck_assert_ptr_nonnull(strstr(caught(), "'no-sbom'"));
    request_free(&r);
}
END_TEST

/* One byte below, at and above what request_load() reads. */
START_TEST(test_request_too_long_to_be_read_is_not_written)
{
    struct request r = make_request(1);
    char *text = text_of(&r);
    size_t room = REQUEST_MAX_LEN - strlen(text) + strlen(r.lint_off[LINT_NO_SBOM]);

    free(text);
    for (size_t len = room - 1; len <= room + 1; len++) {
        char *reason = xmalloc(len + 1);

        memset(reason, 'x', len);
        reason[len] = '\0';
        free(r.lint_off[LINT_NO_SBOM]);
        r.lint_off[LINT_NO_SBOM] = reason;
        text = NULL;
        catch_diagnostics();
        ck_assert_int_eq(request_text(&r, r.path, &text), len <= room ? OX_OK : OX_USAGE);
        ck_assert_uint_eq(text != NULL ? strlen(text) : 0,
                          len <= room ? REQUEST_MAX_LEN - room + len : 0);
        free(text);
    }
    request_free(&r);
}
END_TEST

START_TEST(test_request_paths_outside_its_folder_are_absolute)
{
    struct request r = make_request(1);
    char *text;

    free(r.output);
    r.output = xstrdup("/app.ota");
    free(r.encrypt_key);
    r.encrypt_key = xstrdup("pkcs11:object=aes");
    text = text_of(&r);
    ck_assert_ptr_nonnull(strstr(text, "\"output\": \"/app.ota\""));
    ck_assert_ptr_nonnull(strstr(text, "\"key\": \"pkcs11:object=aes\""));
    ck_assert_ptr_nonnull(strstr(text, "\"file\": \"a.json.draft\""));
    free(text);
    request_free(&r);
}
END_TEST

START_TEST(test_request_truncation_at_every_byte_refused)
{
    struct request r = make_request(2);
    char *text = text_of(&r);
    struct request again;

    for (size_t len = 0; len + 1 < strlen(text); len++) { /* the last one ends the line */
        catch_diagnostics();
        ck_assert_int_eq(request_parse("cut", text, len, &again), OX_MALFORMED);
        ck_assert_msg(strncmp(caught(), "otaimg: cut:", 12) == 0, "%s", caught());
    }
    free(text);
    request_free(&r);
}
END_TEST

/* Places may change: they are not signed, and `attach` finds out what does not fit. */
START_TEST(test_request_mutation_of_every_byte_refused_or_same_content)
{
    static const uint8_t masks[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF};

    for (unsigned round = 1; round <= 2; round++) {
        struct request r = make_request(round);
        char *text = text_of(&r);
        size_t len = strlen(text);

        for (size_t n = 0; n < len * sizeof masks; n += TEST_STEP) {
            const size_t i = n / sizeof masks;
            const uint8_t mask = masks[n % sizeof masks];
            struct request again;
            char kept = text[i];
            enum ox ox;

            text[i] = (char)((uint8_t)text[i] ^ mask);
            catch_diagnostics();
            ox = request_parse(r.path, text, len, &again);
            ck_assert(ox == OX_OK || ox == OX_MALFORMED || ox == OX_AUTH);
            if (ox == OX_OK) {
                ck_assert_msg(same_content(&r, &again), "byte %zu, mask %02X", i, mask);
                request_free(&again);
            }
            text[i] = kept;
        }
        free(text);
        request_free(&r);
    }
}
END_TEST

/* ---- responses -------------------------------------------------------------------------------- */

static struct response make_response(void)
{
    struct response r;

    memset(r.request, 0x1A, sizeof r.request);
    memset(r.key_id, 0x2B, sizeof r.key_id);
    memset(r.firmware, 0x3C, sizeof r.firmware);
    memset(r.metadata, 0x4D, sizeof r.metadata);
    return r;
}

START_TEST(test_response_is_read_back_and_not_when_cut)
{
    const struct response r = make_response();
    struct response again;
    char *text = response_text(&r);

    ck_assert_int_eq(response_parse("r", text, strlen(text), &again), OX_OK);
    ck_assert_mem_eq(&again, &r, sizeof r);
    for (size_t len = 0; len + 1 < strlen(text); len++) {
        catch_diagnostics();
        ck_assert_int_eq(response_parse("cut", text, len, &again), OX_MALFORMED);
        ck_assert_mem_eq(&again, &r, sizeof r);
    }
    free(text);
}
END_TEST

/* A changed digit is another value, which `attach` refuses; all else must not be taken. */
START_TEST(test_response_mutation_of_every_byte_is_no_alias)
{
    const struct response r = make_response();
    char *text = response_text(&r);
    size_t len = strlen(text);

    for (size_t n = 0; n < len * 256; n += TEST_STEP) {
        const size_t i = n / 256;
        const uint8_t value = (uint8_t)(n % 256);
        struct response again;
        char kept = text[i];

        if ((uint8_t)kept == value) {
            continue;
        }
        text[i] = (char)value;
        catch_diagnostics();
        if (response_parse("r", text, len, &again) == OX_OK && memcmp(&again, &r, sizeof r) == 0) {
            ck_assert_msg((kept ^ (char)value) == 0x20 || strchr(" \n", kept) != NULL,
                          "byte %zu as 0x%02X means the same", i, value);
        }
        text[i] = kept;
    }
    free(text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_request_is_read_back);
    tcase_add_test(tc, test_request_id_is_the_same_in_both_rounds);
    tcase_add_test(tc, test_request_id_covers_the_rules_that_are_off);
    tcase_add_test(tc, test_request_with_altered_reasons_refused);
    tcase_add_test(tc, test_request_reason_that_is_not_utf8_refused);
    tcase_add_test(tc, test_request_too_long_to_be_read_is_not_written);
    tcase_add_test(tc, test_request_paths_outside_its_folder_are_absolute);
    tcase_add_test(tc, test_request_truncation_at_every_byte_refused);
    tcase_add_test(tc, test_request_mutation_of_every_byte_refused_or_same_content);
    tcase_add_test(tc, test_response_is_read_back_and_not_when_cut);
    tcase_add_test(tc, test_response_mutation_of_every_byte_is_no_alias);
}

int main(void)
{
    return unit_main("request", add_tests);
}
