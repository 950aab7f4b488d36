/*
 * The tests of the streaming verifier once more, with the work buffer of a device: the parts whose
 * layout depends on its length are compiled into this program.
 */
#undef OTAV_WORK_LEN
#define OTAV_WORK_LEN 512u

#include "../../verifier/src/commit.c"
#include "../../verifier/src/context.c"
#include "../../verifier/src/policy.c"
#include "../../verifier/src/stream.c"

#include "test_stream.c"
