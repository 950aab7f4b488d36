q build release.yaml -o plain.ota
q build encrypted.yaml -o enc.ota
say "a device has to be named"
t send plain.ota
t send plain.ota --serial
t send plain.ota --serial port --timeout 0
t send plain.ota --serial port --timeout 1s
t send plain.ota --serial port --timeout 600001
t send plain.ota --serial port --device device.yaml --verify-key release.pub.pem
say "the file is judged before the port is looked at"
t send missing.ota --serial port
t send enc.ota --serial port
t send enc.ota --serial port --decrypt-key file:dev-a.pem
t send app.bin --serial port
(head -c 16 plain.ota; printf x; tail -c +18 plain.ota) >damaged.ota
t send damaged.ota --serial port
(head -c 600 plain.ota; printf x; tail -c +602 plain.ota) >damaged.ota
t send damaged.ota --serial port --verify-key release.pub.pem
t send plain.ota --serial port --verify-key dev-b.pub.pem
sed 's/1.4.1.0/1.4.2.0/' device.yaml >installed.yaml
t send plain.ota --serial port --device installed.yaml
say "the port"
t send plain.ota --serial port
t send plain.ota --serial plain.ota
t send plain.ota --serial /dev/null --device device.yaml
t send enc.ota --serial . --decrypt-key file:aes.hex --decrypt-iv 101112131415161718191a1b1c1d1e1f
say "options that belong to other ways"
t send plain.ota --serial port --state state
t send plain.ota --serial port --attempts 2
t send plain.ota --serial port --unix socket
t send plain.ota --unix socket --attempts 0
t send plain.ota --unix socket --attempts 1001
t send damaged.ota --unix socket
t send app.bin --unix socket
t send plain.ota --unix socket --attempts 1
t send plain.ota --unix socket --attempts 1 --state plain.ota
files
t send plain.ota --unix socket --adapter hci0
t send plain.ota --ble here
t send plain.ota --ble C0:FF:EE:12:34:56 --unix socket
