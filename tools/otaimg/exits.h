/*
 * Exit codes of otaimg, which every fallible function of the tool also returns:
 * OX_OK, or the code the process is to end with after the error was reported by diag_*().
 */
#ifndef OTAIMG_EXITS_H
#define OTAIMG_EXITS_H

enum ox {
    OX_OK = 0,            /* done, accepted, equal */
    OX_DIFFERENT = 1,     /* compare: differ; lint: findings or skipped rules;
                             simulate: new image not confirmed; which-key: none; log verify: broken */
    OX_USAGE = 2,         /* command line, manifest or device file */
    OX_IO = 3,            /* reading or writing a file */
    OX_KEY = 4,           /* key file, token, PIN or passphrase */
    OX_MALFORMED = 10,    /* not a well-formed file, or an image that does not fit */
    OX_AUTH = 11,         /* wrong digest, bad signature, no trusted key */
    OX_WRONG_DEVICE = 13, /* other product, hardware, manufacturer, image id or image type */
    OX_ROLLBACK = 14,     /* version or security counter too low */
    OX_DECRYPT = 15,      /* encrypted and no key, or the wrong one */
    OX_POLICY = 16,       /* method, development, revoked or sample key, missing attribute */
    OX_INTERNAL = 70      /* a defect of otaimg, or no memory */
};

#endif
