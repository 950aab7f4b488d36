/*
 * What the tests of keys in tokens share: a SoftHSM token in a folder of its own for each test (two
 * programs that log in to one SoftHSM folder disturb each other), and the mock in front of it.
 *
 * Tokens are filled by child processes, so that the tested code starts with nothing loaded.
 */
#ifndef TEST_HSM_H
#define TEST_HSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key_options.h"
#include "unit.h"

#define HSM_LABEL "release"
#define HSM_PIN   "4711-release"

/* Ends the program when SoftHSM is not there: 77 = skipped, 1 where CI=true. Call first in main();
 * also leaves the terminal. */
void hsm_require(void);
/* Leaves the terminal, so that nothing can prompt, and forgets the user's PIN and passphrase. */
void hsm_leave_terminal(void);

/* For tcase_add_checked_fixture(): an empty folder, and an empty SoftHSM in it; removes them. */
void hsm_setup_folder(void);
void hsm_setup(void);
void hsm_teardown(void);

/* Path of name in the test's folder; caller frees. */
char *hsm_path(const char *name);
void hsm_write_file(const char *path, const char *text);

void hsm_add_token(const char *label, const char *pin);
/* Objects on the token with this label. id: hex. A key pair on P-256 or P-384. */
void hsm_add_pair(const char *token, const char *pin, const char *label, const char *id, bool p384);
void hsm_add_rsa(const char *token, const char *pin, const char *label, const char *id);
void hsm_add_aes(const char *token, const char *pin, const char *label, const char *id,
                 const uint8_t *key, size_t len);
/* Deletes all objects of a class (CKO_...) with this label. */
void hsm_delete(const char *token, const char *pin, const char *label, unsigned long class);

/* Deletes everything on every token, as if they had been pulled out. */
void hsm_remove_tokens(void);

/* Fails the test unless the one object of this class and label on token HSM_LABEL has this flag. */
void hsm_expect_flag(const char *label, unsigned long class, unsigned long type, int value);

/* Changes that flag. */
void hsm_set_flag(const char *label, unsigned long class, unsigned long type, int value);

/* A token HSM_LABEL with pair 'app' (id 01) and AES-128 key 'enc' (id 02), and OTAIMG_PIN set. */
void hsm_add_default(void);
extern const uint8_t hsm_aes_key[16];

/* Key options with no PIN descriptor. */
extern const struct key_options hsm_options;

const char *hsm_module(void);
/* From now on OTAIMG_PKCS11_MODULE is the mock, with a log. */
void hsm_use_mock(void);
/* Lines of the mock's log that are exactly this one. */
unsigned hsm_logged(const char *line);

/* The diagnostics so far; valid until the next call of anything here. */
const char *hsm_text(void);
/* Drops them. */
void hsm_forget_text(void);
/* Fails the test unless exactly these diagnostics were printed. */
void hsm_expect_text(const char *expected);
/* Fails the test unless this is part of them. */
void hsm_expect_text_with(const char *part);
/* The same for one line without hint that has this text in it. */
void hsm_expect_one_line_with(const char *part);

#endif
