/*
 * Raw deflate for the device's inflate and zlib's: same verdict, same bytes.
 * Layer: test. The first byte says how the stream is cut, the next two how long the output shall be;
 * when zlib knows better, once more with its length.
 */
#include "../inflate/judge.h"

#include "fuzz_mute.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_LEN = 3, OUTPUT_MAX = 0xFFFF };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[OUTPUT_MAX + 1];
    struct judge_result theirs = {.bytes = bytes};
    uint32_t len;

    if (size < HEAD_LEN) {
        return 0;
    }
    len = (uint32_t)data[1] | (uint32_t)data[2] << 8;
    fuzz_expect(judge_agree(data + HEAD_LEN, size - HEAD_LEN, len, data[0]));
    judge_zlib(data + HEAD_LEN, size - HEAD_LEN, OUTPUT_MAX, &theirs);
    fuzz_expect(judge_agree(data + HEAD_LEN, size - HEAD_LEN, (uint32_t)theirs.len, data[0]));
    return 0;
}
