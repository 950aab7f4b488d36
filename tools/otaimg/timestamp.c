/*
 * Layer: helpers. Invariant: nothing here depends on the time zone or the locale.
 */
#include "timestamp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "util.h"

#define LAST_SECOND UINT64_C(253402300799) /* of the year 9999: RFC 3339 ends there */

enum ox timestamp_source_date(bool *ret_set, uint64_t *ret)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");

    if (text != NULL && !parse_u64(text, UINT64_MAX, ret)) {
        return diag_fail(OX_USAGE, "SOURCE_DATE_EPOCH is '%s', expected seconds since 1970", text);
    }
    *ret_set = text != NULL;
    return OX_OK;
}

uint64_t timestamp_now(void)
{
    return (uint64_t)time(NULL);
}

bool timestamp_format(uint64_t seconds, char text[TIMESTAMP_TEXT_LEN])
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (seconds > LAST_SECOND || gmtime_r(&when, &parts) == NULL) {
        return false;
    }
    return strftime(text, TIMESTAMP_TEXT_LEN, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0;
}
