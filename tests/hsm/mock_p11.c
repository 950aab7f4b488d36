/*
 * A PKCS#11 module for tests that stands in front of a real one: every call goes through, unless
 * the environment says otherwise. So any call can fail with any CKR on an otherwise working token.
 *
 *   MOCK_P11_MODULE     the real module (required)
 *   MOCK_P11_FAIL       "C_Sign=0x32": that call returns this value; "C_Sign=0x32@2": from the
 *                       second call on
 *   MOCK_P11_PAUSE      "C_Sign=FIFO": before that call, read FIFO until its writer closes it
 *   MOCK_P11_FLAGS      bits added to the flags of every token; "-0x4" takes bits away
 *   MOCK_P11_PADDING    set: texts of tokens end in NUL instead of blanks
 *   MOCK_P11_ATTRIBUTE  "0x180=0441..": value of that attribute of every object; nothing after the
 *                       '=': no object has it
 *   MOCK_P11_SIGN_LEN   length that C_Sign reports
 *   MOCK_P11_LOG        file that gets one line a call: its name and, for attributes, their type
 *   MOCK_P11_ENVIRON    file that C_Initialize writes its environment to, a line each
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST mock;

static void log_line(const char *text, unsigned long number)
{
    const char *path = getenv("MOCK_P11_LOG");
    int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;

    if (fd >= 0) {
        (void)dprintf(fd, number == 0 ? "%s\n" : "%s 0x%lx\n", text, number);
        (void)close(fd);
    }
}

/* The writer knows that the call is being made when its open() returns, and goes on by close(). */
static void pause_before(const char *call)
{
    const char *pause = getenv("MOCK_P11_PAUSE");
    size_t len = strlen(call);
    char byte;
    int fd;

    if (pause == NULL || strncmp(pause, call, len) != 0 || pause[len] != '=') {
        return;
    }
    fd = open(pause + len + 1, O_RDONLY);
    while (fd >= 0 && read(fd, &byte, 1) > 0) {
    }
    (void)close(fd);
    (void)unsetenv("MOCK_P11_PAUSE"); /* once */
}

/* What the call is to return instead of being made; CKR_OK = make it. */
static CK_RV before(const char *call)
{
    static unsigned long calls; /* that MOCK_P11_FAIL is about, since it was set to counted_for */
    static char counted_for[64];
    const char *fail = getenv("MOCK_P11_FAIL");
    size_t len = strlen(call);
    char *end = NULL;
    CK_RV rv;

    log_line(call, 0);
    pause_before(call);
    if (fail == NULL || strncmp(fail, call, len) != 0 || fail[len] != '=') {
        return CKR_OK;
    }
    if (strcmp(fail, counted_for) != 0) {
        (void)snprintf(counted_for, sizeof counted_for, "%s", fail);
        calls = 0;
    }
    calls++;
    rv = strtoul(fail + len + 1, &end, 16);
    return *end == '@' && calls < strtoul(end + 1, NULL, 10) ? CKR_OK : rv;
}

