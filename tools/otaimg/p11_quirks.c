/*
 * What single PKCS#11 modules need beyond the standard: the one place that knows them by name.
 *
 * Layer: below p11.c; text only. A module is told by its file name, because some of this is needed
 * before it is loaded.
 */
#include "p11.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_CONFIGURATION "check the module's own configuration (SoftHSM: SOFTHSM2_CONF)"

/* The last row fits every module. */
static const struct p11_quirks table[] = {
    /* A login writes the token's file in place: who reads it meanwhile sees no token. */
    {"libsofthsm2", "softhsm", CHECK_CONFIGURATION},
    /* Finds its database by initialisation arguments alone. */
    {"libsoftokn3", NULL,
     "NSS wants " P11_INIT_ARGS "= in the URI, or OTAIMG_PKCS11_INIT_ARGS: configdir='sql:DIR' "
     "certPrefix='' keyPrefix='' secmod='' flags=readWrite"},
    {"", NULL, CHECK_CONFIGURATION},
};

static const struct p11_quirks *find(const char *file_name)
{
    const struct p11_quirks *row = table;

    while (strncmp(file_name, row->library, strlen(row->library)) != 0) {
        row++;
    }
    return row;
}

const struct p11_quirks *p11_quirks_of(const char *path)
{
    char *resolved = realpath(path, NULL);
    const char *used = resolved != NULL ? resolved : path;
    const char *slash = strrchr(used, '/');
    const struct p11_quirks *quirks = find(slash != NULL ? slash + 1 : used);

    free(resolved);
    return quirks;
}
