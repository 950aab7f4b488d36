"""dfu_peer.py LINK: a pseudo terminal, named LINK, whose other end answers every request of serial DFU
with success. Runs until it is killed."""
import os
import struct
import sys
import tty

GET_DEVICE_ID, ERASE, PROGRAM = 0x0A, 0x05, 0x11
master, slave = os.openpty()
tty.setraw(slave)
os.symlink(os.ttyname(slave), sys.argv[1])


def words(count):
    data = b''
    while len(data) < 4 * count:
        data += os.read(master, 4 * count - len(data))
    return struct.unpack(f'<{count}I', data)


while True:
    command = words(1)[0] >> 16
    if command == ERASE:
        words(1)
    elif command == PROGRAM:
        words(words(3)[1] // 4)
    reply = struct.pack('<I', command << 16)
    if command == GET_DEVICE_ID:
        reply += struct.pack('<I', 0x20009B8F)
    os.write(master, reply)
