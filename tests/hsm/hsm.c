/*
 * Test tokens: made and filled through SoftHSM's own PKCS#11 functions, in child processes, with no
 * code of the tool.
 */
#include "hsm.h"

#include <dlfcn.h>
#include <ftw.h>
#include <p11-kit/pkcs11.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define SO_PIN "security-officer"

const uint8_t hsm_aes_key[16] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,
                                 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
const struct key_options hsm_options = {-1, -1, NULL, false};

static char folder[64];

const char *hsm_module(void)
{
    static const char *const places[] = {
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so"};
    const char *given = getenv("SOFTHSM2_MODULE");

    if (given != NULL) {
        return access(given, R_OK) == 0 ? given : NULL;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

void hsm_require(void)
{
    const char *ci = getenv("CI");

    if (hsm_module() == NULL) {
        bool must = ci != NULL && strcmp(ci, "true") == 0;

        (void)printf("%s: SoftHSM (libsofthsm2.so) is not installed\n", must ? "FAIL" : "SKIP");
        exit(must ? 1 : 77);
    }
    hsm_leave_terminal();
}

void hsm_leave_terminal(void)
{
    if (getsid(0) != getpid()) {
        /* A group leader cannot leave its terminal: let a child do it. */
        pid_t child = fork();
        int status = 0;

        if (child > 0) {
            (void)waitpid(child, &status, 0);
            exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
        }
        (void)setsid();
    }
    (void)unsetenv("OTAIMG_PIN");
    (void)unsetenv("OTAIMG_PASSPHRASE");
}

char *hsm_path(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

void hsm_write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

void hsm_setup_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/otaimg-hsm-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    catch_diagnostics();
}

void hsm_setup(void)
{
    char *conf = NULL;
    char *text = NULL;
    char *tokens = NULL;

    hsm_setup_folder();
    conf = hsm_path("softhsm2.conf");
    tokens = hsm_path("tokens");
    ck_assert_int_eq(mkdir(tokens, 0700), 0);
    text = xasprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
                     tokens);
    hsm_write_file(conf, text);
    ck_assert_int_eq(setenv("SOFTHSM2_CONF", conf, 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", hsm_module(), 1), 0);
    free(text);
    free(tokens);
    free(conf);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void hsm_teardown(void)
{
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void hsm_remove_tokens(void)
{
    char *tokens = hsm_path("tokens");

    ck_assert_int_eq(nftw(tokens, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    ck_assert_int_eq(mkdir(tokens, 0700), 0); /* SoftHSM does not start without it */
    free(tokens);
}

/* ---- in the child: exit status 0 when all went well, else the failing step -------------------- */

static CK_FUNCTION_LIST *f;

static void step(int number, CK_RV rv)
{
    if (rv != CKR_OK) {
        (void)fprintf(stderr, "token set-up: step %d: 0x%lx\n", number, rv);
        _exit(number);
    }
}

static void load(void)
{
    void *library = dlopen(hsm_module(), RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    step(1, library != NULL ? CKR_OK : CKR_GENERAL_ERROR);
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    step(2, get(&f));
    /* A test that already uses the module hands its state to the child: start afresh. */
    if (f->C_Initialize(NULL) == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        step(20, f->C_Finalize(NULL));
        step(3, f->C_Initialize(NULL));
    }
}

static void padded_label(const char *label, CK_UTF8CHAR padded[32])
{
    memset(padded, ' ', 32);
    memcpy(padded, label, strlen(label));
}

/* The last slot with this label; NULL: the one without a token. */
static CK_SLOT_ID find_slot(const char *label)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16;
    CK_SLOT_ID found = (CK_SLOT_ID)-1;
    CK_UTF8CHAR padded[32];

    padded_label(label != NULL ? label : "", padded);
    step(4, f->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        bool initialized;

        step(5, f->C_GetTokenInfo(slots[i], &info));
        initialized = (info.flags & CKF_TOKEN_INITIALIZED) != 0;
        if (label == NULL ? !initialized : initialized && memcmp(info.label, padded, 32) == 0) {
            found = slots[i];
        }
    }
    step(6, found != (CK_SLOT_ID)-1 ? CKR_OK : CKR_GENERAL_ERROR);
    return found;
}

static CK_UTF8CHAR *text_of(const char *text)
{
    return (CK_UTF8CHAR *)xstrdup(text); /* the child ends soon */
}

static CK_SESSION_HANDLE login(CK_SLOT_ID slot, CK_USER_TYPE user, const char *pin)
{
    CK_SESSION_HANDLE session = 0;

    step(7, f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    step(8, f->C_Login(session, user, text_of(pin), strlen(pin)));
    return session;
}

static pid_t begin(void)
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        load();
    }
    return child;
}

static void end(pid_t child)
{
    int status = 0;

    if (child == 0) {
        step(9, f->C_Finalize(NULL));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "token set-up: step %d",
                  WEXITSTATUS(status));
}

void hsm_add_token(const char *label, const char *pin)
{
    pid_t child = begin();

    if (child == 0) {
        CK_UTF8CHAR padded[32];
        CK_SLOT_ID slot = find_slot(NULL);
        CK_SESSION_HANDLE session;

        padded_label(label, padded);
        step(10, f->C_InitToken(slot, text_of(SO_PIN), strlen(SO_PIN), padded));
        session = login(find_slot(label), CKU_SO, SO_PIN);
        step(11, f->C_InitPIN(session, text_of(pin), strlen(pin)));
    }
    end(child);
}

struct id {
    CK_ULONG len;
    CK_BYTE bytes[8];
};

static struct id id_of(const char *hex)
{
    struct id id = {strlen(hex) / 2, {0}};

    step(12, hex_decode(hex, id.bytes, id.len) ? CKR_OK : CKR_GENERAL_ERROR);
    return id;
}

void hsm_add_pair(const char *token, const char *pin, const char *label, const char *id, bool p384)
{
    static CK_BYTE p256_oid[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    static CK_BYTE p384_oid[] = {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22};
    static CK_BBOOL yes = CK_TRUE;
    pid_t child = begin();

    if (child == 0) {
        CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
        CK_SESSION_HANDLE session = login(find_slot(token), CKU_USER, pin);
        struct id key_id = id_of(id);
        CK_OBJECT_HANDLE keys[2];
        CK_ATTRIBUTE public_key[] = {
            {CKA_TOKEN, &yes, 1},
            {CKA_LABEL, text_of(label), strlen(label)},
            {CKA_ID, key_id.bytes, key_id.len},
            {CKA_EC_PARAMS, p384 ? p384_oid : p256_oid, p384 ? sizeof p384_oid : sizeof p256_oid}};
        CK_ATTRIBUTE private_key[] = {{CKA_TOKEN, &yes, 1},
                                      {CKA_LABEL, text_of(label), strlen(label)},
                                      {CKA_ID, key_id.bytes, key_id.len},
                                      {CKA_PRIVATE, &yes, 1},
                                      {CKA_SIGN, &yes, 1}};

        step(13, f->C_GenerateKeyPair(session, &mechanism, public_key, 4, private_key, 5, &keys[0],
                                      &keys[1]));
    }
    end(child);
}

void hsm_add_rsa(const char *token, const char *pin, const char *label, const char *id)
{
    static CK_BBOOL yes = CK_TRUE;
    static CK_ULONG bits = 2048;
    pid_t child = begin();

    if (child == 0) {
        CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
        CK_SESSION_HANDLE session = login(find_slot(token), CKU_USER, pin);
        struct id key_id = id_of(id);
        CK_OBJECT_HANDLE keys[2];
        CK_ATTRIBUTE public_key[] = {{CKA_MODULUS_BITS, &bits, sizeof bits},
                                     {CKA_TOKEN, &yes, 1},
                                     {CKA_LABEL, text_of(label), strlen(label)},
                                     {CKA_ID, key_id.bytes, key_id.len}};
        CK_ATTRIBUTE private_key[] = {{CKA_SIGN, &yes, 1},
                                      {CKA_TOKEN, &yes, 1},
                                      {CKA_LABEL, text_of(label), strlen(label)},
                                      {CKA_ID, key_id.bytes, key_id.len}};

        step(24, f->C_GenerateKeyPair(session, &mechanism, public_key, 4, private_key, 4, &keys[0],
                                      &keys[1]));
    }
    end(child);
}

void hsm_add_aes(const char *token, const char *pin, const char *label, const char *id,
                 const uint8_t *key, size_t len)
{
    static CK_BBOOL yes = CK_TRUE;
    static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static CK_KEY_TYPE type = CKK_AES;
    pid_t child = begin();

    if (child == 0) {
        CK_SESSION_HANDLE session = login(find_slot(token), CKU_USER, pin);
        struct id key_id = id_of(id);
        CK_BYTE value[32];
        CK_OBJECT_HANDLE object;
        CK_ATTRIBUTE list[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_TOKEN, &yes, 1},
                               {CKA_PRIVATE, &yes, 1},
                               {CKA_SENSITIVE, &yes, 1},
                               {CKA_ENCRYPT, &yes, 1},
                               {CKA_DECRYPT, &yes, 1},
                               {CKA_LABEL, text_of(label), strlen(label)},
                               {CKA_ID, key_id.bytes, key_id.len},
                               {CKA_VALUE, value, len}};

        memcpy(value, key, len);
        step(14, f->C_CreateObject(session, list, sizeof list / sizeof list[0], &object));
    }
    end(child);
}

static CK_ULONG find(CK_SESSION_HANDLE session, const char *label, CK_OBJECT_CLASS class,
                     CK_OBJECT_HANDLE objects[8])
{
    CK_ULONG count = 0;
    CK_ATTRIBUTE list[] = {{CKA_CLASS, &class, sizeof class},
                           {CKA_LABEL, text_of(label), strlen(label)}};

    step(15, f->C_FindObjectsInit(session, list, 2));
    step(16, f->C_FindObjects(session, objects, 8, &count));
    step(17, f->C_FindObjectsFinal(session));
    step(18, count > 0 ? CKR_OK : CKR_GENERAL_ERROR);
    return count;
}

void hsm_delete(const char *token, const char *pin, const char *label, unsigned long class)
{
    pid_t child = begin();

    if (child == 0) {
        CK_SESSION_HANDLE session = login(find_slot(token), CKU_USER, pin);
        CK_OBJECT_HANDLE objects[8];
        CK_ULONG count = find(session, label, class, objects);

        for (CK_ULONG i = 0; i < count; i++) {
            step(19, f->C_DestroyObject(session, objects[i]));
        }
    }
    end(child);
}

void hsm_expect_flag(const char *label, unsigned long class, unsigned long type, int value)
{
    pid_t child = begin();

    if (child == 0) {
        CK_SESSION_HANDLE session = login(find_slot(HSM_LABEL), CKU_USER, HSM_PIN);
        CK_OBJECT_HANDLE objects[8];
        CK_BBOOL flag = 2;
        CK_ATTRIBUTE attribute = {type, &flag, sizeof flag};

        step(21, find(session, label, class, objects) == 1 ? CKR_OK : CKR_GENERAL_ERROR);
        step(22, f->C_GetAttributeValue(session, objects[0], &attribute, 1));
        step(23, flag == value ? CKR_OK : type);
    }
    end(child);
}

void hsm_set_flag(const char *label, unsigned long class, unsigned long type, int value)
{
    pid_t child = begin();

    if (child == 0) {
        CK_SESSION_HANDLE session = login(find_slot(HSM_LABEL), CKU_USER, HSM_PIN);
        CK_OBJECT_HANDLE objects[8];
        CK_BBOOL flag = value != 0 ? CK_TRUE : CK_FALSE;
        CK_ATTRIBUTE attribute = {type, &flag, sizeof flag};

        step(25, find(session, label, class, objects) == 1 ? CKR_OK : CKR_GENERAL_ERROR);
        step(26, f->C_SetAttributeValue(session, objects[0], &attribute, 1));
    }
    end(child);
}

void hsm_add_default(void)
{
    hsm_add_token(HSM_LABEL, HSM_PIN);
    hsm_add_pair(HSM_LABEL, HSM_PIN, "app", "01", false);
    hsm_add_aes(HSM_LABEL, HSM_PIN, "enc", "02", hsm_aes_key, sizeof hsm_aes_key);
    ck_assert_int_eq(setenv("OTAIMG_PIN", HSM_PIN, 1), 0);
}

void hsm_use_mock(void)
{
    char *log = hsm_path("calls.log");

    ck_assert_int_eq(setenv("MOCK_P11_MODULE", hsm_module(), 1), 0);
    ck_assert_int_eq(setenv("MOCK_P11_LOG", log, 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", MOCK_P11_PATH, 1), 0);
    free(log);
}

unsigned hsm_logged(const char *line)
{
    char *path = hsm_path("calls.log");
    FILE *file = fopen(path, "r");
    char text[128];
    unsigned count = 0;

    ck_assert_ptr_nonnull(file);
    while (fgets(text, sizeof text, file) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        count += strcmp(text, line) == 0 ? 1 : 0;
    }
    (void)fclose(file);
    free(path);
    return count;
}

const char *hsm_text(void)
{
    return caught();
}

void hsm_forget_text(void)
{
    catch_diagnostics();
}

void hsm_expect_text(const char *expected)
{
    ck_assert_str_eq(caught(), expected);
}

void hsm_expect_text_with(const char *part)
{
    ck_assert_msg(strstr(caught(), part) != NULL, "'%s' is not in '%s'", part, caught());
}

void hsm_expect_one_line_with(const char *part)
{
    const char *text = caught();
    const char *newline = strchr(text, '\n');

    ck_assert_msg(strncmp(text, "otaimg: ", 8) == 0 && newline != NULL && newline[1] == '\0',
                  "not one line: '%s'", text);
    hsm_expect_text_with(part);
}
