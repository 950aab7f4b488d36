/*
 * One crypto port, PORT, against OpenSSL's: random and damaged signatures, digests and ciphertexts.
 *
 *   differential [-n COUNT] [--seed SEED]
 *
 * Both have to give the same verdict on each of COUNT (key, digest, signature) triples; with the same
 * seed every port sees the same ones. A valid signature costs a product modulo n, no multiplication of
 * a point: the nonce is kept for a while, s follows from the digest. Others are made backwards, from
 * the scalars that the verifier will multiply with, or for a point whose x is above n.
 * Invariant: a signature that has to be valid and that OpenSSL refuses is a failure as well, so that a
 * generator that makes nothing but rubbish is found.
 */
#include <getopt.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include PORT_HEADER
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_LEN = 32,
    KEY_LIFE = 512,      /* signatures of one key and nonce */
    STREAM_EVERY = 8,    /* triples between two digests and ciphertexts */
    STREAM_MAX = 1024,   /* bytes of one */
    DEFAULT_COUNT = 2000 /* triples */
};

struct triple {
    uint8_t xy[OTAV_PUBLIC_KEY_LEN];
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    bool valid; /* by how it was made */
};

struct maker {
    uint64_t random;
    EC_GROUP *group;
    BN_CTX *ctx;
    const BIGNUM *n;
    BIGNUM *p;
    /* Of the key in use: d, the nonce, its inverse, and r. */
    BIGNUM *d;
    BIGNUM *k;
    BIGNUM *k_inverse;
    BIGNUM *r;
    uint8_t xy[OTAV_PUBLIC_KEY_LEN];
};

static void require(int ok)
{
    if (ok != 1) {
        (void)fprintf(stderr, "differential: a call of libcrypto failed\n");
        exit(2);
    }
}

/* ---- numbers ---------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_random(struct maker *m)
{
    uint64_t x = m->random += 0x9E3779B97F4A7C15u;

    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static unsigned below(struct maker *m, unsigned limit)
{
    return (unsigned)(next_random(m) % limit);
}

static void random_bytes(struct maker *m, uint8_t *ret, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ret[i] = (uint8_t)next_random(m);
    }
}

static BIGNUM *number(const uint8_t bytes[NUMBER_LEN])
{
    BIGNUM *ret = BN_bin2bn(bytes, NUMBER_LEN, NULL);

    require(ret != NULL);
    return ret;
}

/* False, and ret untouched, when the number is negative or takes more than 256 bits. */
static bool store(const BIGNUM *x, uint8_t ret[NUMBER_LEN])
{
    return !BN_is_negative(x) && BN_bn2binpad(x, ret, NUMBER_LEN) == NUMBER_LEN;
}

/* In 1..n-1. */
static BIGNUM *random_scalar(struct maker *m)
{
    uint8_t bytes[NUMBER_LEN];
    BIGNUM *ret;

    random_bytes(m, bytes, sizeof bytes);
    ret = number(bytes);
    require(BN_nnmod(ret, ret, m->n, m->ctx));
    if (BN_is_zero(ret)) {
        require(BN_one(ret));
    }
    return ret;
}

/* A power of two, 0 or the modulus, and up to two beside it. */
static BIGNUM *edge(struct maker *m, const BIGNUM *modulus)
{
    BIGNUM *ret = BN_new();

    require(ret != NULL);
    switch (below(m, 3)) {
    case 0:
        require(BN_copy(ret, modulus) != NULL);
        break;
    case 1:
        require(BN_set_bit(ret, (int)below(m, 257)));
        break;
    default:
        break;
    }
    require(below(m, 2) == 0 ? BN_add_word(ret, below(m, 3)) : BN_sub_word(ret, below(m, 3)));
    return ret;
}

/* One at an edge in 1..n-1, or a random one. */
static BIGNUM *special_scalar(struct maker *m)
{
    BIGNUM *ret = below(m, 4) == 0 ? random_scalar(m) : edge(m, m->n);

    require(BN_nnmod(ret, ret, m->n, m->ctx));
    if (BN_is_zero(ret)) {
        require(BN_one(ret));
    }
    return ret;
}

