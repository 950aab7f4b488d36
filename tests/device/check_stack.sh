#!/bin/sh
# check_stack.sh OBJDUMP ARCHIVE FOLDER MAX_FRAME MAX_DEPTH: bytes of stack of the largest function,
# from -fstack-usage, and of the deepest chain of direct calls, from the disassembly. Dynamic frames
# and recursion fail. Callbacks of the ports come on top.
set -eu
objdump=$1 archive=$2 folder=$3 max_frame=$4 max_depth=$5
usage=$(cat "$folder"/*.su)
[ -n "$usage" ] || { echo "no .su files in $folder"; exit 1; }
if printf '%s\n' "$usage" | awk -F'\t' '$3 != "static"' | grep .; then
    echo "frames whose size is not fixed"
    exit 1
fi
calls=$("$objdump" -dr "$archive" | awk '
    /^[0-9a-f]+ <.*>:$/ { gsub(/[<>:]/, "", $2); from = $2; next }
    /R_ARM_THM_(CALL|JUMP24)/ { sub(/[-+].*/, "", $3); print from, $3; next }
    /\t(bl|b\.w|b\.n|b)\t/ && /<.*>/ { to = $NF; gsub(/[<>]/, "", to); sub(/\+0x.*/, "", to)
                                       if (to != from) print from, to }' | sort -u)
{ printf '%s\n' "$usage" | awk -F'\t' '{ n = split($1, part, ":"); print "F", part[n], $2 }'
  printf '%s\n' "$calls" | awk '{ print "C", $1, $2 }'; } | awk -v max_frame="$max_frame" -v max_depth="$max_depth" '
    function depth(f,    i, d, best) {
        if (open[f]) { print "recursion through " f; failed = 1; return 0 }
        if (f in known) return known[f]
        open[f] = 1
        best = 0
        for (i = 1; i <= callees[f]; i++) {
            d = depth(callee[f, i])
            if (d > best) { best = d; deepest[f] = callee[f, i] }
        }
        open[f] = 0
        return known[f] = frame[f] + best
    }
    $1 == "F" { if ($3 > frame[$2]) frame[$2] = $3; if ($3 > largest) { largest = $3; name = $2 } }
    $1 == "C" { sub(/\..*/, "", $2); sub(/\..*/, "", $3); callee[$2, ++callees[$2]] = $3 }
    END {
        printf "largest frame: %d bytes, %s\n", largest, name
        for (f in frame) if (depth(f) > deep) { deep = depth(f); top = f }
        printf "deepest path:  %d bytes:", deep
        for (f = top; f != ""; f = deepest[f]) printf " %s(%d)", f, frame[f]
        print ""
        if (largest > max_frame || deep > max_depth) { print "more than allowed"; failed = 1 }
        exit failed
    }'
