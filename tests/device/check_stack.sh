#!/bin/sh
# check_stack.sh OBJDUMP ARCHIVE FOLDER MAX_FRAME MAX_DEPTH: bytes of stack of the largest function and of
# the deepest chain of direct calls. Frames are from -fstack-usage (FOLDER); those of assembly are all that
# it pushes, calls are from the disassembly. Functions that only their file sees are told apart by file.
# Dynamic frames and recursion fail. Callbacks of the ports come on top.
set -eu
objdump=$1 archive=$2 folder=$3 max_frame=$4 max_depth=$5
set -- "$folder"/*.su
[ -s "$1" ] || { echo "no .su files in $folder"; exit 1; }
if awk -F'\t' '$3 != "static"' "$@" | grep .; then
    echo "frames whose size is not fixed"
    exit 1
fi

# F file function bytes | G file function, for others to call | A file function bytes, assembly's pushes |
# E file function target, C called, T jumped to at the end, B branched to or run into
{
    awk -F'\t' '{ n = split(FILENAME, path, "/"); file = path[n]; sub(/\.su$/, "", file)
                  n = split($1, part, ":"); print "F", file, part[n], $2 }' "$@"
    "$objdump" -drt "$archive" | awk '
        function edge() { if (to != "") print "E", file, from, to, kind; to = "" }
        / file format / { edge(); file = $1; sub(/\.(obj|o):$/, "", file); from = ""; next }
        /^[0-9a-f]+ g .* F / { print "G", file, $NF; next }
        /^Disassembly of section/ { edge(); from = ""; next }
        /^[0-9a-f]+ <.*>:$/ {
            edge()
            gsub(/[<>:]/, "", $2)
            if (from != "" && !ends) { to = $2; kind = "B"; edge() }
            from = $2; ends = 0; print "A", file, from, 0
            next
        }
        /: R_ARM_THM_(CALL|JUMP24)/ {
            to = $3; sub(/[-+].*/, "", to); kind = /CALL/ ? "C" : "T"; edge()
            next
        }
        /^ +[0-9a-f]+:\t/ {
            edge()
            ends = /\t(b|b\.n|b\.w|bx|\.word|\.short|nop|nop\.w)(\t|$)/ || /\t(pop|ldmia\.w)\t.*pc}/
            if (/\t(push|stmdb\tsp!,)/) print "A", file, from, 4 * gsub(/,/, ",", $0) + (/\tpush/ ? 4 : 0)
            else if (/\tsub(w|\.w)?\tsp, /) { n = $0; sub(/.*#/, "", n); print "A", file, from, n + 0 }
            else if (/\tstrd?(\.w)?\t.*\[sp, #-[0-9]+\]!/) { n = $0; sub(/.*#-/, "", n); print "A", file, from, n + 0 }
            else if (/\tb[a-z.]*\t.*<.*>/ || /\tcbn?z\t.*<.*>/) {
                kind = /\tbl\t/ ? "C" : "B"
                to = $0; sub(/.*</, "", to); sub(/>.*/, "", to)
                sub(/\+0x.*/, "", to)
                if (kind == "B" && to == from) to = ""
            }
        }
        END { edge() }'
} | awk -v max_frame="$max_frame" -v max_depth="$max_depth" '
    # The compiler numbers copies of a function and may report them without the number.
    function frame_of(f,    plain) {
        plain = f; sub(/\.[0-9]+$/, "", plain)
        if (f in frame) return frame[f]
        if (plain in frame) return frame[plain]
        sub(/\..*/, "", plain)
        return (plain in frame) ? frame[plain] : pushed[f]
    }
    function is_recursion(f, level,    i) {
        for (i = level; i > 0; i--) {
            if (edge_kind[i] == "C") return 1
            if (trail[i] == f) return 0
        }
        return 0
    }
    # A branch back is a loop, not a call; what such a loop cuts short is not remembered.
    function depth(f, level,    i, d, best, own, cuts_before) {
        if (open[f]) {
            if (is_recursion(f, level)) { print "recursion through " f; failed = 1 }
            cuts++
            return 0
        }
        if (f in known) return known[f]
        open[f] = 1; best = own = frame_of(f); cuts_before = cuts; trail[level + 1] = f
        for (i = 1; i <= callees[f]; i++) {
            edge_kind[level + 1] = kind[f, i]
            d = depth(callee[f, i], level + 1) + (kind[f, i] == "T" ? 0 : own)
            if (d > best) { best = d; deepest[f] = callee[f, i] }
        }
        open[f] = 0
        if (cuts == cuts_before || level == 0) known[f] = best
        return best
    }
    $1 == "F" { f = $2 ":" $3; if ($4 > frame[f]) frame[f] = $4; compiled[$2] = 1
                if ($4 > largest) { largest = $4; name = f } }
    $1 == "G" { home[$3] = $2 }
    $1 == "A" { f = $2 ":" $3; pushed[f] += $4; functions[f] = 1 }
    $1 == "E" { file[++edges] = $2; from[edges] = $3; to[edges] = $4; edge[edges] = $5 }
    END {
        for (i = 1; i <= edges; i++) {
            f = file[i] ":" from[i]; t = file[i] ":" to[i]
            if (!(t in functions)) t = (to[i] in home) ? home[to[i]] ":" to[i] : "?:" to[i]
            callee[f, ++callees[f]] = t; kind[f, callees[f]] = edge[i]
        }
        for (f in functions) {
            if (frame_of(f) > largest) { largest = frame_of(f); name = f }
            if (depth(f, 0) > deep) { deep = depth(f, 0); top = f }
        }
        printf "largest frame: %d bytes, %s\n", largest, name
        printf "deepest path:  %d bytes:", deep
        for (f = top; f != "" && !shown[f]++; f = deepest[f]) printf " %s(%d)", f, frame_of(f)
        print ""
        if (deep == 0 || largest > max_frame || deep > max_depth) { print "more than allowed"; failed = 1 }
        exit failed
    }'
