# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Plants a pattern, and searches answers for it and for kernel addresses.

  smc_secrets.py plant HOST    fills rings with the pattern in both directions,
                               and closes the connections
  smc_secrets.py listen HOST   runs the other end of "plant" until it is killed
  smc_secrets.py meet HOST     makes connections that carry other bytes
  smc_secrets.py receive       searches what recv() and splice() return
  smc_secrets.py netlink       searches all that netlink says about sockets
  smc_secrets.py options       searches the answers of getsockopt() and ioctl()

Each of the last three says how much it searched.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys

SMC = 256
PORT = 7890
PATTERN = b'\xd1BS-PLANTED-\xd1\xb5\x5a\xa5'
PLANTED = PATTERN * 4096
FILL = 0xa5
LONG = 4096
CONNECTIONS = int(os.environ['connections'])
ROUNDS = int(os.environ['rounds'])      # of the kernel's heap

SOCK_DIAG, GENERIC = 4, 16
REQUEST_DUMP = 0x301
# Lengths of the fixed parts, see <linux/smc_diag.h> and <linux/inet_diag.h>.
SMC_DIAG_MSG, INET_DIAG_MSG = 4 + 48 + 4 + 8, 72
NLMSG_ERROR, NLMSG_DONE = 2, 3


class Found(Exception):
    """A secret, or a byte that nobody should have written."""


def judge(data, what):
    """Data must have no planted byte and no address of kernel memory or
    code."""
    if PATTERN[:8] in data or PATTERN[8:] in data:
        raise Found(f'{what}: planted bytes: {data.hex()}')
    for offset in range(0, len(data) - 7, 4):
        word = struct.unpack_from('=Q', data, offset)[0]
        # But -1 to -4096 in 64 bits are fine, and so is half of such a number.
        if 0xffff800000000000 <= word < 0xffffffff80000000 and \
                word >> 32 != 0xffffffff:
            raise Found(f'{what}: {word:#x} at {offset} of {data.hex()}')


# --- connections -------------------------------------------------------------

def new_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)


def listen(host):
    server = new_socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, PORT))
    server.listen(CONNECTIONS)
    return server


def fill(sock):
    """Sends as much as there is room for, if the other end still exists."""
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        while True:
            sock.send(PLANTED)


def serve(host):
    """Fills all rings, half of them after reading. Keeps the connections."""
    server = listen(host)
    print('listening', flush=True)
    kept = []
    while True:
        peer = server.accept()[0]
        with contextlib.suppress(OSError):
            peer.recv(1, socket.MSG_PEEK)
            if len(kept) % 2:
                peer.recv(len(PLANTED))
        fill(peer)
        kept = kept[-2 * CONNECTIONS:] + [peer]


def plant(host):
    for _ in range(3):
        clients = [new_socket() for _ in range(CONNECTIONS)]
        for client in clients:
            client.connect((host, PORT))
            fill(client)
        for client in clients:
            client.close()
    plant_in_heap()


def plant_in_heap():
    """Fills memory of all sizes that messages and structures use."""
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    a.setblocking(False)
    for _ in range(ROUNDS):
        for size in (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 30000):
            with contextlib.suppress(BlockingIOError):
                while True:
                    a.send(PLANTED[:size])
            with contextlib.suppress(BlockingIOError):
                while True:
                    b.recv(size, socket.MSG_DONTWAIT)


@contextlib.contextmanager
def pairs(count, host='127.0.0.1'):
    """Yields connections that have carried bytes."""
    server = listen(host)
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(count):
            client = stack.enter_context(new_socket())
            client.connect((host, PORT))
            peer = stack.enter_context(server.accept()[0])
            for sock in (client, peer):
                sock.send(bytes((number,)))
            made.append((client, peer))
        server.close()
        yield made


def meet(host):
    with pairs(CONNECTIONS, host) as made:
        for number, ends in enumerate(made):
            for sock in ends:
                if sock.recv(LONG) != bytes((number,)):
                    raise Found('wrong byte')
    print(len(made), 'connections')


# --- buffers of the program --------------------------------------------------

def untouched(buffer, length, what):
    if buffer[length:] != bytes((FILL,)) * (len(buffer) - length):
        raise Found(f'{what}: {length} bytes, but more were written')


def receive_into(sock, size, flags, what):
    buffer = bytearray((FILL,)) * LONG
    try:
        length = sock.recv_into(buffer, size, flags)
    except BlockingIOError:
        length = 0
    if flags & socket.MSG_TRUNC:
        length = 0
    untouched(buffer, length, what)
    judge(bytes(buffer[:length]), what)


def receive():
    count = 0
    flags = {'recv': 0, 'MSG_PEEK': socket.MSG_PEEK,
             'MSG_OOB': socket.MSG_OOB, 'MSG_TRUNC': socket.MSG_TRUNC}
    with pairs(CONNECTIONS) as made:
        for number, (a, b) in enumerate(made):
            name, flag = list(flags.items())[number % len(flags)]
            a.send(b'x' * (number * 37 % 1000))
            a.send(b'y', socket.MSG_OOB)
            for size in (1, 7, LONG):
                with contextlib.suppress(OSError):
                    receive_into(b, size, flag | socket.MSG_DONTWAIT, name)
                count += 1
    with pairs(CONNECTIONS) as made:
        for number, (a, b) in enumerate(made):
            a.send(b'z' * number)
            splice(b)
            count += 1
    print(count, 'buffers')


