/* The table of published keys: each test key's digest is recomputed from its PEM. */
#include "unit.h"

#include <glob.h>

#include "known_keys.h"
#include "pubkey.h"
#include "util.h"

#define KEYS TEST_DATA_DIR "/../keys/test/"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

static enum known_key kind_of(const char *id_hex, const char **ret_name)
{
    uint8_t id[32];

    ck_assert(hex_decode(id_hex, id, 32));
    return known_key_find(id, ret_name);
}

START_TEST(test_known_keys_every_test_key_file_is_development)
{
    glob_t files;

    ck_assert_int_eq(glob(KEYS "*.pem", 0, NULL, &files), 0);
    ck_assert_uint_ge(files.gl_pathc, 8);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        uint8_t xy[64];
        uint8_t id[32];

        ck_assert_int_eq(pubkey_load(files.gl_pathv[i], &no_options, xy), OX_OK);
        pubkey_id(xy, id);
        ck_assert_msg(known_key_find(id, NULL) == KNOWN_KEY_DEVELOPMENT, "%s is not listed",
                      files.gl_pathv[i]);
    }
    globfree(&files);
}
END_TEST

START_TEST(test_known_keys_published_digests_are_samples)
{
    static const char *const ids[] = {
        "63f1a2c0da2da03e69641f2ebd479380bacdf839c453cd8fda65c0edebd7eba3",
        "1ab7b2edb62b6c56037a1d549a940fc927f6b4621b76e28b5db599bf84834bf6",
        "e0aa864454ffdaf28c3d7957c1a3c6f4a1d7ab533a1ae65fa67ca479bcca5e83",
        "e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6",
        "6bcd1e16d80e5fe13a5307e6f1de8344c7e50e537d9962ce35ef6db5e642fae8",
        "c1907fa4eac7fae3840a78902b6f0710b037e9968e5c6274a12a28790c7d4e3c",
        "a14bcb1bf9bb821146ba32838217e476f5412621320534ffe490a1890c994660",
        "159d8b7930769d887f3ff0b4e9ec176b82313663f2ef76dc24f5e964da1bc482",
        "3c23fc4e1d332a0c86e6a8bf6ecf26046d702302e135bf53fc04a009a33a78c5",
        "bb868a727f0ef75e890a6a52bccd1d936fb34438afd6f237e8af259865742446",
        "258010176e1aea2eac8ed342170e904661afca61e8c79d38863892e804584bf3"};
    const char *name = NULL;

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        ck_assert_int_eq(kind_of(ids[i], NULL), KNOWN_KEY_SAMPLE);
    }
    ck_assert_int_eq(kind_of(ids[0], &name), KNOWN_KEY_SAMPLE);
    ck_assert_str_eq(name, "Microchip sample key java_friendly_private_key.pem");
}
END_TEST

START_TEST(test_known_keys_other_digest_unknown)
{
    const char *name = "untouched";

    ck_assert_int_eq(
        kind_of("63f1a2c0da2da03e69641f2ebd479380bacdf839c453cd8fda65c0edebd7eba2", &name),
        KNOWN_KEY_NO);
    ck_assert_str_eq(name, "untouched");
}
END_TEST

START_TEST(test_known_keys_sample_refused_unless_allowed)
{
    struct key_options allow = no_options;
    uint8_t id[32];

    allow.allow_sample_key = true;
    ck_assert(
        hex_decode("63f1a2c0da2da03e69641f2ebd479380bacdf839c453cd8fda65c0edebd7eba3", id, 32));
    catch_diagnostics();
    ck_assert_int_eq(known_key_refuse_sample(id, "k.pem", &allow), OX_OK);
    ck_assert_str_eq(caught(), "");
    ck_assert_int_eq(known_key_refuse_sample(id, "k.pem", &no_options), OX_POLICY);
    ck_assert_str_eq(
        caught(),
        "otaimg: 'k.pem' is the published Microchip sample key java_friendly_private_key.pem, "
        "expected a key of your own\n"
        "hint: 'otaimg keys generate' makes one; --allow-sample-key takes it all the same\n");
}
END_TEST

START_TEST(test_known_keys_development_key_not_refused)
{
    uint8_t xy[64];
    uint8_t id[32];

    catch_diagnostics();
    ck_assert_int_eq(pubkey_load(KEYS "dev-a.pub.pem", &no_options, xy), OX_OK);
    pubkey_id(xy, id);
    ck_assert_int_eq(known_key_refuse_sample(id, "k.pem", &no_options), OX_OK);
    ck_assert_str_eq(caught(), "");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_known_keys_every_test_key_file_is_development);
    tcase_add_test(tc, test_known_keys_published_digests_are_samples);
    tcase_add_test(tc, test_known_keys_other_digest_unknown);
    tcase_add_test(tc, test_known_keys_sample_refused_unless_allowed);
    tcase_add_test(tc, test_known_keys_development_key_not_refused);
}

int main(void)
{
    return unit_main("known_keys", add_tests);
}
