/* Which function of p256.h or p256_arith.h the guest calls. */
#ifndef MEASURE_P256_CALLS_H
#define MEASURE_P256_CALLS_H

enum p256_call { CALL_VERIFY, CALL_MUL_P, CALL_MUL_N, CALL_INVERSE_N, CALL_MUL_ADD };

#endif
