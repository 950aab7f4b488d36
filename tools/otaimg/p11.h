/*
 * PKCS#11 for the files that implement keys on tokens, and for nobody else: other modules see
 * signer.h, cipher.h and token_keys.h.
 *
 * A module is loaded, and a token logged in to, at most once in a process; both stay until
 * p11_disconnect() or the end of the process, so that several keys of one token need one PIN.
 *
 * Limits: 64 slots a module, 4096 objects a search, attributes up to P11_ATTR_MAX bytes.
 */
#ifndef OTAIMG_P11_H
#define OTAIMG_P11_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"
#include "p11_kit.h"
#include "token_keys.h"

#define P11_ATTR_MAX  2048
#define P11_MAX_SLOTS 64

/* A pkcs11: URI that otaimg can act on. */
struct p11_uri {
    P11KitUri *parsed;
    const char *module_path; /* absolute; of the URI or of the environment */
    const char *pin_file;    /* absolute path from pin-source, NULL = none */
    const char *init_args;   /* for C_Initialize; of the URI or of the environment, NULL = none */
};

/* p11_uri.c. The one query attribute that is not of RFC 7512. */
#define P11_INIT_ARGS "x-init-args"
/* OX_USAGE for anything that is not understood in full. */
enum ox p11_uri_parse(const char *text, struct p11_uri *ret);
void p11_uri_free(struct p11_uri *uri);
/* What uri says about one part, for messages; caller frees. */
char *p11_uri_format(P11KitUri *uri, P11KitUriType what);

struct p11_module {
    struct p11_module *next;
    char *path;
    char *init_args; /* NULL = none */
    CK_FUNCTION_LIST *f;
};

/* p11_quirks.c: what one module needs and others do not. */
struct p11_quirks {
    const char *library;   /* how the module's file name begins; "" = any */
    const char *lock;      /* name of the lock that p11_lock() takes, NULL = none is needed */
    const char *init_hint; /* for a C_Initialize that failed */
};
/* Of the module at path, links resolved; never NULL. */
const struct p11_quirks *p11_quirks_of(const char *path);

/* p11_lock.c. Keeps the processes of one user apart while one of them looks for tokens or logs in,
 * where the module at path needs that. *ret_lock = -1 when it does not. Waits as long as it takes;
 * OX_IO. */
enum ox p11_lock(const char *path, int *ret_lock);
void p11_unlock(int lock);

struct p11_token {
    struct p11_token *next;
    struct p11_module *module;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    char label[sizeof(((CK_TOKEN_INFO *)0)->label) + 1]; /* without trailing blanks */
    bool logged_in;
    bool login_tried;
    CK_SESSION_HANDLE idle; /* session that no key uses now, 0 = none: keeps the login alive */
};

/* One per open key: tokens allow one active operation a session. */
struct p11_session {
    struct p11_token *token; /* NULL = not open */
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE handle;
};

/* p11.c. Initialised tokens of the module that uri names; *ret_count of them match it and come
 * first. OX_KEY when none does: the message lists the others. */
enum ox p11_tokens(const struct p11_uri *uri, struct p11_token *ret[P11_MAX_SLOTS],
                   size_t *ret_count);
/* Exactly one. */
enum ox p11_token_find(const struct p11_uri *uri, struct p11_token **ret);
enum ox p11_session_open(struct p11_token *token, bool read_write, struct p11_session *ret);
/* Fine on a session that is not open. */
void p11_session_close(struct p11_session *session);
/* Text of a blank-padded field of CK_TOKEN_INFO; caller frees. */
char *p11_text(const void *bytes, size_t len);
/* Logs out, closes and unloads everything; keys must be closed before. Also runs at exit. */
void p11_disconnect(void);

/* p11_login.c. Logs the user in where the token requires it; the PIN is sent once in a process. */
enum ox p11_login(struct p11_session *session, const struct p11_uri *uri,
                  const struct key_options *options);
/* True when p11_login() would log in now. */
bool p11_login_needed(const struct p11_token *token);
/* True when the PIN comes from options, uri or the environment, and nobody is asked. */
bool p11_pin_given(const struct p11_uri *uri, const struct key_options *options);