#define CALL(name, params, args)                                                                   \
    static CK_RV mock_##name params                                                                \
    {                                                                                              \
        CK_RV rv = before(#name);                                                                  \
        return rv != CKR_OK ? rv : real->name args;                                                \
    }

static void show_environment(void)
{
    const char *path = getenv("MOCK_P11_ENVIRON");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    for (char **entry = environ; fd >= 0 && *entry != NULL; entry++) {
        (void)dprintf(fd, "%s\n", *entry);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static CK_RV mock_C_Initialize(void *init)
{
    CK_RV rv = before("C_Initialize");

    show_environment();
    return rv != CKR_OK ? rv : real->C_Initialize(init);
}

CALL(C_Finalize, (void *reserved), (reserved))
CALL(C_GetInfo, (CK_INFO * info), (info))
CALL(C_GetSlotList, (CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count), (present, slots, count))
CALL(C_OpenSession,
     (CK_SLOT_ID slot, CK_FLAGS flags, void *user, CK_NOTIFY notify, CK_SESSION_HANDLE *session),
     (slot, flags, user, notify, session))
CALL(C_CloseSession, (CK_SESSION_HANDLE session), (session))
CALL(C_Login, (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len),
     (session, user, pin, len))
CALL(C_Logout, (CK_SESSION_HANDLE session), (session))
CALL(C_FindObjectsInit, (CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG count),
     (session, list, count))
CALL(C_FindObjects,
     (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count),
     (session, objects, max, count))
CALL(C_FindObjectsFinal, (CK_SESSION_HANDLE session), (session))
CALL(C_SetAttributeValue,
     (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *list, CK_ULONG count),
     (session, object, list, count))
CALL(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object), (session, object))
CALL(C_SignInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
CALL(C_EncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
CALL(C_EncryptUpdate,
     (CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len),
     (session, in, in_len, out, out_len))
CALL(C_EncryptFinal, (CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len),
     (session, out, out_len))
CALL(C_DecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key),
     (session, mechanism, key))
CALL(C_DecryptUpdate,
     (CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len),
     (session, in, in_len, out, out_len))
CALL(C_DecryptFinal, (CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len),
     (session, out, out_len))
CALL(C_GenerateKey,
     (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *list, CK_ULONG count,
      CK_OBJECT_HANDLE *key),
     (session, mechanism, list, count, key))
CALL(C_GenerateKeyPair,
     (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_list,
      CK_ULONG public_count, CK_ATTRIBUTE *private_list, CK_ULONG private_count,
      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key),
     (session, mechanism, public_list, public_count, private_list, private_count, public_key,
      private_key))

static void pad_with_nul(CK_UTF8CHAR *field, size_t len)
{
    while (len > 0 && field[len - 1] == ' ') {
        field[--len] = '\0';
    }
}

static CK_RV mock_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    const char *flags = getenv("MOCK_P11_FLAGS");
    CK_RV rv = before("C_GetTokenInfo");

    if (rv == CKR_OK) {
        rv = real->C_GetTokenInfo(slot, info);
    }
    if (rv == CKR_OK && flags != NULL && flags[0] == '-') {
        info->flags &= ~strtoul(flags + 1, NULL, 16);
    } else if (rv == CKR_OK && flags != NULL) {
        info->flags |= strtoul(flags, NULL, 16);
    }
    if (rv == CKR_OK && getenv("MOCK_P11_PADDING") != NULL) {
        pad_with_nul(info->label, sizeof info->label);
        pad_with_nul(info->manufacturerID, sizeof info->manufacturerID);
        pad_with_nul(info->model, sizeof info->model);
        pad_with_nul(info->serialNumber, sizeof info->serialNumber);
    }
    return rv;
}

static CK_RV mock_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len,
                         CK_BYTE *signature, CK_ULONG *len)
{
    const char *forced = getenv("MOCK_P11_SIGN_LEN");
    CK_RV rv = before("C_Sign");

    if (rv == CKR_OK) {
        rv = real->C_Sign(session, data, data_len, signature, len);
    }
    if (rv == CKR_OK && forced != NULL) {
        *len = strtoul(forced, NULL, 10);
    }
    return rv;
}

/* The value of MOCK_P11_ATTRIBUTE into attribute; hex text. */
static CK_RV forced_value(const char *hex, CK_ATTRIBUTE *attribute)
{
    size_t len = strlen(hex) / 2;
    CK_BYTE *bytes = attribute->pValue;

    if (len == 0) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (len > attribute->ulValueLen) {
        return CKR_BUFFER_TOO_SMALL;
    }
    for (size_t i = 0; i < len; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        bytes[i] = (CK_BYTE)strtoul(digits, NULL, 16);
    }
    attribute->ulValueLen = len;
    return CKR_OK;
}

static CK_RV mock_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                      CK_ATTRIBUTE *list, CK_ULONG count)
{
    const char *forced = getenv("MOCK_P11_ATTRIBUTE");
    char *end = NULL;
    CK_RV rv = before("C_GetAttributeValue");

    for (CK_ULONG i = 0; i < count; i++) {
        log_line("attribute", list[i].type);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    if (forced != NULL && count == 1 && strtoul(forced, &end, 16) == list[0].type) {
        return forced_value(end + 1, &list[0]);
    }
    return real->C_GetAttributeValue(session, object, list, count);
}

#define HOOK(name) mock.name = mock_##name

static void hook_all(void)
{
    HOOK(C_Initialize);
    HOOK(C_Finalize);
    HOOK(C_GetInfo);
    HOOK(C_GetSlotList);
    HOOK(C_GetTokenInfo);
    HOOK(C_OpenSession);
    HOOK(C_CloseSession);
    HOOK(C_Login);
    HOOK(C_Logout);
    HOOK(C_FindObjectsInit);
    HOOK(C_FindObjects);
    HOOK(C_FindObjectsFinal);
    HOOK(C_GetAttributeValue);
    HOOK(C_SetAttributeValue);
    HOOK(C_DestroyObject);
    HOOK(C_SignInit);
    HOOK(C_Sign);
    HOOK(C_EncryptInit);
    HOOK(C_EncryptUpdate);
    HOOK(C_EncryptFinal);
    HOOK(C_DecryptInit);
    HOOK(C_DecryptUpdate);
    HOOK(C_DecryptFinal);
    HOOK(C_GenerateKey);
    HOOK(C_GenerateKeyPair);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    const char *path = getenv("MOCK_P11_MODULE");
    void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    CK_C_GetFunctionList get = NULL;

    if (library == NULL) {
        return CKR_LIBRARY_LOAD_FAILED;
    }
    /* dlsym() gives an object pointer; ISO C has no conversion to a function. */
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK) {
        return CKR_LIBRARY_LOAD_FAILED;
    }
    mock = *real;
    hook_all();
    *list = &mock;
    return CKR_OK;
}
