/*
 * Names and texts of errors, for programs that speak. An object of its own: a device that only
 * reports numbers does not link it.
 */
#include <otav/otav_error.h>

const char *otav_err_name(enum otav_err err)
{
#define NAME_CASE(name, value, text)                                                               \
    case OTAV_ERR_##name:                                                                          \
        return "OTAV_ERR_" #name;

    switch (err) {
        OTAV_ERRORS(NAME_CASE)
    case OTAV_OK:
        return "OTAV_OK";
    }
    return "unknown";
}

const char *otav_err_text(enum otav_err err)
{
#define TEXT_CASE(name, value, text)                                                               \
    case OTAV_ERR_##name:                                                                          \
        return text;

    switch (err) {
        OTAV_ERRORS(TEXT_CASE)
    case OTAV_OK:
        return "no error";
    }
    return "unknown error";
}
