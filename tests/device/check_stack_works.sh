#!/bin/sh
# check_stack_works.sh CC OBJDUMP: check_stack.sh tells functions of one name in two files apart, adds up
# what they take, and finds recursion through calls but not in a loop.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cc=$1 objdump=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# expect CODE TEXT NAME...: of those files as an archive.
expect() {
    code=0 want=$1 text=$2
    shift 2
    rm -rf objects
    mkdir objects
    for name; do
        "$cc" -mcpu=cortex-m4 -mthumb -Os -ffunction-sections -fstack-usage -c "$name" -o "objects/$name.o"
    done
    "${objdump%objdump}ar" rc objects/all.a objects/*.o
    sh "$here/check_stack.sh" "$objdump" objects/all.a objects 1000 1000 >got || code=$?
    if [ $code -ne "$want" ] || ! grep -q "$text" got; then
        echo "$*: exit code $code, expected $want and '$text':"
        cat got
        exit 1
    fi
}

cat >outer.c <<'C'
int inner(int x);
static __attribute__((noinline)) int step(int x) { volatile int room[20]; room[0] = x; return inner(x) + room[0]; }
int outer(int x) { return step(x) + 1; }
C
cat >inner.c <<'C'
static __attribute__((noinline)) int step(int x) { volatile int room[30]; room[0] = x; return room[0]; }
int inner(int x) { return step(x) + 1; }
C
cat >itself.c <<'C'
int itself(int x) { return x == 0 ? 1 : x * itself(x - 1) + itself(x - 2); }
C
cat >each_other.c <<'C'
int other(int x);
__attribute__((noinline)) int one(int x) { return x <= 0 ? 1 : other(x - 1) + 1; }
__attribute__((noinline)) int other(int x) { return x <= 0 ? 1 : one(x - 2) * 3; }
C
cat >loop.S <<'S'
    .syntax unified
    .thumb
    .section .text.loop, "ax", %progbits
    .global loop
    .type loop, %function
    .thumb_func
loop:
    push {r4, r5, lr}
again:
    subs r0, #1
    bne again
    sub sp, #12
    beq last
    b again
last:
    add sp, #12
    pop {r4, r5, pc}
    .size loop, . - loop
S
cat >leaf.c <<'C'
int leaf(int x) { return x + 1; }
C

bytes='([0-9]*)'
expect 0 "bytes: outer.c:outer$bytes outer.c:step$bytes inner.c:inner$bytes inner.c:step$bytes\$" outer.c inner.c
expect 1 'recursion through itself.c:itself' itself.c
expect 1 'recursion through each_other.c:o' each_other.c
expect 0 'bytes: loop.S:loop(12) loop.S:again(12)' leaf.c loop.S
