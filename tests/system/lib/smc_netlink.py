# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Asks the kernel about SMC with the bytes that the standard tools send.

  diag(exts)             like smcss(8): sockets; exts: any of conninfo, lgrinfo,
                         shutdown, dmbinfo. each_socket(exts) yields one after
                         the other, diag_raw(request) the payloads
  dump(name)             like smc(8): a dump of SMC_GEN_NETLINK
  pnetids([how, name])   like smc_pnet(8): all, or those with one PNETID, by
                         "get" or by "dump"
  change(name, attrs)    a change by an administrator; attrs: numbers, payloads

Answers are dictionaries, made after every header and attribute was checked:
each attribute of the tables below is there once and no other is, with the
length of its type; strings end with their only zero byte; padding is zero.
Names are those of <linux/smc.h> in small letters. Numbers from 128 on are this
implementation's own; tools skip them, and so does this.

A refusal is an exception that has the errno, the kernel's message and the
number of the attribute that it is about, negative if that attribute is
missing.
"""

import functools
import socket
import struct
import sys

U8, U16, U32, U64 = 1, 2, 4, 8
UINT, TEXT = 'uint', 'text'
OWN = 128

SIZES = {1 + i: (f'{1 << 3 + i}K' if i < 8 else 'more', U64) for i in range(9)}
RING = {1: ('peer_small', U64), 2: ('small', U64), 3: ('peer_full', U64),
        4: ('full', U64), 5: ('reused', U64), 6: ('made', U64),
        7: ('shrunk', U64)}
TECH = {
    1: ('tx_rings', SIZES), 2: ('rx_rings', SIZES), 3: ('tx_calls', SIZES),
    4: ('rx_calls', SIZES), 5: ('tx_ring', RING), 6: ('rx_ring', RING),
    7: ('client_v1', U64), 8: ('client_v2', U64), 9: ('server_v1', U64),
    10: ('server_v2', U64), 11: ('sendpage', U64), 12: ('splice', U64),
    13: ('cork', U64), 14: ('nodelay', U64), 15: ('urgent', U64),
    16: ('rx_bytes', U64), 17: ('tx_bytes', U64), 18: ('rx_count', U64),
    19: ('tx_count', U64), 20: ('rx_usage', UINT), 21: ('tx_usage', UINT)}
V2 = {0: ('version', U8), 1: ('release', U8), 2: ('os', U8), 3: ('eid', TEXT),
      4: ('host', TEXT)}
PORT = {1: ('by_user', U8), 2: ('pnetid', TEXT)}

# name: (command, attributes of an answer)
DUMPS = {
    'sys_info': (1, {1: ('sys', {
        1: ('version', U8), 2: ('release', U8), 3: ('ism_v2', U8),
        4: ('host', TEXT), 5: ('seid', TEXT), 6: ('smcr_v2', U8)})}),
    'lgr_smcr': (2, {}),
    'link_smcr': (3, {}),
    'lgr_smcd': (4, {4: ('lgr', {
        1: ('id', U32), 2: ('gid', U64), 3: ('peer_gid', U64), 4: ('vlan', U8),
        5: ('conns', U32), 6: ('pnetid', TEXT), 7: ('chid', U32),
        9: ('v2', V2), 10: ('gid_ext', U64), 11: ('peer_gid_ext', U64),
        12: ('sndbuf', UINT), 13: ('dmb', UINT)})}),
    'dev_smcd': (5, {5: ('dev', {
        1: ('used', U32), 2: ('critical', U8), 3: ('fid', U32),
        4: ('chid', U16), 5: ('vendor', U16), 6: ('device', U16),
        7: ('id', TEXT), 8: ('port', PORT)})}),
    'dev_smcr': (6, {}),
    'stats': (7, {7: ('stats', {
        1: ('smcd', TECH), 2: ('smcr', TECH), 3: ('client_errors', U64),
        4: ('server_errors', U64)})}),
    'fback_stats': (8, {8: ('fback', {
        1: ('server', U8), 2: ('server_count', U64), 3: ('client_count', U64),
        4: ('reason', U32), 5: ('count', U16)})}),
    'ueid': (9, {1: ('eid', TEXT)}),
    'seid': (13, {1: ('seid', TEXT), 2: ('enabled', U8)}),
    'hs_limitation': (16, {1: ('enabled', U8)}),
}
CHANGES = {'add_ueid': 10, 'remove_ueid': 11, 'flush_ueid': 12,
           'enable_seid': 14, 'disable_seid': 15, 'enable_hs_limitation': 17,
           'disable_hs_limitation': 18}
PNETIDS = {1: ('pnetid', TEXT), 2: ('interface', TEXT), 3: ('device', TEXT),
           4: ('port', U8)}
PNETID_CHANGES = {'pnetid_add': 2, 'pnetid_del': 3, 'pnetid_flush': 4}

NLMSG_ERROR, NLMSG_DONE = 2, 3
REQUEST, MULTI, ACK, DUMP = 1, 2, 4, 0x300
GENL_CTRL = 16
AF_SMC = 43
EXTS = {'conninfo': 1, 'lgrinfo': 2, 'shutdown': 3, 'dmbinfo': 4}


class Wrong(Exception):
    """The kernel said what it must not say."""


def check(true, what):
    if not true:
        raise Wrong(what)


# --- attributes --------------------------------------------------------------

def attributes(data):
    """Yields the number and payload of each."""
    at = 0
    while at < len(data):
        check(len(data) - at >= 4, 'a piece of an attribute')
        size, number = struct.unpack_from('=HH', data, at)
        check(4 <= size <= len(data) - at, f'attribute {number}: size {size}')
        end = at + ((size + 3) & ~3)
        check(not any(data[at + size:end]), f'attribute {number}: padding')
        yield number & 0x3fff, data[at + 4:at + size]
        at = end


def decode_value(name, kind, payload):
    if isinstance(kind, dict):
        return decode(payload, kind, name)
    if kind == TEXT:
        check(payload.find(b'\0') == len(payload) - 1, f'{name}: {payload}')
        return payload[:-1].decode('ascii')
    check(len(payload) in ((4, 8) if kind == UINT else (kind,)),
          f'{name}: {len(payload)} bytes')
    value = int.from_bytes(payload, sys.byteorder)
    check(kind != UINT or len(payload) == 4 or value >> 32,
          f'{name}: eight bytes for {value}')
    return value


def decode(data, table, where):
    """Returns values by name; no attribute of the table may be missing."""
    values = {}
    for number, payload in attributes(data):
        if number >= OWN:
            continue
        check(number in table, f'{where}: unknown attribute {number}')
        name, kind = table[number]
        check(name not in values, f'{where}: {name} twice')
        values[name] = decode_value(f'{where}.{name}', kind, payload)
    missing = {name for name, _ in table.values()} - set(values)
    check(not missing, f'{where}: no {missing}')
    return values


# --- messages ----------------------------------------------------------------

def open_socket(protocol):
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    nl.settimeout(60)
    nl.setsockopt(270, 11, 1)           # SOL_NETLINK, NETLINK_EXT_ACK
    nl.bind((0, 0))
    return nl


def send(nl, kind, flags, seq, payload):
    nl.send(struct.pack('=IHHII', 16 + len(payload), kind, REQUEST | flags,
                        seq, 0) + payload)


def receive(nl, seq):
    """Yields kind, flags and payload of each message, to the end of the
    answer."""
    port = nl.getsockname()[0]
    while True:
        data = nl.recv(1 << 17)
        while data:
            length, kind, flags, got, to = struct.unpack_from('=IHHII', data)
            check((got, to) == (seq, port), f'an answer to {got}, {to}')
            yield kind, flags, data[16:length]
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                return
            data = data[(length + 3) & ~3:]


class Refused(Exception):
    """The kernel's error: errno, message, the offset that it points to, and
    the number of the missing attribute."""


def refusal(kind, flags, payload):
    """Decodes NLMSG_ERROR or NLMSG_DONE; None means success."""
    code, = struct.unpack_from('=i', payload)
    if not code:
        return None
    at = 4
    if kind == NLMSG_ERROR:     # has a copy of the whole request
        at += (struct.unpack_from('=I', payload, 4)[0] + 3) & ~3
    more = dict(attributes(payload[at:])) if flags & 0x200 else {}
    text = more.get(1, b'\0')[:-1].decode('ascii')
    offset = struct.unpack('=I', more[2])[0] if 2 in more else None
    missing = struct.unpack('=I', more[5])[0] if 5 in more else None
    return Refused(-code, text, offset, missing)


def answers(nl, kind, flags, seq, payload, wanted):
    """Yields the payloads of a dump's messages, or of the answer to a
    request."""
    send(nl, kind, flags, seq, payload)
    for got, has, data in receive(nl, seq):
        if got in (NLMSG_ERROR, NLMSG_DONE):
            error = refusal(got, has, data)
            if error:
                raise error
            return
        check(got == wanted, f'message of type {got}')
        check(bool(has & MULTI) == bool(flags & DUMP), f'flags {has:#x}')
        yield data


def attribute(number, payload):
    size = 4 + len(payload)
    return struct.pack('=HH', size, number) + payload + bytes(-size % 4)


@functools.cache
def family(name):
    """Returns the number of a family. The answer is not read to its end, hence
    a socket of its own."""
    nl = open_socket(16)
    request = struct.pack('=BBxx', 3, 1) + attribute(2, name.encode() + b'\0')
    for data in answers(nl, GENL_CTRL, ACK, 1, request, GENL_CTRL):
        for number, payload in attributes(data[4:]):
            if number == 1:
                return struct.unpack('=H', payload)[0]
    raise Wrong(f'{name} has no number')


def named(attrs, offset):
    """Returns the number of the attribute of a request at an offset."""
    at = 20         # after both headers
    for number, payload in attrs:
        if at == offset:
            return number
        at += (4 + len(payload) + 3) & ~3
    return None


def genl(name, command, flags, attrs=(), table=None):
    """Sends a command to a family and returns the decoded answers."""
    number = family(name)
    request = struct.pack('=BBxx', command, 1) + \
        b''.join(attribute(*attr) for attr in attrs)
    values = []
    try:
        for data in answers(open_socket(16), number, flags, 2, request,
                            number):
            check(struct.unpack_from('=BBH', data) == (command, 1, 0),
                  f'another command: {data[:4]}')
            values.append(decode(data[4:], table, name))
    except Refused as error:
        code, text, offset, missing = error.args
        raise Refused(code, text, -missing if missing else
                      named(attrs, offset)) from None
    return values


def dump(name):
    command, table = DUMPS[name]
    values = genl('SMC_GEN_NETLINK', command, DUMP, table=table)
    if len(table) == 1:
        return [next(iter(value.values())) for value in values]
    return values


def pnetids(how='dump', pnetid=None):
    attrs = [(1, pnetid.encode() + b'\0')] if pnetid else []
    return genl('SMC_PNETID', 1, DUMP if how == 'dump' else ACK, attrs,
                PNETIDS)


def change(name, attrs=()):
    where, commands = ('SMC_PNETID', PNETID_CHANGES) if 'pnetid' in name \
        else ('SMC_GEN_NETLINK', CHANGES)
    genl(where, commands[name], ACK, attrs, {})


# --- sockets -----------------------------------------------------------------

CURSOR = ('reserved', 'wrap', 'count')
CONNINFO = struct.Struct('=4I' + 'HHI' * 4 + '4B' + 'HHI' * 3)
DMBINFO = struct.Struct('=II6Q')


def decode_conninfo(payload):
    check(len(payload) == CONNINFO.size == 76, f'{len(payload)} of CONNINFO')
    values = CONNINFO.unpack(payload)
    cursors = values[4:16] + values[20:29]
    names = ('rx_prod', 'rx_cons', 'tx_prod', 'tx_cons', 'tx_prep', 'tx_sent',
             'tx_fin')
    return {
        'token': values[0], 'sndbuf': values[1], 'rmbe': values[2],
        'peer_rmbe': values[3], 'flags': values[16:20],
        'reserved': any(cursors[0::3]),
        **{name: cursors[3 * i + 1:3 * i + 3] for i, name in enumerate(names)}}


def decode_dmbinfo(payload):
    # smcss(8) reads the first five fields, each aligned to eight bytes.
    check(len(payload) == DMBINFO.size == 56, f'{len(payload)} of DMBINFO')
    values = DMBINFO.unpack(payload)
    check(values[1] == 0, 'something in the hole')
    return dict(zip(('linkid', 'hole', 'peer_gid', 'gid', 'token',
                     'peer_token', 'peer_gid_ext', 'gid_ext'), values))


def decode_socket(data, ext):
    check(len(data) >= 64, f'a message of {len(data)} bytes')
    family_, state, mode, shut, sport, dport, src, dst, interface, _, _, uid, \
        inode = struct.unpack_from('=4B2s2s16s16sI2IIQ', data)
    check(family_ == AF_SMC, f'family {family_}')
    # This is how smcss(8) tells IPv4 from IPv6.
    mapped = socket.AF_INET if not any(src[4:] + dst[4:]) else socket.AF_INET6
    size = 4 if mapped == socket.AF_INET else 16
    row = {
        'state': state, 'mode': mode, 'shut': shut, 'if': interface,
        'uid': uid, 'inode': inode,
        'sport': int.from_bytes(sport, 'big'),
        'dport': int.from_bytes(dport, 'big'),
        'src': socket.inet_ntop(mapped, src[:size]),
        'dst': socket.inet_ntop(mapped, dst[:size])}
    got = {number: payload for number, payload in attributes(data[64:])
           if number < OWN}
    wanted = {5} | ({3} & ext) | ({1, 4} & ext if mode == 2 else set())
    check(set(got) == wanted, f'attributes {set(got)}, not {wanted}')
    row['reason'], row['peer_reason'] = struct.unpack('=II', got[5])
    if 1 in got:
        row['conninfo'] = decode_conninfo(got[1])
    if 3 in got:
        check(len(got[3]) == 1, f'{len(got[3])} of SHUTDOWN')
        row['shutdown'] = got[3][0]
    if 4 in got:
        row['dmbinfo'] = decode_dmbinfo(got[4])
    return row


def diag_request(mask):
    return struct.pack('=BxxB48x', AF_SMC, mask)


def diag_raw(payload, kind=20, flags=DUMP):
    """Returns the payloads of the answers to any request."""
    return list(answers(open_socket(4), kind, flags, 5, payload, 20))


def each_mask():
    """Checks the answers for every mask of extensions; returns their
    number."""
    count = 0
    for mask in range(256):
        for data in diag_raw(diag_request(mask)):
            decode_socket(data, {number for number in range(1, 9)
                                 if mask >> number - 1 & 1})
            count += 1
    return count


def each_socket(exts):
    ext = {EXTS[name] for name in exts}
    mask = sum(1 << number - 1 for number in ext)
    request = diag_request(mask)
    for data in answers(open_socket(4), 20, DUMP, 123456, request, 20):
        yield decode_socket(data, ext)


def diag(exts):
    return list(each_socket(exts))