/* bytes = -bytes modulo m; stays as it is when it is above. */
static void negate(uint8_t bytes[NUMBER_LEN], const BIGNUM *modulus)
{
    BIGNUM *x = number(bytes);

    require(BN_sub(x, modulus, x));
    (void)store(x, bytes);
    BN_free(x);
}

/* Adds the modulus if the sum fits; whether it does. */
static bool respell(uint8_t bytes[NUMBER_LEN], const BIGNUM *modulus)
{
    BIGNUM *x = number(bytes);
    bool fits;

    require(BN_add(x, x, modulus));
    fits = store(x, bytes);
    BN_free(x);
    return fits;
}

/* ---- points ----------------------------------------------------------------------------------- */

static void store_point(struct maker *m, const EC_GROUP *group, const EC_POINT *point,
                        uint8_t ret_xy[OTAV_PUBLIC_KEY_LEN])
{
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();

    require(EC_POINT_get_affine_coordinates(group, point, x, y, m->ctx));
    require(store(x, ret_xy) && store(y, ret_xy + NUMBER_LEN));
    BN_free(x);
    BN_free(y);
}

/* a * G + b * q; b may be NULL. False for the point at infinity. */
static bool combine(struct maker *m, const BIGNUM *a, const EC_POINT *q, const BIGNUM *b,
                    uint8_t ret_xy[OTAV_PUBLIC_KEY_LEN])
{
    EC_POINT *point = EC_POINT_new(m->group);
    bool finite;

    require(EC_POINT_mul(m->group, point, a, q, b, m->ctx));
    finite = EC_POINT_is_at_infinity(m->group, point) == 0;
    if (finite) {
        store_point(m, m->group, point, ret_xy);
    }
    EC_POINT_free(point);
    return finite;
}

static void new_key(struct maker *m)
{
    uint8_t xy[OTAV_PUBLIC_KEY_LEN];

    BN_free(m->d);
    BN_free(m->k);
    m->k = random_scalar(m);
    m->d = random_scalar(m);
    require(combine(m, m->d, NULL, NULL, m->xy) && combine(m, m->k, NULL, NULL, xy));
    require(BN_bin2bn(xy, NUMBER_LEN, m->r) != NULL);
    require(BN_nnmod(m->r, m->r, m->n, m->ctx));
    require(BN_mod_inverse(m->k_inverse, m->k, m->n, m->ctx) != NULL);
}

/* ---- signatures ------------------------------------------------------------------------------- */

/* Below 2^192: the moduli can be added to it. */
static BIGNUM *small_scalar(struct maker *m)
{
    BIGNUM *ret = random_scalar(m);

    require(BN_rshift(ret, ret, 64));
    require(BN_add_word(ret, 1));
    return ret;
}

/* s = (z + r d) / k with the key in use; or z = s k - r d for a small s. */
static void make_plain(struct maker *m, struct triple *ret)
{
    BIGNUM *rd = BN_new();
    BIGNUM *s;
    BIGNUM *z;

    require(BN_mod_mul(rd, m->r, m->d, m->n, m->ctx));
    if (below(m, 8) == 0) {
        s = small_scalar(m);
        z = BN_new();
        require(BN_mod_mul(z, s, m->k, m->n, m->ctx));
        require(BN_mod_sub(z, z, rd, m->n, m->ctx));
    } else {
        z = below(m, 8) == 0 ? small_scalar(m) : random_scalar(m);
        s = BN_new();
        require(BN_mod_add(s, z, rd, m->n, m->ctx));
        require(BN_mod_mul(s, s, m->k_inverse, m->n, m->ctx));
    }
    memcpy(ret->xy, m->xy, sizeof ret->xy);
    require(store(z, ret->digest) && store(m->r, ret->rs) && store(s, ret->rs + NUMBER_LEN));
    ret->valid = !BN_is_zero(s);
    BN_free(rd);
    BN_free(s);
    BN_free(z);
}

