say "the list of commands, and every command in it"
t --help
t --version
"$OTAIMG" --help | sed -n '/^commands:/,/^$/s/^  \([a-z ]*[a-z]\)   *.*/\1/p' >commands
while read -r command; do
  # shellcheck disable=SC2086
  t $command --help
done <commands
"$OTAIMG" --help >a
"$OTAIMG" -h >b
same a b
"$OTAIMG" help >b
same a b
"$OTAIMG" build --help >a
"$OTAIMG" build -h >b
same a b
