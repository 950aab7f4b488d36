/*
 * PKCS#11 return values as messages: one line with the call and the CKR_ symbol, plus a hint where
 * the user can do something. Every failure of a token is OX_KEY.
 */
#include "p11.h"

#include <stdio.h>

#include "diag.h"

/* clang-format off */
#define ROW(name) {name, #name}
static const struct {
    CK_RV rv;
    const char *name;
} names[] = {
    ROW(CKR_OK),
    ROW(CKR_CANCEL),
    ROW(CKR_HOST_MEMORY),
    ROW(CKR_SLOT_ID_INVALID),
    ROW(CKR_GENERAL_ERROR),
    ROW(CKR_FUNCTION_FAILED),
    ROW(CKR_ARGUMENTS_BAD),
    ROW(CKR_NO_EVENT),
    ROW(CKR_NEED_TO_CREATE_THREADS),
    ROW(CKR_CANT_LOCK),
    ROW(CKR_ATTRIBUTE_READ_ONLY),
    ROW(CKR_ATTRIBUTE_SENSITIVE),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID),
    ROW(CKR_ACTION_PROHIBITED),
    ROW(CKR_DATA_INVALID),
    ROW(CKR_DATA_LEN_RANGE),
    ROW(CKR_DEVICE_ERROR),
    ROW(CKR_DEVICE_MEMORY),
    ROW(CKR_DEVICE_REMOVED),
    ROW(CKR_ENCRYPTED_DATA_INVALID),
    ROW(CKR_ENCRYPTED_DATA_LEN_RANGE),
    ROW(CKR_FUNCTION_CANCELED),
    ROW(CKR_FUNCTION_NOT_PARALLEL),
    ROW(CKR_FUNCTION_NOT_SUPPORTED),
    ROW(CKR_KEY_HANDLE_INVALID),
    ROW(CKR_KEY_SIZE_RANGE),
    ROW(CKR_KEY_TYPE_INCONSISTENT),
    ROW(CKR_KEY_NOT_NEEDED),
    ROW(CKR_KEY_CHANGED),
    ROW(CKR_KEY_NEEDED),
    ROW(CKR_KEY_INDIGESTIBLE),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED),
    ROW(CKR_KEY_NOT_WRAPPABLE),
    ROW(CKR_KEY_UNEXTRACTABLE),
    ROW(CKR_MECHANISM_INVALID),
    ROW(CKR_MECHANISM_PARAM_INVALID),
    ROW(CKR_OBJECT_HANDLE_INVALID),
    ROW(CKR_OPERATION_ACTIVE),
    ROW(CKR_OPERATION_NOT_INITIALIZED),
    ROW(CKR_PIN_INCORRECT),
    ROW(CKR_PIN_INVALID),
    ROW(CKR_PIN_LEN_RANGE),
    ROW(CKR_PIN_EXPIRED),
    ROW(CKR_PIN_LOCKED),
    ROW(CKR_SESSION_CLOSED),
    ROW(CKR_SESSION_COUNT),
    ROW(CKR_SESSION_HANDLE_INVALID),
    ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
    ROW(CKR_SESSION_READ_ONLY),
    ROW(CKR_SESSION_EXISTS),
    ROW(CKR_SESSION_READ_ONLY_EXISTS),
    ROW(CKR_SESSION_READ_WRITE_SO_EXISTS),
    ROW(CKR_SIGNATURE_INVALID),
    ROW(CKR_SIGNATURE_LEN_RANGE),
    ROW(CKR_TEMPLATE_INCOMPLETE),
    ROW(CKR_TEMPLATE_INCONSISTENT),
    ROW(CKR_TOKEN_NOT_PRESENT),
    ROW(CKR_TOKEN_NOT_RECOGNIZED),
    ROW(CKR_TOKEN_WRITE_PROTECTED),
    ROW(CKR_UNWRAPPING_KEY_HANDLE_INVALID),
    ROW(CKR_UNWRAPPING_KEY_SIZE_RANGE),
    ROW(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT),
    ROW(CKR_USER_ALREADY_LOGGED_IN),
    ROW(CKR_USER_NOT_LOGGED_IN),
    ROW(CKR_USER_PIN_NOT_INITIALIZED),
    ROW(CKR_USER_TYPE_INVALID),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
    ROW(CKR_USER_TOO_MANY_TYPES),
    ROW(CKR_WRAPPED_KEY_INVALID),
    ROW(CKR_WRAPPED_KEY_LEN_RANGE),
    ROW(CKR_WRAPPING_KEY_HANDLE_INVALID),
    ROW(CKR_WRAPPING_KEY_SIZE_RANGE),
    ROW(CKR_WRAPPING_KEY_TYPE_INCONSISTENT),
    ROW(CKR_RANDOM_SEED_NOT_SUPPORTED),
    ROW(CKR_RANDOM_NO_RNG),
    ROW(CKR_DOMAIN_PARAMS_INVALID),
    ROW(CKR_CURVE_NOT_SUPPORTED),
    ROW(CKR_BUFFER_TOO_SMALL),
    ROW(CKR_SAVED_STATE_INVALID),
    ROW(CKR_INFORMATION_SENSITIVE),
    ROW(CKR_STATE_UNSAVEABLE),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED),
    ROW(CKR_MUTEX_BAD),
    ROW(CKR_MUTEX_NOT_LOCKED),
    ROW(CKR_NEW_PIN_MODE),
    ROW(CKR_NEXT_OTP),
    ROW(CKR_EXCEEDED_MAX_ITERATIONS),
    ROW(CKR_FIPS_SELF_TEST_FAILED),
    ROW(CKR_LIBRARY_LOAD_FAILED),
    ROW(CKR_PIN_TOO_WEAK),
    ROW(CKR_PUBLIC_KEY_INVALID),
    ROW(CKR_FUNCTION_REJECTED),
    /* PKCS#11 3.0; not in every pkcs11.h. */
    {0x042UL, "CKR_AEAD_DECRYPT_FAILED"},
    {0x201UL, "CKR_TOKEN_RESOURCE_EXCEEDED"},
    {0x202UL, "CKR_OPERATION_CANCEL_FAILED"},
    {0x203UL, "CKR_KEY_EXHAUSTED"},
};
#undef ROW
/* clang-format on */

