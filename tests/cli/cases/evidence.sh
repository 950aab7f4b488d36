echo '{"bomFormat": "CycloneDX", "specVersion": "1.5"}' >sbom.json
echo '{"bomFormat": "CycloneDX", "specVersion": "1.6"}' >other.json
echo '{"spdxVersion": "SPDX-2.3"}' >spdx.json
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
# is JQ-PATH VALUE: one fact of the statement
is() {
  value=$(jq -r "$1" app.ota.provenance.json)
  [ "$value" = "$2" ] && echo "ok: $1" || echo "WRONG: $1 is '$value', expected '$2'"
}
sed '/security-counter/a\  source-revision: "0123456789abcdef0123456789abcdef01234567"' release.yaml >source.yaml
say "the statement is about these files"
export SOURCE_DATE_EPOCH=1700000000
t build source.yaml --sbom sbom.json --provenance --set firmware.sequence=9
is ._type https://in-toto.io/Statement/v1
is .predicateType https://slsa.dev/provenance/v1
is '.subject | length' 1
is .subject[0].name app.ota
is .subject[0].digest.sha256 "$(digest app.ota)"
definition=.predicate.buildDefinition
is $definition.buildType urn:uuid:15e4ea57-cc25-432a-96f2-39b2ab6c1c0d
is $definition.externalParameters.manifest.name source.yaml
is $definition.externalParameters.manifest.digest.sha256 "$(digest source.yaml)"
is "$definition.externalParameters.overrides | join(\" \")" firmware.sequence=9
is $definition.externalParameters.sbom sbom.json
is "$definition.resolvedDependencies | map(.annotations.role) | join(\" \")" "manifest firmware sbom source"
is "$definition.resolvedDependencies[0].digest.sha256" "$(digest source.yaml)"
is "$definition.resolvedDependencies[1].name" app.hex
is "$definition.resolvedDependencies[1].digest.sha256" "$(digest app.hex)"
is "$definition.resolvedDependencies[2].digest.sha256" "$(digest sbom.json)"
is "$definition.resolvedDependencies[3].digest.gitCommit" 0123456789abcdef0123456789abcdef01234567
is .predicate.runDetails.builder.id urn:uuid:7559292a-3975-45be-b488-e6921c88e5fa
is .predicate.runDetails.builder.version.otaimg "$("$OTAIMG" --version | cut -d ' ' -f 2)"
is .predicate.runDetails.metadata.startedOn 2023-11-14T22:13:20Z
is .predicate.runDetails.metadata.finishedOn 2023-11-14T22:13:20Z
say "the same bytes again, whenever and wherever"
mv app.ota.provenance.json first.json
sleep 1
q build source.yaml --sbom sbom.json --provenance --set firmware.sequence=9
same first.json app.ota.provenance.json
mkdir elsewhere
cp release.pem app.hex source.yaml sbom.json elsewhere
(cd elsewhere && q build source.yaml --sbom sbom.json --provenance --set firmware.sequence=9)
same first.json elsewhere/app.ota.provenance.json
say "without SOURCE_DATE_EPOCH the present time, and the file itself is the same as ever"
unset SOURCE_DATE_EPOCH
q build source.yaml --sbom sbom.json -o plain.ota
q build source.yaml --sbom sbom.json --provenance --builder-id https://ci.example/runner
same plain.ota app.ota
is .predicate.runDetails.builder.id https://ci.example/runner
jq -r .predicate.runDetails.metadata.startedOn app.ota.provenance.json | grep -c "^$(date -u +%Y-)..-..T..:..:..Z\$"
say "both files or neither"
rm -r elsewhere plain.ota first.json app.ota app.ota.provenance.json
mkdir app.ota.provenance.json
t build source.yaml --provenance
rmdir app.ota.provenance.json
t build source.yaml --provenance -o -
t build source.yaml --provenance --for missing.yaml
t build source.yaml --builder-id urn:x
for uri in x otaimg: 1:x ci.example/runner "https://ci example" https://ci%2 ""; do
  t build source.yaml --provenance --builder-id "$uri"
done
SOURCE_DATE_EPOCH=253402300800 t build source.yaml --provenance
unset SOURCE_DATE_EPOCH
cp sbom.json "$(printf '\377')"
t build source.yaml --provenance --sbom "$(printf '\377')"
rm "$(printf '\377')"
mkfifo pipe
t build source.yaml --provenance --set firmware.file=pipe
files
say "the bill of materials is the signed one"
t build stock.yaml --sbom sbom.json
t build release.yaml --sbom missing.json
t build release.yaml --sbom app.hex
q build release.yaml --sbom sbom.json -o with.ota
q build release.yaml --set attributes.sbom=sbom.json -o set.ota
same with.ota set.ota
q build encrypted.yaml --sbom sbom.json -o enc.ota
q build release.yaml -o without.ota
q build stock.yaml -o stock.ota
t verify with.ota --device device.yaml --sbom sbom.json
t verify enc.ota --device device.yaml --sbom sbom.json
t verify with.ota --verify-key release.pub.pem --sbom sbom.json
t verify with.ota --device device.yaml --sbom other.json
t verify with.ota --device device.yaml --sbom spdx.json
t verify with.ota --device device.yaml --sbom app.bin
t verify with.ota --device device.yaml --sbom missing.json
t verify without.ota --device device.yaml --sbom sbom.json
t verify stock.ota --verify-key release.pub.pem --sbom sbom.json
t verify with.ota --verify-key dev-b.pub.pem --sbom sbom.json
say "which variant it is"
sed 's/^output.*/variants: [{name: eu, output: eu.ota}, {name: us, output: us.ota}]/' release.yaml >variants.yaml
q build variants.yaml --provenance
for name in eu us; do
  jq -r .predicate.buildDefinition.externalParameters.variant $name.ota.provenance.json
done
q build release.yaml --provenance
jq .predicate.buildDefinition.externalParameters.variant app.ota.provenance.json