def splice(sock):
    reading, writing = os.pipe2(os.O_NONBLOCK)
    sock.setblocking(False)
    got = os.splice(sock.fileno(), writing, LONG)
    data = os.read(reading, 2 * LONG)
    if len(data) != got:
        raise Found(f'splice: {got} bytes, and {len(data)} came')
    judge(data, 'splice')
    os.close(reading)
    os.close(writing)


# --- netlink -----------------------------------------------------------------

def align(length):
    return (length + 3) & ~3


def attributes(data, what):
    """Yields (type, value) of each; padding has to be zero."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from('=HH', data, offset)
        if length < 4 or offset + length > len(data):
            raise Found(f'{what}: attribute of {length} bytes at {offset}')
        value = data[offset + 4:offset + length]
        padding = data[offset + length:offset + align(length)]
        if any(padding):
            raise Found(f'{what}: padding {padding.hex()} behind {kind}')
        yield kind, value
        offset += align(length)


def all_attributes(data, what):
    for kind, value in attributes(data, what):
        if kind & 0x8000:
            all_attributes(value, what)


def messages(sock):
    while True:
        data = sock.recv(1 << 20)
        offset = 0
        while offset < len(data):
            length, kind = struct.unpack_from('=IH', data, offset)
            padding = data[offset + length:offset + align(length)]
            if any(padding):
                raise Found(f'padding {padding.hex()} behind a message')
            yield kind, data[offset + 16:offset + length]
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            offset += align(length)


def dump(protocol, kind, body, header, what):
    """Returns how many messages came; header bytes precede the attributes."""
    count = 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as sock:
        sock.settimeout(60)
        sock.send(struct.pack('=IHHII', 16 + len(body), kind, REQUEST_DUMP,
                              1, 0) + body)
        for answer, data in messages(sock):
            if answer in (NLMSG_DONE, NLMSG_ERROR):
                break
            judge(data, what)
            all_attributes(data[header:], what)
            count += 1
    return count


def families():
    """Yields names and numbers of the generic netlink families."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC) as sock:
        sock.settimeout(60)
        sock.send(struct.pack('=IHHIIBBH', 20, 16, REQUEST_DUMP, 1, 0,
                              3, 1, 0))
        for kind, data in messages(sock):
            if kind == 16:
                found = dict(attributes(data[4:], 'families'))
                yield (found[2].rstrip(b'\0').decode(),
                       struct.unpack('=H', found[1])[0])


def diag(family, protocol, header):
    body = struct.pack('=BBBxI48x', family, protocol, 0xff, 0xffffffff)
    if family == 43:
        body = struct.pack('=BxxB48x', family, 0xff)
    return dump(SOCK_DIAG, 20, body, header, f'sock_diag {family}')


def netlink():
    # Without this there would be no PNETID to dump.
    subprocess.run(['dibs', 'smc', 'pnetid', 'add', 'NET1', 'interface', 'lo'],
                   check=True)
    with pairs(CONNECTIONS):
        counts = {'SMC': diag(43, 0, SMC_DIAG_MSG),
                  'TCP': diag(2, 6, INET_DIAG_MSG)}
        for name, number in families():
            if name == 'dibs' or name.startswith('SMC'):
                counts[name] = sum(
                    dump(GENERIC, number, struct.pack('=BBH', command, 1, 0),
                         4, f'{name} {command}') for command in range(1, 64))
    if len(counts) < 4 or not all(counts.values()):
        raise Found(f'too little was found: {counts}')
    print(counts, 'messages')


# --- options -----------------------------------------------------------------

def options():
    libc = ctypes.CDLL(None, use_errno=True)
    count = 0
    with pairs(1) as made:
        for sock in made[0]:
            for level in (1, 0, 6, 286):
                for name in range(100):
                    count += option(libc, sock, level, name)
            for command in (0x541b, 0x8905, 0x5411, 0x894b):
                buffer = bytearray((FILL,)) * LONG
                # Python copies at most 1024 bytes.
                part = fcntl.ioctl(sock, command, bytes(buffer[:1024]))
                untouched(bytearray(part), 4, f'ioctl {command:#x}')
                count += 1
    print(count, 'answers')


def option(libc, sock, level, name):
    buffer = ctypes.create_string_buffer(bytes((FILL,)) * LONG, LONG)
    length = ctypes.c_uint(LONG)
    what = f'option {name} of level {level}'
    # TCP_ZEROCOPY_RECEIVE reads or changes what the buffer points to.
    if (level, name) == (6, 35):
        return 0
    if libc.getsockopt(sock.fileno(), level, name, buffer,
                       ctypes.byref(length)):
        if ctypes.get_errno() == errno.EFAULT:
            raise Found(f'{what}: EFAULT')
        return 0
    untouched(bytearray(buffer.raw), length.value, what)
    judge(buffer.raw[:length.value], what)
    return 1


def main():
    signal.alarm(250)
    command, *rest = sys.argv[1:]
    try:
        {'plant': plant, 'listen': serve, 'meet': meet, 'receive': receive,
         'netlink': netlink, 'options': options}[command](*rest)
    except Found as found:
        sys.exit(f'found: {found}')


main()
