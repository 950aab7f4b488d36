/*
 * savings FOLDER: what deflate saves of three firmware images, in one stream and with a point every
 * four pages of the slot where a byte begins and a transfer can be taken up: keeping what went before
 * (sync) or not (full). Each stream goes through the device's inflate.
 * Layer: test, host. It fails when an image does not come back, never because of a figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <otav/otav_config.h>
#include <zlib.h>

#include "judge.h"

enum { FIRMWARE_MAX = OTAV_SLOT_LEN, STREAM_MAX = FIRMWARE_MAX + 4096 };

static uint8_t firmware[FIRMWARE_MAX];
static uint8_t stream[STREAM_MAX];

static size_t read_firmware(const char *folder, const char *name)
{
    char path[4096];
    size_t len = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    file = fopen(path, "rb");
    if (file != NULL) {
        len = fread(firmware, 1, sizeof firmware, file);
        (void)fclose(file);
    }
    return len;
}

/* Bytes of the stream, with a flush of the given kind at every point; 0 when zlib failed. */
static size_t deflate_firmware(size_t len, int flush)
{
    z_stream z = {.next_in = firmware, .next_out = stream, .avail_out = sizeof stream};
    size_t end = OTAV_ENCODED_POINT_LEN - OTAV_META_LEN;
    int result = deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);

    for (; result == Z_OK && end < len; end += OTAV_ENCODED_POINT_LEN) {
        z.avail_in = (uInt)(end - z.total_in);
        result = deflate(&z, flush);
    }
    z.avail_in = (uInt)(len - z.total_in);
    if (result == Z_OK) {
        result = deflate(&z, Z_FINISH);
    }
    (void)deflateEnd(&z);
    return result == Z_STREAM_END ? z.total_out : 0;
}

static bool comes_back(size_t stream_len, size_t len)
{
    struct judge_result ours = {.bytes = malloc(len + 1)};
    bool back = false;

    if (ours.bytes != NULL) {
        judge_ours(stream, stream_len, (uint32_t)len, 1024, &ours);
        back = ours.accepted && ours.len == len && memcmp(ours.bytes, firmware, len) == 0;
    }
    free(ours.bytes);
    return back;
}

static bool print_savings(const char *name, size_t len)
{
    static const struct {
        const char *name;
        int flush;
    } kinds[] = {{"one stream", Z_NO_FLUSH}, {"sync", Z_SYNC_FLUSH}, {"full", Z_FULL_FLUSH}};
    bool ok = true;

    printf("%s: %zu bytes", name, len);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t stream_len = deflate_firmware(len, kinds[i].flush);

        ok = ok && stream_len > 0 && comes_back(stream_len, len);
        printf(", %s %zu (%.1f %% saved)", kinds[i].name, stream_len,
               100.0 - 100.0 * (double)stream_len / (double)len);
    }
    printf("\n");
    return ok;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"small", "medium", "large"};
    bool ok = argc == 2;

    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        size_t len = read_firmware(argv[1], names[i]);

        if (len == 0) {
            printf("no firmware: gcc-arm-none-eabi is needed\n");
            return 77;
        }
        ok = print_savings(names[i], len);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