/* A point whose x is start or the next one that there is. */
static EC_POINT *point_from(struct maker *m, const EC_GROUP *group, const BIGNUM *start)
{
    EC_POINT *ret = EC_POINT_new(group);
    BIGNUM *x = BN_dup(start);

    require(x != NULL);
    while (EC_POINT_set_compressed_coordinates(group, ret, x, (int)below(m, 2), m->ctx) != 1) {
        require(BN_add_word(x, 1));
    }
    ERR_clear_error();
    BN_free(x);
    return ret;
}

/* The signature that makes a verifier find R = u1 * G + u2 * Q: r is its x, s = r / u2, z = u1 s. */
static void sign_backwards(struct maker *m, const BIGNUM *u1, const BIGNUM *u2,
                           const uint8_t r_xy[OTAV_PUBLIC_KEY_LEN], struct triple *ret)
{
    BIGNUM *r = number(r_xy);
    BIGNUM *s = BN_new();
    BIGNUM *z = BN_new();

    require(BN_nnmod(r, r, m->n, m->ctx));
    require(BN_mod_inverse(s, u2, m->n, m->ctx) != NULL);
    require(BN_mod_mul(s, s, r, m->n, m->ctx));
    require(BN_mod_mul(z, u1, s, m->n, m->ctx));
    require(store(z, ret->digest) && store(r, ret->rs) && store(s, ret->rs + NUMBER_LEN));
    BN_free(r);
    BN_free(s);
    BN_free(z);
}

/* Small and symmetrical multiples of G meet equal and opposite points and infinity on the way. R itself
 * is infinity at times: then any r would do, and none is valid. */
static void make_special(struct maker *m, struct triple *ret)
{
    BIGNUM *u1 = special_scalar(m);
    BIGNUM *u2 = special_scalar(m);
    BIGNUM *d = special_scalar(m);
    BIGNUM *k = BN_new();
    uint8_t r_xy[OTAV_PUBLIC_KEY_LEN];

    random_bytes(m, r_xy, sizeof r_xy);
    require(BN_mod_mul(k, u2, d, m->n, m->ctx));
    if (below(m, 4) == 0) {
        require(BN_sub(u1, m->n, k));
    }
    require(BN_mod_add(k, k, u1, m->n, m->ctx));
    require(combine(m, d, NULL, NULL, ret->xy));
    ret->valid = combine(m, k, NULL, NULL, r_xy);
    sign_backwards(m, u1, u2, r_xy, ret);
    BN_free(u1);
    BN_free(u2);
    BN_free(d);
    BN_free(k);
}

/* A key with a small x, which has a second spelling below 2^256. */
static void make_small_key(struct maker *m, struct triple *ret)
{
    BIGNUM *u1 = random_scalar(m);
    BIGNUM *u2 = random_scalar(m);
    BIGNUM *x = small_scalar(m);
    EC_POINT *q = point_from(m, m->group, x);
    uint8_t r_xy[OTAV_PUBLIC_KEY_LEN];

    store_point(m, m->group, q, ret->xy);
    ret->valid = combine(m, u1, q, u2, r_xy);
    sign_backwards(m, u1, u2, r_xy, ret);
    EC_POINT_free(q);
    BN_free(u1);
    BN_free(u2);
    BN_free(x);
}

/* A key on another curve, of another b, and z = 0: no point of that curve meets G, so that everything
 * but the equation of the curve is right. */
static void make_off_curve(struct maker *m, struct triple *ret)
{
    BIGNUM *a = BN_new();
    BIGNUM *b = random_scalar(m);
    BIGNUM *x = random_scalar(m);
    BIGNUM *zero = BN_new();
    BIGNUM *two = BN_new();
    EC_GROUP *other;
    EC_POINT *q;
    uint8_t r_xy[OTAV_PUBLIC_KEY_LEN];

    require(BN_set_word(two, 2));
    require(EC_GROUP_get_curve(m->group, NULL, a, NULL, m->ctx));
    other = EC_GROUP_new_curve_GFp(m->p, a, b, m->ctx);
    require(other != NULL);
    q = point_from(m, other, x);
    store_point(m, other, q, ret->xy);
    require(EC_POINT_dbl(other, q, q, m->ctx));
    store_point(m, other, q, r_xy);
    sign_backwards(m, zero, two, r_xy, ret);
    ret->valid = false;
    EC_POINT_free(q);
    EC_GROUP_free(other);
    BN_free(a);
    BN_free(b);
    BN_free(x);
    BN_free(zero);
    BN_free(two);
}

