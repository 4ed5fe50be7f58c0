# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""BPF for smc_filter.py with nothing but bpf(2): programs that return a
number, and a map of sockets. Numbers are from x86-64 and <linux/bpf.h>.
"""

import ctypes
import os
import struct

SYS_BPF = 321
MAP_CREATE, MAP_UPDATE_ELEM, PROG_LOAD, OBJ_PIN, PROG_ATTACH = 0, 2, 5, 6, 8
XDP, CGROUP_SOCK_ADDR = 6, 18
CGROUP_INET4_CONNECT = 10
SOCKMAP = 15
XDP_DROP = 1

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, layout, *values):
    attr = struct.pack('=' + layout, *values).ljust(128, b'\0')
    result = libc.syscall(SYS_BPF, command, attr, len(attr))
    if result < 0:
        raise OSError(ctypes.get_errno(), f'bpf command {command}')
    return result


def address(data):
    return ctypes.addressof(data)


def program(kind, attach, result):
    """Loads a program that returns result: "r0 = result; exit"."""
    code = ctypes.create_string_buffer(
        struct.pack('=BBhi', 0xb7, 0, 0, result) +
        struct.pack('=BBhi', 0x95, 0, 0, 0), 16)
    license_ = ctypes.create_string_buffer(b'GPL')
    return bpf(PROG_LOAD, 'IIQQIIQII16xII', kind, 2, address(code),
               address(license_), 0, 0, 0, 0, 0, 0, attach)


def pin_drop(path):
    """Pins an XDP program that drops all packets."""
    name = ctypes.create_string_buffer(path.encode())
    fd = program(XDP, 0, XDP_DROP)
    bpf(OBJ_PIN, 'QI', address(name), fd)
    os.close(fd)


def refuse_connect(cgroup):
    """Attaches a program that forbids connect() over IPv4 in a cgroup."""
    fd = program(CGROUP_SOCK_ADDR, CGROUP_INET4_CONNECT, 0)
    target = os.open(cgroup, os.O_RDONLY)
    bpf(PROG_ATTACH, 'IIII', target, fd, CGROUP_INET4_CONNECT, 0)
    os.close(target)
    os.close(fd)


def put_into_sockmap(sock):
    """Puts a socket into a map that is freed at once, with all it contains."""
    fd = bpf(MAP_CREATE, 'IIIII', SOCKMAP, 4, 4, 1, 0)
    key, value = ctypes.c_uint(0), ctypes.c_uint(sock.fileno())
    try:
        bpf(MAP_UPDATE_ELEM, 'IIQQQ', fd, 0, address(key), address(value), 0)
    finally:
        os.close(fd)