const char *p11_rv_text(CK_RV rv, char buffer[P11_RV_TEXT_LEN])
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].rv == rv) {
            return names[i].name;
        }
    }
    if (rv >= CKR_VENDOR_DEFINED) {
        (void)snprintf(buffer, P11_RV_TEXT_LEN, "CKR_VENDOR_DEFINED+0x%lx",
                       rv - CKR_VENDOR_DEFINED);
    } else {
        (void)snprintf(buffer, P11_RV_TEXT_LEN, "0x%lx", rv);
    }
    return buffer;
}

/* Tokens answer a removal with whatever handle they look at first. */
static bool means_gone(CK_RV rv)
{
    return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
           rv == CKR_TOKEN_NOT_RECOGNIZED || rv == CKR_SLOT_ID_INVALID ||
           rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_SESSION_CLOSED ||
           rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID;
}

static const char *hint_for(CK_RV rv)
{
    if (rv == CKR_PIN_INCORRECT) {
        return "the PIN was sent once and is not tried again; most tokens lock after a few wrong "
               "ones";
    }
    if (rv == CKR_PIN_LOCKED) {
        return "the security officer can unlock the PIN with the token's own tool";
    }
    if (rv == CKR_PIN_EXPIRED || rv == CKR_USER_PIN_NOT_INITIALIZED) {
        return "set a new user PIN with the token's own tool";
    }
    if (rv == CKR_MECHANISM_INVALID) {
        return "needed are CKM_ECDSA to sign, CKM_AES_CBC to encrypt, CKM_EC_KEY_PAIR_GEN and "
               "CKM_AES_KEY_GEN to generate";
    }
    if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED) {
        return "the key is not made for this use: signing needs CKA_SIGN, AES needs CKA_ENCRYPT "
               "and "
               "CKA_DECRYPT";
    }
    if (rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_SESSION_READ_ONLY) {
        return "the token takes no new keys as it is";
    }
    if (rv == CKR_SESSION_COUNT) {
        return "another program holds all sessions of the token";
    }
    return NULL;
}

static void give_hint(CK_RV rv)
{
    const char *hint = hint_for(rv);

    if (hint != NULL) {
        diag_hint("%s", hint);
    }
}

enum ox p11_fail(const struct p11_token *token, const char *call, CK_RV rv)
{
    char buffer[P11_RV_TEXT_LEN];

    (void)diag_fail(OX_KEY, "token '%s': %s: %s%s", token->label, call, p11_rv_text(rv, buffer),
                    means_gone(rv) ? ", the token or the key was removed while in use" : "");
    give_hint(rv);
    return OX_KEY;
}

enum ox p11_fail_module(const char *path, const char *call, CK_RV rv)
{
    char buffer[P11_RV_TEXT_LEN];

    (void)diag_fail(OX_KEY, "module '%s': %s: %s", path, call, p11_rv_text(rv, buffer));
    give_hint(rv);
    return OX_KEY;
}
