#!/bin/sh
# man_options.sh PAGE.scd: the same lines as help_options.sh, from the source of the man page.
# "## build _RELEASE.yaml_" starts a command, "## Key options" a group; "Also: key options." takes a
# group over into the command above it.
set -eu
awk '
    /^# / { section = $2 }
    /^## / {
        name = tolower(substr($0, 4))
        sub(/ [[_].*/, "", name)
        is_group = section == "OPTIONS"
        if (!is_group) { commands[++command_count] = name; groups[name] = "common options" }
    }
    /^Also: / {
        text = substr($0, 7)
        sub(/\.$/, "", text)
        groups[name] = groups[name] ", " text
    }
    /^\*-/ && (section == "COMMANDS" || section == "OPTIONS") {
        text = $0
        gsub(/[*_,]/, "", text)
        options[name, ++count[name]] = text
    }
    END {
        for (i = 1; i <= command_count; i++) {
            command = commands[i]
            print command
            n = split(command ", " groups[command], list, ", ")
            for (k = 1; k <= n; k++) {
                if (count[list[k]] == 0 && k > 1) { print command ": no group " list[k] }
                for (o = 1; o <= count[list[k]]; o++) { print command ": " options[list[k], o] }
            }
        }
    }' "$1" | sort
