say "an encrypted update, confirmed"
q build encrypted.yaml -o a.ota
t simulate a.ota --device device.yaml
say "lost packets, and the link cut twice: the transfer goes on where the flash says"
(head -c 8 app.bin; head -c 19992 /dev/zero | tr '\0' x) >long.bin
q build encrypted.yaml --set firmware.file=long.bin -o long.ota
t simulate long.ota --device device.yaml --phy 2m --mtu 498 --interval 7.5 --loss 2.5 --cut 9000 --cut group:16 --seed 7
say "a stock service begins again"
t simulate long.ota --device device.yaml --stock-service --cut 9000 --dle 27 --mtu 23 --interval 30 | grep -v '^I'
say "the same seed, the same run; another, another"
run_with() { "$OTAIMG" simulate long.ota --device device.yaml --loss 20 --seed "$1"; }
run_with 1 >one; run_with 1 >two; run_with 2 >three
same one two
same one three
say "an image that does not confirm"
t simulate a.ota --device device.yaml --self-test hangs | grep -v '^I'
t simulate a.ota --device device.yaml --self-test silent | grep '^end:'
q build encrypted.yaml --set attributes.security-counter=2 -o low.ota
say "an installed image: what it says counts"
q build encrypted.yaml --set firmware.version=1.4.3.0 -o next.ota
t simulate next.ota --device device.yaml --installed a.ota --json | grep -e '"version"' -e '"end"' -e '"installed"'
t simulate a.ota --device device.yaml --installed next.ota | grep -v '^I'
t simulate a.ota --device device.yaml --installed a.ota | grep -e '^end:' -e '^I2'
t simulate a.ota --device device.yaml --installed low.ota
say "refusals end as verify does"
t verify low.ota --device device.yaml
t simulate low.ota --device device.yaml | grep -e ' device ' -e manager -e end: | head -8
q build encrypted.yaml --set attributes.product=00000000-0000-0000-0000-000000000001 -o other.ota
t simulate other.ota --device device.yaml | grep -e end:
say "a link that cannot carry it"
t simulate a.ota --device device.yaml --loss 90 --interval 1000 | grep -e 'tries again' -e 'gives up' -e '^end'
say "every fault, with real keys"
(head -c 8 app.bin; head -c 1992 /dev/zero | tr '\0' y) >short.bin
q build stock.yaml --set firmware.file=short.bin -o short.ota
sed 's/security-counter: 3/security-counter: 0/; $a policy: stock' device.yaml >stock-device.yaml
t simulate short.ota --device stock-device.yaml --faults all --thin 5 | sed -n '/^faults/,$p'
t simulate a.ota --device device.yaml --faults all --thin 7 | sed -n '/^faults/,$p'
say "a file that is not what the device's key makes of it"
sed 's/1e1f/1e1e/' device.yaml >other-iv.yaml
t simulate a.ota --device other-iv.yaml
sed '/^decrypt/d' device.yaml >no-key.yaml
t simulate a.ota --device no-key.yaml
say "options"
t simulate a.ota
t simulate a.ota --device device.yaml --mtu 22
t simulate a.ota --device device.yaml --dle 252
t simulate a.ota --device device.yaml --phy 3m
t simulate a.ota --device device.yaml --interval 7
t simulate a.ota --device device.yaml --interval 7.6
t simulate a.ota --device device.yaml --interval 7.
t simulate a.ota --device device.yaml --loss 91
t simulate a.ota --device device.yaml --loss 1e1
t simulate a.ota --device device.yaml --cut 0
t simulate a.ota --device device.yaml --cut group:x
t simulate a.ota --device device.yaml --seed x
t simulate a.ota --device device.yaml --self-test no
t simulate a.ota --device device.yaml --faults some
t simulate a.ota --device device.yaml --thin 2
t simulate a.ota --device device.yaml --faults all --cut 5
t simulate a.ota --device device.yaml --phy coded-s8 --interval 7.5
t simulate missing.ota --device device.yaml
q build stock.yaml --set file-type=image -o image.bin
t simulate image.bin --device device.yaml
