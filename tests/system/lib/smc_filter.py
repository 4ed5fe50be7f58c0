# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""A connection between "red" and "blue" for smc-filter.sh.

Reads commands from standard input, one per line, and answers each with one
line:

  open [tcp] connect red to blue, with plain TCP sockets if it says so; the
             answer is what carries the ends, "SMC-D SMC-D"
  send N     the client sends N random bytes, the server has to get them
  capture    the client sends a word, the server gets it; the answer says
             whether a packet socket in blue has caught it meanwhile
  post       the client sends 120 bytes; nobody waits for them
  here       can anything be read at the server?
  fetch      wait for what was posted
  probe [N]  from now on TCP probes after N seconds (1) without a packet, then
             each second, whether the other end exists, and gives up after the
             third probe
  ends       wait until both ends are over; the answer is the errors of client
             and server
  refused    connect again; the answer is the error
  hooked     the same in a cgroup with a BPF program that forbids connect()
  landlocked the same in a process whose Landlock rules forbid connect() to
             all ports; "none" if this kernel has no Landlock
  drop PATH  pin an XDP program that drops packets, for "ip link set"
  sockmap    put the client's end into a BPF map of sockets; the answer is the
             error
  close      close both ends
"""

import errno
import os
import random
import select
import socket
import struct

import smc_bpf as bpf
import smc_ends as ends

ETH_P_ALL = 3
WORD = random.randbytes(64)
POSTED = b'posted' * 20
CGROUPS = '/sys/fs/cgroup'
PR_SET_NO_NEW_PRIVS = 38
SYS_LANDLOCK_CREATE_RULESET = 444
SYS_LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_ACCESS_NET_CONNECT_TCP = 2
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
        # The tap gets a packet before the server gets its bytes.
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


def probe(idle='1'):
    for sock in pair:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(idle))
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


def refuse_by_landlock():
    """For this process: no TCP connection to any port. False if this kernel
    cannot do that."""
    handled = struct.pack('QQ', 0, LANDLOCK_ACCESS_NET_CONNECT_TCP)
    ruleset = ends.libc.syscall(SYS_LANDLOCK_CREATE_RULESET, handled,
                                len(handled), 0)
    if ruleset < 0:
        return False
    ends.call_libc('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    ends.call_libc('syscall', SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    return True


def landlocked():
    told, tell = os.pipe()
    if not os.fork():
        answer = refused() if refuse_by_landlock() else 'none'
        os.write(tell, answer.encode())
        os._exit(0)
    os.close(tell)
    os.wait()
    with open(told) as file:
        return file.read()


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
           'refused': refused, 'hooked': hooked, 'landlocked': landlocked,
           'drop': drop, 'sockmap': sockmap, 'close': close})