/* R with an x of n or more, so that r is x - n: Q = (s R - z G) / r. Or the counterfeit of it, where n
 * was added modulo p: a small x, and r = x + p - n. */
static void make_wrapped(struct maker *m, struct triple *ret)
{
    BIGNUM *x = BN_new();
    BIGNUM *s = random_scalar(m);
    BIGNUM *z = random_scalar(m);
    BIGNUM *r;
    EC_POINT *big;
    bool counterfeit = below(m, 4) == 0;
    uint8_t r_xy[OTAV_PUBLIC_KEY_LEN];

    require(BN_set_word(x, 1 + below(m, 1u << 20)));
    require(counterfeit || BN_add(x, x, m->n));
    big = point_from(m, m->group, x);
    store_point(m, m->group, big, r_xy);
    r = number(r_xy);
    require(BN_sub(r, r, m->n));
    require(!counterfeit || BN_add(r, r, m->p));
    require(store(r, ret->rs) && store(s, ret->rs + NUMBER_LEN) && store(z, ret->digest));
    require(BN_mod_inverse(r, r, m->n, m->ctx) != NULL);
    require(BN_mod_mul(s, s, r, m->n, m->ctx));
    require(BN_mod_mul(z, z, r, m->n, m->ctx));
    require(BN_sub(z, m->n, z));
    ret->valid = combine(m, z, big, s, ret->xy) && !counterfeit;
    EC_POINT_free(big);
    BN_free(r);
    BN_free(x);
    BN_free(s);
    BN_free(z);
}

/* Most are of the cheap kind. */
static void make(struct maker *m, struct triple *ret)
{
    switch (below(m, 16)) {
    case 0:
        make_wrapped(m, ret);
        break;
    case 1:
        make_special(m, ret);
        break;
    case 2:
        make_small_key(m, ret);
        break;
    case 3:
        make_off_curve(m, ret);
        break;
    default:
        make_plain(m, ret);
        break;
    }
}

/* ---- damage ----------------------------------------------------------------------------------- */

