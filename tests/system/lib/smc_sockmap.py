# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections whose ends a BPF program puts into a map of sockets, for
smc-sockmap.sh.

A sock_ops program of this process's cgroup puts each socket that is accepted
(or connects) into a map when TCP has established it, before the program that
listens gets it. A verdict program counts what sockets in the map receive.

Reads commands from standard input, one per line, and answers each with one
line:

  watch passive|active   attach the programs
  open CLIENT SERVER     connect; an end is "smc", "tcp", and with 6 IPv6. The
                         answer is what the map said, and what carries both ends
  exchange               5,000 random bytes each way
  counted                has the verdict program seen any?
  forget                 take the server's end out of the map
  tls                    ask for kTLS on both ends; the answers
  sockmap                put the server's end into the map from here; the answer
  close client|server    close this end; the other one has to see the end
  unwatch                detach the programs
"""

import errno
import os
import socket

import smc_bpf as bpf
import smc_ends as ends

CGROUP = '/sys/fs/cgroup/dibs-sockmap'
OFFSET = 1000               # collector() adds it
TCP_ULP = 31
pair = {}
fds = {}


def name(number):
    return 'taken' if not number else errno.errorcode[-number]


def attempt(call, *args):
    try:
        call(*args)
    except OSError as error:
        return errno.errorcode[error.errno]
    return 'taken'


def watch(side):
    event = bpf.PASSIVE_ESTABLISHED if side == 'passive' else \
        bpf.ACTIVE_ESTABLISHED
    fds['sockets'] = bpf.make_map(bpf.SOCKMAP)
    fds['answer'] = bpf.make_map(bpf.ARRAY)
    fds['counter'] = bpf.make_map(bpf.ARRAY)
    fds['verdict'] = bpf.verdict(fds['counter'])
    bpf.attach(fds['sockets'], fds['verdict'], bpf.SK_SKB_STREAM_VERDICT)
    fds['collector'] = bpf.collector(event, fds['sockets'], fds['answer'])
    os.makedirs(CGROUP, exist_ok=True)
    fds['cgroup'] = os.open(CGROUP, os.O_RDONLY)
    bpf.attach(fds['cgroup'], fds['collector'], bpf.CGROUP_SOCK_OPS)
    move_to(CGROUP)
    return 'watching'


def unwatch():
    bpf.detach(fds['cgroup'], fds['collector'], bpf.CGROUP_SOCK_OPS)
    bpf.detach(fds['sockets'], fds['verdict'], bpf.SK_SKB_STREAM_VERDICT)
    for fd in fds.values():
        os.close(fd)
    fds.clear()
    move_to(os.path.dirname(CGROUP))
    return 'gone'


def move_to(cgroup):
    with open(cgroup + '/cgroup.procs', 'w') as file:
        file.write(str(os.getpid()))


def make(end):
    family = socket.AF_INET6 if end.endswith('6') else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM,
                         ends.SMC if end.startswith('smc') else 0)


def carrier(sock):
    rows = [row for row in ends.run_dibs('smc', 'list')
            if row['local'].endswith(':%d' % sock.getsockname()[1]) and
            row['peer'].endswith(':%d' % sock.getpeername()[1])]
    if not rows:
        return 'plain'
    return rows[0]['reason'] or rows[0]['carrier']


def open_pair(client_end, server_end):
    bpf.set_element(fds['answer'], 0)
    bpf.set_element(fds['counter'], 0)
    server = make(server_end)
    server.bind(('::1' if server_end.endswith('6') else '127.0.0.1', 0))
    server.listen(1)
    pair['client'] = make(client_end)
    pair['client'].connect(server.getsockname())
    pair['server'] = server.accept()[0]
    server.close()
    told = bpf.element(fds['answer'])
    return ' '.join((name(told - OFFSET) if told else 'nothing',
                     carrier(pair['client']), carrier(pair['server'])))


def exchange():
    ends.exchange(pair['client'], pair['server'])
    return 'arrived'


def counted():
    return 'yes' if bpf.element(fds['counter']) else 'no'


def forget():
    bpf.delete_element(fds['sockets'])
    return 'forgotten'


def tls():
    return ' '.join(attempt(sock.setsockopt, socket.IPPROTO_TCP, TCP_ULP,
                            b'tls') for sock in pair.values())


def sockmap():
    return attempt(bpf.set_element, fds['sockets'], pair['server'].fileno())


def close(which):
    other = pair['server' if which == 'client' else 'client']
    pair[which].close()
    rest = other.recv(1)
    other.close()
    pair.clear()
    return 'end' if not rest else 'bytes'


ends.obey({'watch': watch, 'open': open_pair, 'exchange': exchange,
           'counted': counted, 'forget': forget, 'tls': tls,
           'sockmap': sockmap, 'close': close, 'unwatch': unwatch})
