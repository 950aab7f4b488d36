/*
 * How long a PKCS#11 module takes for one signature: C_SignInit and C_Sign, the module's own functions
 * called directly, with no code of the tool. What `otaimg build` needs on top of it is our matter.
 *
 *   OTAIMG_PIN=PIN sign_rate MODULE TOKEN KEY COUNT
 *
 * Signs COUNT digests with the EC P-256 key labelled KEY on the token labelled TOKEN, after as many for
 * warming up as make a tenth, and prints the mean time of one in microseconds.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS_MAX = 64, DIGEST_LEN = 32, SIGNATURE_LEN = 64 };

static CK_FUNCTION_LIST *f;

static void die(const char *what)
{
    (void)fprintf(stderr, "sign_rate: %s\n", what);
    exit(1);
}

static void check(const char *call, CK_RV rv)
{
    if (rv != CKR_OK) {
        (void)fprintf(stderr, "sign_rate: %s: 0x%lx\n", call, rv);
        exit(1);
    }
}

static void load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    if (library == NULL) {
        die(dlerror());
    }
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL) {
        die("not a PKCS#11 module");
    }
    check("C_GetFunctionList", get(&f));
    check("C_Initialize", f->C_Initialize(NULL));
}

static CK_SLOT_ID find_slot(const char *label)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_TOKEN_INFO info;
    CK_UTF8CHAR padded[sizeof info.label];
    size_t len = strlen(label);

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, len < sizeof padded ? len : sizeof padded);
    check("C_GetSlotList", f->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        check("C_GetTokenInfo", f->C_GetTokenInfo(slots[i], &info));
        if (memcmp(info.label, padded, sizeof padded) == 0) {
            return slots[i];
        }
    }
    die("no such token");
    return 0;
}

static CK_SESSION_HANDLE log_in(CK_SLOT_ID slot)
{
    char *pin = getenv("OTAIMG_PIN");
    CK_SESSION_HANDLE session = 0;

    if (pin == NULL) {
        die("OTAIMG_PIN is not set");
    }
    check("C_OpenSession", f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
    check("C_Login", f->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)));
    return session;
}

static CK_OBJECT_HANDLE find_key(CK_SESSION_HANDLE session, char *label)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, label, strlen(label)}};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;

    check("C_FindObjectsInit", f->C_FindObjectsInit(session, wanted, 2));
    check("C_FindObjects", f->C_FindObjects(session, &key, 1, &count));
    check("C_FindObjectsFinal", f->C_FindObjectsFinal(session));
    if (count == 0) {
        die("no such key");
    }
    return key;
}

static void sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, unsigned long count)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[DIGEST_LEN] = {0};
    CK_BYTE signature[SIGNATURE_LEN];

    for (unsigned long i = 0; i < count; i++) {
        CK_ULONG len = sizeof signature;

        memcpy(digest, &i, sizeof i);
        check("C_SignInit", f->C_SignInit(session, &mechanism, key));
        check("C_Sign", f->C_Sign(session, digest, sizeof digest, signature, &len));
    }
}

static double now(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        die("no clock");
    }
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    unsigned long count = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    double start;

    if (count == 0) {
        die("usage: sign_rate MODULE TOKEN KEY COUNT, expected a COUNT above 0");
    }
    load(argv[1]);
    session = log_in(find_slot(argv[2]));
    key = find_key(session, argv[3]);
    sign(session, key, count / 10);
    start = now();
    sign(session, key, count);
    (void)printf("%.2f\n", (now() - start) / (double)count);
    check("C_Finalize", f->C_Finalize(NULL));
    return 0;
}