static void flip_bit(struct maker *m, uint8_t *bytes, unsigned len)
{
    unsigned bit = below(m, 8 * len);

    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void set_edge(struct maker *m, uint8_t ret[NUMBER_LEN])
{
    BIGNUM *x = edge(m, below(m, 2) == 0 ? m->n : m->p);

    (void)store(x, ret);
    BN_free(x);
}

static void damage_key(struct maker *m, struct triple *t)
{
    BIGNUM *scalar = BN_new();

    t->valid = false;
    switch (below(m, 8)) {
    case 0:
        negate(t->xy + NUMBER_LEN, m->p); /* the other point of this x */
        break;
    case 1: /* G or -G, sometimes G's double */
        require(BN_set_word(scalar, 1 + below(m, 2)));
        BN_set_negative(scalar, (int)below(m, 2));
        require(combine(m, scalar, NULL, NULL, t->xy));
        break;
    case 2:
        if (!respell(t->xy, m->p) && !respell(t->xy + NUMBER_LEN, m->p)) {
            flip_bit(m, t->xy, sizeof t->xy);
        }
        break;
    case 3:
        set_edge(m, t->xy + NUMBER_LEN * (size_t)below(m, 2));
        break;
    case 4:
        set_edge(m, t->xy);
        set_edge(m, t->xy + NUMBER_LEN);
        break;
    case 5:
        random_bytes(m, t->xy, sizeof t->xy);
        break;
    default:
        flip_bit(m, t->xy, sizeof t->xy);
        break;
    }
    BN_free(scalar);
}

static void damage_digest(struct maker *m, struct triple *t)
{
    switch (below(m, 4)) {
    case 0:
        (void)respell(t->digest, m->n); /* valid as before */
        break;
    case 1:
        t->valid = false;
        set_edge(m, t->digest);
        break;
    default:
        t->valid = false;
        flip_bit(m, t->digest, sizeof t->digest);
        break;
    }
}

static void damage_signature(struct maker *m, struct triple *t)
{
    uint8_t *half = t->rs + NUMBER_LEN * (size_t)below(m, 2);
    uint8_t r[NUMBER_LEN];

    if (below(m, 4) == 0) {
        negate(t->rs + NUMBER_LEN, m->n); /* valid as before */
        return;
    }
    t->valid = false;
    switch (below(m, 6)) {
    case 0:
        set_edge(m, half);
        break;
    case 1:
        if (!respell(t->rs, m->n) && !respell(t->rs + NUMBER_LEN, m->n)) {
            flip_bit(m, half, NUMBER_LEN);
        }
        break;
    case 2:
        memcpy(r, t->rs, sizeof r);
        memcpy(t->rs, t->rs + NUMBER_LEN, sizeof r);
        memcpy(t->rs + NUMBER_LEN, r, sizeof r);
        break;
    case 3:
        negate(t->rs, m->n);
        break;
    default:
        flip_bit(m, half, NUMBER_LEN);
        break;
    }
}

/* A third stays as it is. */
static void damage(struct maker *m, struct triple *t)
{
    switch (below(m, 6)) {
    case 0:
        damage_key(m, t);
        break;
    case 1:
        damage_digest(m, t);
        break;
    case 2:
    case 3:
        damage_signature(m, t);
        break;
    default:
        break;
    }
}

/* ---- comparison ------------------------------------------------------------------------------- */

static const struct otav_crypto *const port = &PORT;
static const struct otav_crypto *const reference = &otav_crypto_openssl;

static void print_hex(const char *name, const uint8_t *bytes, size_t len)
{
    (void)printf("%s ", name);
    for (size_t i = 0; i < len; i++) {
        (void)printf("%02x", bytes[i]);
    }
    (void)printf("\n");
}

/* Counts what is accepted; false when the verdicts differ. */
static bool same_verdict(const struct triple *t, unsigned long *accepted)
{
    uint32_t want = reference->ecdsa_p256_verify(reference->user, t->xy, t->digest, t->rs);
    uint32_t got = port->ecdsa_p256_verify(port->user, t->xy, t->digest, t->rs);
    bool possible = want == OTAV_ACCEPT || (want == OTAV_REJECT && !t->valid);

    if (got == want && possible) {
        *accepted += want == OTAV_ACCEPT;
        return true;
    }
    (void)printf("made as %s, libcrypto says 0x%08x, this port says 0x%08x\n",
                 t->valid ? "valid" : "damaged", want, got);
    print_hex("key", t->xy, sizeof t->xy);
    print_hex("digest", t->digest, sizeof t->digest);
    print_hex("signature", t->rs, sizeof t->rs);
    return false;
}

static void hash(struct maker *m, const struct otav_crypto *crypto, const uint8_t *bytes,
                 size_t len, uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct otav_sha256_state state = {0};

    require(crypto->sha256_begin(crypto->user, &state) == OTAV_ACCEPT);
    while (len > 0) {
        size_t part = 1 + below(m, (unsigned)len);

        require(crypto->sha256_update(crypto->user, &state, bytes, part) == OTAV_ACCEPT);
        bytes += part;
        len -= part;
    }
    require(crypto->sha256_final(crypto->user, &state, ret_digest) == OTAV_ACCEPT);
    crypto->sha256_end(crypto->user, &state);
}

static void decrypt(struct maker *m, const struct otav_crypto *crypto, const uint8_t key_iv[32],
                    uint8_t *bytes, size_t len)
{
    struct otav_aes_state state = {0};

    require(crypto->aes_cbc_begin(crypto->user, &state, key_iv, key_iv + 16) == OTAV_ACCEPT);
    while (len > 0) {
        size_t part = 16 * (1 + (size_t)below(m, (unsigned)(len / 16)));

        require(crypto->aes_cbc_decrypt(crypto->user, &state, bytes, part) == OTAV_ACCEPT);
        bytes += part;
        len -= part;
    }
    crypto->aes_cbc_end(crypto->user, &state);
}

/* A digest and a plaintext of the same random bytes, each cut at random and otherwise for the other. */
static bool same_streams(struct maker *m)
{
    uint8_t bytes[STREAM_MAX];
    uint8_t plain[2][STREAM_MAX];
    uint8_t digest[2][OTAV_SHA256_LEN];
    uint8_t key_iv[32];
    size_t len = below(m, STREAM_MAX + 1);
    size_t blocks_len = len - len % 16;

    random_bytes(m, bytes, sizeof bytes);
    random_bytes(m, key_iv, sizeof key_iv);
    memcpy(plain[0], bytes, sizeof bytes);
    memcpy(plain[1], bytes, sizeof bytes);
    hash(m, reference, bytes, len, digest[0]);
    hash(m, port, bytes, len, digest[1]);
    decrypt(m, reference, key_iv, plain[0], blocks_len);
    decrypt(m, port, key_iv, plain[1], blocks_len);
    if (memcmp(digest[0], digest[1], sizeof digest[0]) == 0 &&
        memcmp(plain[0], plain[1], sizeof plain[0]) == 0) {
        return true;
    }
    (void)printf("digest or plaintext differ\n");
    print_hex("bytes", bytes, len);
    print_hex("key and iv", key_iv, sizeof key_iv);
    return false;
}

static bool compare(struct maker *m, unsigned long count)
{
    unsigned long accepted = 0;

    for (unsigned long i = 0; i < count; i++) {
        struct triple t;

        if (i % KEY_LIFE == 0) {
            new_key(m);
        }
        make(m, &t);
        damage(m, &t);
        if (!same_verdict(&t, &accepted) || (i % STREAM_EVERY == 0 && !same_streams(m))) {
            (void)printf("disagreement at triple %lu\n", i);
            return false;
        }
    }
    (void)printf(
        "%lu signatures, %lu of them accepted, %lu digests and ciphertexts: no difference\n", count,
        accepted, (count + STREAM_EVERY - 1) / STREAM_EVERY);
    return true;
}

/* ---- program ---------------------------------------------------------------------------------- */

static void open_maker(struct maker *m, uint64_t seed)
{
    m->random = seed;
    m->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    m->ctx = BN_CTX_new();
    m->p = BN_new();
    m->d = NULL;
    m->k = NULL;
    m->k_inverse = BN_new();
    m->r = BN_new();
    require(m->group != NULL && m->ctx != NULL && m->p != NULL && m->k_inverse != NULL &&
            m->r != NULL);
    m->n = EC_GROUP_get0_order(m->group);
    require(EC_GROUP_get_curve(m->group, m->p, NULL, NULL, m->ctx));
}

static void close_maker(struct maker *m)
{
    BN_free(m->p);
    BN_free(m->d);
    BN_free(m->k);
    BN_free(m->k_inverse);
    BN_free(m->r);
    BN_CTX_free(m->ctx);
    EC_GROUP_free(m->group);
}

static uint64_t count_of(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);

    if (end == text || *end != '\0') {
        (void)fprintf(stderr, "differential: '%s' is no number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'}, {0}};
    unsigned long count = DEFAULT_COUNT;
    uint64_t seed = 1;
    struct maker m;
    bool same;
    int option;

    while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
        if (option == 'n') {
            count = (unsigned long)count_of(optarg);
        } else if (option == 's') {
            seed = count_of(optarg);
        } else {
            (void)fprintf(stderr, "usage: differential [-n COUNT] [--seed SEED]\n");
            return 2;
        }
    }
    (void)printf("seed %llu\n", (unsigned long long)seed);
    open_maker(&m, seed);
    same = compare(&m, count);
    close_maker(&m);
    return same ? 0 : 1;
}