/* p11_object.c */
struct p11_objects {
    CK_OBJECT_HANDLE *handles; /* caller frees */
    size_t count;
};

/* Objects of a class with the label and id that uri gives (uri NULL: all of the class). */
enum ox p11_find(struct p11_session *session, const struct p11_uri *uri, CK_OBJECT_CLASS class,
                 struct p11_objects *ret);
enum ox p11_find_matching(struct p11_session *session, const CK_ATTRIBUTE *attributes,
                          CK_ULONG count, struct p11_objects *ret);
/* Exactly one key, or a message that says what was searched for and what is there. */
enum ox p11_find_key(struct p11_session *session, const struct p11_uri *uri, CK_OBJECT_CLASS class,
                     CK_OBJECT_HANDLE *ret);
/* True when uri has no type= or this one; p11_check_class() says OX_USAGE otherwise. */
bool p11_class_fits(const struct p11_uri *uri, CK_OBJECT_CLASS class);
enum ox p11_check_class(const struct p11_uri *uri, CK_OBJECT_CLASS class);

struct p11_bytes {
    size_t len; /* 0 = the object has no such attribute or does not show it */
    uint8_t data[P11_ATTR_MAX];
};
enum ox p11_get_bytes(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      struct p11_bytes *ret);
/* Missing = 0 and false. */
enum ox p11_get_ulong(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      CK_ULONG *ret);
enum ox p11_get_bool(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                     bool *ret);

/* p11_key.c: what a key object is. */
struct p11_key_type {
    enum token_key_kind kind;
    char name[32]; /* "EC P-256" */
};
enum ox p11_key_type(struct p11_session *session, CK_OBJECT_HANDLE object,
                     struct p11_key_type *ret);
/* OX_KEY unless the object is of this kind. */
enum ox p11_key_expect(struct p11_session *session, CK_OBJECT_HANDLE object,
                       enum token_key_kind kind);
/* From URI text to a logged-in session and the one key of this class; OX_KEY unless it is of this
 * kind. The caller closes the session. */
enum ox p11_key_open(const char *text, const struct key_options *options, CK_OBJECT_CLASS class,
                     enum token_key_kind kind, struct p11_session *ret_session,
                     CK_OBJECT_HANDLE *ret_key);
/* CKA_EC_POINT of either object of a pair; *ret_known = false when it shows none. */
enum ox p11_ec_point(struct p11_session *session, CK_OBJECT_HANDLE object, bool *ret_known,
                     uint8_t ret_xy[64]);
/* P-256 point of a public key object, or the one that belongs to a private key: of the public object
 * with its CKA_ID, else with its label, else of the private object itself. OX_KEY when there is
 * none. */
enum ox p11_public_key(struct p11_session *session, CK_OBJECT_HANDLE key, CK_OBJECT_CLASS class,
                       uint8_t ret_xy[64]);
/* The object of class that pairs with object by id, else label; 0 = none or not unique. */
enum ox p11_find_partner(struct p11_session *session, CK_OBJECT_HANDLE object,
                         CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret_object);
/* Uncompressed point, bare (65 bytes) or in a DER OCTET STRING (67). */
bool p11_ec_point_decode(const uint8_t *bytes, size_t len, uint8_t ret_xy[64]);

/* DER of the object identifier of P-256. */
#define P11_EC_P256_OID_LEN 10
extern const uint8_t p11_ec_p256_oid[P11_EC_P256_OID_LEN];

/* p11_error.c. "C_Login: CKR_PIN_INCORRECT" with the token's name in front, and a hint where there
 * is something to do; always OX_KEY. */
enum ox p11_fail(const struct p11_token *token, const char *call, CK_RV rv);
enum ox p11_fail_module(const char *path, const char *call, CK_RV rv);
#define P11_RV_TEXT_LEN 48
const char *p11_rv_text(CK_RV rv, char buffer[P11_RV_TEXT_LEN]);

#endif
