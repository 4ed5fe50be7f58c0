# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""A connection between "red" and "blue" for smc-filter.sh.

Obeys one command a line from standard input and answers with one line:

  open [tcp] connects red to blue: what carries the ends, "SMC-D SMC-D"; or by
             sockets of plain TCP
  send N     the client sends N random bytes, the server has to get them
  capture    the client sends a word, the server gets it: is it in a packet
             that a packet socket in blue has caught meanwhile?
  post       the client sends 100 bytes; nobody waits for them
  here       is something to be read at the server?
  fetch      waits for what was posted
  probe      from now on TCP asks each second whether the other end is there,
             and gives up after the third
  ends       waits until both ends are over: the errors of client and server
  refused    connects once more: the error
  hooked     the same from a cgroup with a BPF program that lets nobody connect
  drop PATH  a program for XDP that drops packets is there, for "ip link set"
  sockmap    puts the client's end into a BPF map of sockets: the error
  close      both ends
"""

import errno
import os
import random
import select
import socket

import smc_bpf as bpf
import smc_fallback as ends

ETH_P_ALL = 3
WORD = random.randbytes(64)
POSTED = b'posted' * 20
CGROUPS = '/sys/fs/cgroup'
pair = []


def open_pair(kind=''):
    pair[:] = ends.connect('red:' + kind, 'blue:' + kind)
    return ' '.join(map(ends.fate, ('red', 'blue'), ('client', 'server'),
                        pair))


def send(count):
    left = int(count)
    while left:
        data = random.randbytes(min(left, 10000))
        pair[0].sendall(data)
        ends.expect(pair[1], data)
        left -= len(data)
    return 'arrived'


def capture():
    ends.enter('blue')
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                       socket.htons(ETH_P_ALL)) as tap:
        tap.bind(('blue0', 0))
        pair[0].sendall(WORD)
        ends.expect(pair[1], WORD)
        # A packet is here before its bytes are there.
        while select.select([tap], (), (), 0)[0]:
            if WORD in tap.recv(65536):
                return 'caught'
    return 'nothing'


def post():
    pair[0].sendall(POSTED)
    return 'posted'


def here():
    return 'yes' if select.select(pair[1:], (), (), 0)[0] else 'no'


def fetch():
    ends.expect(pair[1], POSTED)
    return 'arrived'


def probe():
    for sock in pair:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    return 'probing'


def error_of(sock):
    try:
        data = sock.recv(1)
    except OSError as error:
        return errno.errorcode[error.errno]
    return f'read {data}'


def both_ends():
    return ' '.join(map(error_of, pair))


def refused():
    server = ends.listen('blue')
    try:
        ends.make('red').connect((ends.ADDRESS['blue'],
                                  server.getsockname()[1]))
    except OSError as error:
        return errno.errorcode[error.errno]
    return 'connected'


def move_to(cgroup):
    with open(cgroup + '/cgroup.procs', 'w') as file:
        file.write(str(os.getpid()))


def hooked():
    cgroup = CGROUPS + '/dibs-filter'
    os.mkdir(cgroup)
    bpf.refuse_connect(cgroup)
    move_to(cgroup)
    answer = refused()
    move_to(CGROUPS)
    os.rmdir(cgroup)
    return answer


def drop(path):
    bpf.pin_drop(path)
    return 'there'


def sockmap():
    try:
        bpf.put_into_sockmap(pair[0])
    except OSError as error:
        return errno.errorcode[error.errno]
    return 'taken'


def close():
    while pair:
        pair.pop().close()
    return 'closed'


ends.obey({'open': open_pair, 'send': send, 'capture': capture, 'post': post,
           'here': here, 'fetch': fetch, 'probe': probe, 'ends': both_ends,
           'refused': refused, 'hooked': hooked, 'drop': drop,
           'sockmap': sockmap, 'close': close})
