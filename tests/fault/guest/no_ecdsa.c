/*
 * Of a guest whose crypto is a stand-in: there is no ECDSA to be called alone.
 * Layer: test; freestanding.
 */
#include "callers.h"

void caller_ecdsa(void)
{
}
