/* A shared library that is not a PKCS#11 module. */
int other_library(void);

int other_library(void)
{
    return 1;
}
