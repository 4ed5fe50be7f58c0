# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Clients in "red" that connect again and again to servers in "blue", for
smc-lossy.sh, which makes the link between them lose packets.

  smc_lossy.py reconnect KIND   each client has one socket, which it connects,
                                disconnects by AF_UNSPEC and connects again
  smc_lossy.py reload KIND      the listener closes and another opens, before
                                that or after it, while clients connect; a
                                client that was refused or reset tries again
  smc_lossy.py hang-up KIND     clients or their listener close without a word
                                as soon as the clients have begun to connect;
                                all of them in "blue", so that resets arrive
                                at once

KIND is "tcp" or "smc". A server echoes what it got once it has all of it. It is
a failure if a client gets other bytes or an error that it must not get, if
anybody waits for PATIENCE seconds, or if a server accepts a connection that no
client has made.
"""

import collections
import contextlib
import ctypes
import errno
import os
import random
import socket
import struct
import sys
import threading
import traceback

import smc_ends as ends

PATIENCE = 100      # seconds, only to end what hangs
CLIENTS = 16
ROUNDS = {'reconnect': 10, 'reload': 10, 'hang-up': 12}
LIFE = 8            # connections that a listener accepts before a reload

# What TCP tells a client whose listener closes, at one moment or another. It
# was also seen to end the stream before its first byte.
MAY_TELL = {'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTCONN', 'ETIMEDOUT'}

# A reset that is lost is not repeated: the other end has to ask.
KEEPALIVE = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
             (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
             (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1))

task, kind = sys.argv[1:]
told = collections.Counter()
wrong = []


def make(namespace):
    sock = ends.make(f'{namespace}:{kind}')
    sock.settimeout(PATIENCE)
    for option in KEEPALIVE:
        sock.setsockopt(*option)
    return sock


def listen(port=0):
    server = make('blue')
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(('', port))
    server.listen(64)
    return server


def read_all(sock):
    data = b''
    while part := sock.recv(65536):
        data += part
    return data


def disconnect(sock):
    nobody = (ctypes.c_ushort * 8)(socket.AF_UNSPEC)
    sock.setblocking(True)
    ends.call_libc('connect', sock.fileno(), nobody, len(bytes(nobody)))
    sock.settimeout(PATIENCE)


def answer(sock):
    sock.settimeout(PATIENCE)
    with sock:
        data = read_all(sock)
        sock.sendall(data)


def ask(sock, port):
    data = random.randbytes(random.randrange(1, 30000))
    sock.connect((ends.ADDRESS['blue'], port))
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
    got = read_all(sock)
    if task == 'reload' and not got:
        raise NoAnswer
    if got != data:
        raise ends.Wrong(f'{len(got)} bytes, {len(data)} expected')


class NoAnswer(Exception):
    """The stream ended before its first byte."""


def guarded(function, *args):
    """Runs in a thread; whatever it raises is a failure."""
    try:
        function(*args)
    except (OSError, ends.Wrong):
        wrong.append(traceback.format_exc())


def start(function, *args):
    thread = threading.Thread(target=guarded, args=(function, *args),
                              daemon=True)
    thread.start()
    return thread


def serve_in_turn(server, count):
    for _ in range(count):
        answer(server.accept()[0])
    # Whoever is here has not been asked for by any client.
    server.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        raise ends.Wrong(f'a connection too many: {server.accept()}')


def ask_in_turn(port, count):
    with make('red') as sock:
        for _ in range(count):
            ask(sock, port)
            disconnect(sock)


def reconnect(count):
    threads = []
    for _ in range(CLIENTS):
        server = listen()
        threads += [start(serve_in_turn, server, count),
                    start(ask_in_turn, server.getsockname()[1], count)]
    return threads


def answer_or_hear(sock):
    """The client may have been reset with an older listener."""
    try:
        answer(sock)
    except TimeoutError:
        raise
    except OSError as error:
        hear('server', error)


def hear(who, error):
    """Notes an error; it is a failure if it is none of MAY_TELL."""
    name = errno.errorcode.get(error.errno, str(error))
    if name not in MAY_TELL:
        raise error
    told[f'{who} {name}'] += 1


def accept(server, count):
    for _ in range(count):
        start(answer_or_hear, server.accept()[0])


def serve_with_reloads(server, port):
    while True:
        accept(server, LIFE)
        if random.randrange(2):
            server.close()
            server = listen(port)
        else:
            old, server = server, listen(port)
            old.close()


def ask_until_answered(port, count):
    while count:
        with make('red') as sock:
            try:
                ask(sock, port)
                count -= 1
            except TimeoutError as error:
                if error.errno is None:
                    raise
                hear('client', error)
            except OSError as error:
                hear('client', error)
            except NoAnswer:
                told['client end of stream'] += 1


def reload(count):
    server = listen()
    port = server.getsockname()[1]
    start(serve_with_reloads, server, port)
    return [start(ask_until_answered, port, count) for _ in range(CLIENTS)]


def begin(port):
    sock = make('blue')
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        sock.connect(('127.0.0.1', port))
    return sock


def break_off(count):
    for _ in range(count):
        server = listen()
        socks = [begin(server.getsockname()[1]) for _ in range(8)]
        if random.randrange(2):
            server.close()
        for sock in socks:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack('ii', 1, 0))
            sock.close()
        server.close()


def hang_up(count):
    return [start(break_off, count) for _ in range(CLIENTS)]


TASKS = {'reconnect': reconnect, 'reload': reload, 'hang-up': hang_up}
for each in TASKS[task](ROUNDS[task]):
    each.join(2 * PATIENCE)
    if each.is_alive():
        wrong.append('a thread hangs\n')
print(task, kind, dict(told), len(wrong), 'wrong')
print(''.join(wrong[:3]), end='', flush=True)
os._exit(bool(wrong))
