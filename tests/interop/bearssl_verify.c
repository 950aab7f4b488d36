/*
 * Checks an ECDSA P-256 signature with BearSSL, by both of its integer back ends:
 * bearssl_verify PUBLIC.raw DATA SIGNATURE.der; PUBLIC.raw is X || Y.
 *
 * Layer: test helper. Uses nothing of this project, so that an agreement means something.
 */
#include <bearssl.h>
#include <stdio.h>
#include <string.h>

enum { DATA_MAX = 1 << 20 };

static unsigned char data[DATA_MAX];

static size_t read_file(const char *path, unsigned char *ret, size_t max)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL) {
        return 0;
    }
    len = fread(ret, 1, max, file);
    fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    unsigned char point[65] = {0x04};
    unsigned char signature[80];
    unsigned char digest[br_sha256_SIZE];
    const br_ec_public_key key = {BR_EC_secp256r1, point, sizeof point};
    br_sha256_context hash;
    size_t data_len;
    size_t signature_len;
    uint32_t i31;
    uint32_t i15;

    if (argc != 4 || read_file(argv[1], point + 1, 64) != 64) {
        fprintf(stderr, "usage: bearssl_verify PUBLIC.raw DATA SIGNATURE.der\n");
        return 2;
    }
    data_len = read_file(argv[2], data, sizeof data);
    signature_len = read_file(argv[3], signature, sizeof signature);
    if (data_len == 0 || data_len == sizeof data || signature_len == 0) {
        fprintf(stderr, "bearssl_verify: cannot read data or signature\n");
        return 2;
    }
    br_sha256_init(&hash);
    br_sha256_update(&hash, data, data_len);
    br_sha256_out(&hash, digest);
    i31 = br_ecdsa_i31_vrfy_asn1(&br_ec_prime_i31, digest, sizeof digest, &key, signature,
                                 signature_len);
    i15 = br_ecdsa_i15_vrfy_asn1(&br_ec_prime_i15, digest, sizeof digest, &key, signature,
                                 signature_len);
    if (i31 != i15) {
        fprintf(stderr, "bearssl_verify: the two back ends disagree\n");
        return 2;
    }
    return i31 == 1 ? 0 : 1;
}
