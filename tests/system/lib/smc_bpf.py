# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""BPF for smc_filter.py and smc_sockmap.py with nothing but bpf(2): programs
that return a number, that put sockets into a map, or that count what a socket
in a map receives. Numbers are from x86-64 and <linux/bpf.h>.
"""

import ctypes
import os
import struct

SYS_BPF = 321
MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM = range(4)
PROG_LOAD, OBJ_PIN, PROG_ATTACH, PROG_DETACH = 5, 6, 8, 9
# Kinds of programs, places to attach them to, kinds of maps
XDP, SOCK_OPS, SK_SKB, CGROUP_SOCK_ADDR = 6, 13, 14, 18
CGROUP_SOCK_OPS, SK_SKB_STREAM_VERDICT, CGROUP_INET4_CONNECT = 3, 5, 10
ARRAY, SOCKMAP = 2, 15
# What a program is called for
ACTIVE_ESTABLISHED, PASSIVE_ESTABLISHED = 4, 5
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


# --- instructions -------------------------------------------------------------

def insn(code, dst=0, src=0, offset=0, value=0):
    return struct.pack('=BBhi', code, src << 4 | dst, offset, value)


def set_to(dst, value):
    return insn(0xb7, dst, value=value)


def copy(dst, src):
    return insn(0xbf, dst, src)


def add(dst, value):
    return insn(0x07, dst, value=value)


def load_map(dst, fd):
    """Two instructions."""
    return insn(0x18, dst, 1, value=fd) + insn(0)


def load32(dst, src, offset):
    return insn(0x61, dst, src, offset)


def store32(dst, offset, src):
    return insn(0x63, dst, src, offset)


def store_zero(dst, offset):
    return insn(0x62, dst, offset=offset)


def skip_unless_equal(dst, value, count):
    return insn(0x55, dst, offset=count, value=value)


def skip_if_zero(dst, count):
    return insn(0x15, dst, offset=count)


def call(helper):
    return insn(0x85, value=helper)


LOOKUP, UPDATE_SOCKMAP = 1, 53      # helpers
END = insn(0x95)


def look_up(counters):
    """r0 = the address of the first element; 7 instructions"""
    return (store_zero(10, -4) + copy(2, 10) + add(2, -4) +
            load_map(1, counters) + call(LOOKUP))


# --- programs -----------------------------------------------------------------

def load(kind, attach, code):
    code = ctypes.create_string_buffer(code, len(code))
    license_ = ctypes.create_string_buffer(b'GPL')
    return bpf(PROG_LOAD, 'IIQQIIQII16xII', kind, len(code) // 8,
               address(code), address(license_), 0, 0, 0, 0, 0, 0, attach)


def program(kind, attach, result):
    """Loads a program that returns result."""
    return load(kind, attach, set_to(0, result) + END)


def collector(event, sockets, answer):
    """A sock_ops program: puts the socket of each event into the map sockets,
    and what it was told into the array answer."""
    body = (copy(1, 6) + load_map(2, sockets) + store_zero(10, -8) +
            copy(3, 10) + add(3, -8) + set_to(4, 0) + call(UPDATE_SOCKMAP) +
            copy(7, 0) + add(7, 1000) + look_up(answer) + skip_if_zero(0, 1) +
            store32(0, 0, 7))
    return load(SOCK_OPS, CGROUP_SOCK_OPS,
                copy(6, 1) + load32(2, 6, 0) +
                skip_unless_equal(2, event, len(body) // 8) + body +
                set_to(0, 1) + END)


def verdict(counter):
    """Counts what a socket receives, and lets it pass."""
    count = load32(1, 0, 0) + add(1, 1) + store32(0, 0, 1)
    return load(SK_SKB, SK_SKB_STREAM_VERDICT,
                look_up(counter) + skip_if_zero(0, len(count) // 8) + count +
                set_to(0, 1) + END)


def attach(target, prog, where):
    bpf(PROG_ATTACH, 'IIII', target, prog, where, 0)


def detach(target, prog, where):
    bpf(PROG_DETACH, 'IIII', target, prog, where, 0)


# --- maps ---------------------------------------------------------------------

def make_map(kind):
    """One element of four bytes."""
    return bpf(MAP_CREATE, 'IIIII', kind, 4, 4, 1, 0)


def element(fd):
    key, value = ctypes.c_uint(0), ctypes.c_uint(0)
    bpf(MAP_LOOKUP_ELEM, 'IIQQQ', fd, 0, address(key), address(value), 0)
    return value.value


def set_element(fd, number):
    key, value = ctypes.c_uint(0), ctypes.c_uint(number)
    bpf(MAP_UPDATE_ELEM, 'IIQQQ', fd, 0, address(key), address(value), 0)


def delete_element(fd):
    key = ctypes.c_uint(0)
    bpf(MAP_DELETE_ELEM, 'IIQQQ', fd, 0, address(key), 0, 0)


# --- what smc_filter.py uses --------------------------------------------------


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
    attach(target, fd, CGROUP_INET4_CONNECT)
    os.close(target)
    os.close(fd)


def put_into_sockmap(sock):
    """Puts a socket into a map that is freed at once, with all it contains."""
    fd = make_map(SOCKMAP)
    try:
        set_element(fd, sock.fileno())
    finally:
        os.close(fd)
