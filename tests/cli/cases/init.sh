say "a manifest and a device file that work once key and firmware are there"
t init --device-file board.yaml -o first.yaml
files
uuid() { sed -n 's/^ *product: *\([0-9a-f-]*\).*/\1/p' "$1"; }
[ -n "$(uuid first.yaml)" ] && [ "$(uuid first.yaml)" = "$(uuid board.yaml)" ] && echo "one product in both"
sed 's/[0-9a-f]\{8\}-[0-9a-f-]\{27\}/UUID/; s/iv: "[0-9a-f]\{32\}"/iv: "IV"/' first.yaml
sed 's/[0-9a-f]\{8\}-[0-9a-f-]\{27\}/UUID/; s/iv: "[0-9a-f]\{32\}"/iv: "IV"/' board.yaml
cp first.yaml kept.yaml
say "nothing is overwritten"
t init -o first.yaml
same first.yaml kept.yaml
t init -o second.yaml --device-file board.yaml
t init -o first.yaml --device-file other.yaml
files
t init --force -o first.yaml
[ "$(uuid first.yaml)" != "$(uuid kept.yaml)" ] && echo "another product"
rm release.yaml
t init
t init
t init -o missing/x.yaml
files
say "both files or none, and two names for them"
mkdir both
cd both || exit 1
t init -o a.yaml --device-file absent/b.yaml
t init -o a.yaml --device-file a.yaml
t init --force -o a.yaml --device-file ./a.yaml
files
"$OTAIMG" init -o - --device-file b.yaml >/dev/full 2>.err && echo written
cat .err
files
"$OTAIMG" init -o a.yaml --device-file - >b.yaml
grep -l product a.yaml b.yaml
cd .. || exit 1
