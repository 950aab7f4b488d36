/*
 * As stub.c, for zlib. Layer: test; freestanding.
 */
#define STUB(name) ".global " name "\n.thumb_func\n" name ":\n"

/* clang-format off */
__asm__(".text\n.thumb\n"
        STUB("inflateInit2_")
        STUB("inflate")
        STUB("inflateBackInit_")
        STUB("inflateBack")
        "bx lr\n");
/* clang-format on */
