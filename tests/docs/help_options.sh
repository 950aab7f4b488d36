#!/bin/sh
# help_options.sh OTAIMG: what --help says, one line for each command and each option of a command:
# "command", "command: --option ARG" and "command: -o --option ARG".
set -eu
otaimg=$1
"$otaimg" --help | awk '/^commands:/ { on = 1; next } on && /^$/ { exit } on { print substr($0, 3, 14) }' |
    sed 's/ *$//' | while read -r command; do
    echo "$command"
    # Words of the command, hence no quotes.
    # shellcheck disable=SC2086
    "$otaimg" $command --help | awk -v command="$command" '
        /^options:/ { on = 1; next }
        on {
            letter = substr($0, 3, 2) == "  " ? "" : substr($0, 3, 2) " "
            split(substr($0, 7), word, " ")
            argument = match($0, /--[a-z0-9-]+ [^ ]/) ? " " word[2] : ""
            print command ": " letter word[1] argument
        }'
done | sort
