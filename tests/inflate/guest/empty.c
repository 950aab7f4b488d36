/* Where the linker begins; the firmware is what it is linked with. Layer: test. */
void empty(void);

void empty(void)
{
}
