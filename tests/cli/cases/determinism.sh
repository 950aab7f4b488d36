say "the same input gives the same bytes, whenever and wherever"
q build encrypted.yaml -o a.ota
sleep 1
q build encrypted.yaml -o b.ota
same a.ota b.ota
mkdir elsewhere
cp release.pem aes.hex app.hex encrypted.yaml elsewhere
cp -p app.hex elsewhere/app.hex
touch elsewhere/*
(cd elsewhere && q build encrypted.yaml -o c.ota)
same a.ota elsewhere/c.ota
say "SOURCE_DATE_EPOCH is the only clock"
export SOURCE_DATE_EPOCH=1700000000
q build release.yaml -o a.ota
sleep 1
q build release.yaml -o b.ota
same a.ota b.ota
t inspect a.ota
SOURCE_DATE_EPOCH=1700000001
q build release.yaml -o b.ota
t compare a.ota b.ota --ignore-signatures
for epoch in x -1 18446744073709551616 ''; do
  SOURCE_DATE_EPOCH=$epoch
  t build release.yaml -o x.ota
done
unset SOURCE_DATE_EPOCH
q build release.yaml -o b.ota
t compare a.ota b.ota --ignore-signatures
files
