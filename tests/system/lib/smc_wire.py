# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""The wire between the namespaces "liar" and "blue", for smc-fallback.sh.

Two TUN devices with this program in between, which adds the TCP option
of SMC to each SYN that the liar sends. Says "ready" when the devices exist and
runs until it is killed.
"""

import fcntl
import os
import select
import struct

import smc_ends as ends

OPTION = bytes((254, 6, 0xe2, 0xd4, 0xc3, 0xd9, 1, 1))
SYN = 2


def tun(namespace):
    ends.enter(namespace)
    fd = os.open('/dev/net/tun', os.O_RDWR)
    # TUNSETIFF; a TUN device without a header in front of packets
    fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH22x', b'tun0', 0x1001))
    return fd


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def with_option(packet):
    """Adds the option to a packet that is a TCP SYN over IPv4."""
    ip_len = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != 6 or not packet[ip_len + 13] & SYN:
        return packet
    ip, tcp = bytearray(packet[:ip_len]), bytearray(packet[ip_len:])
    tcp_len = (tcp[12] >> 4) * 4
    tcp[tcp_len:tcp_len] = OPTION
    tcp[12] = (tcp_len + len(OPTION)) // 4 << 4 | tcp[12] & 15
    struct.pack_into('!H', ip, 2, len(ip) + len(tcp))
    struct.pack_into('!H', ip, 10, 0)
    struct.pack_into('!H', ip, 10, checksum(ip))
    struct.pack_into('!H', tcp, 16, 0)
    pseudo = ip[12:20] + struct.pack('!HH', 6, len(tcp))
    struct.pack_into('!H', tcp, 16, checksum(pseudo + tcp))
    return bytes(ip + tcp)


def carry(source, target, change):
    try:
        os.write(target, change(os.read(source, 65536)))
    except OSError:
        pass        # a device that is not up yet


def wire():
    liar, blue = tun('liar'), tun('blue')
    print('ready', flush=True)
    while True:
        for fd in select.select((liar, blue), (), ())[0]:
            if fd == liar:
                carry(liar, blue, with_option)
            else:
                carry(blue, liar, bytes)


wire()
