# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Makes connections for smc-fallback.sh and reports what became of them.

Reads commands from standard input, one per line, and answers each with one
line:

  pair CLIENT SERVER   connect, exchange bytes both ways, close
  hold CLIENT SERVER   the same, but the connection stays open
  drop                 close what "hold" left open
  idle CLIENT SERVER   fill the server's ring, read it, and wait until it uses
                       no more memory than when it was empty
  greet CLIENT SERVER  a few times: connect, the server sends two small pieces;
                       the answer is how many of the client's ACKs were delayed
  counts               compare "dibs smc fallbacks" with all answers so far
  lie, mute, late, crowd, stragglers, cut, hurry, again
                       see smc_peer.py

CLIENT and SERVER are ends as in smc_ends.py. The answer to "pair" and "hold"
has a word for each end, the client's first: "SMC-D"; or the reason for TCP,
followed by a slash and the peer's reason if there is one; or "plain" if the
end is not an SMC socket. Lost bytes and fallbacks that were not counted have
answers of their own.
"""

import time

import smc_ends as ends
import smc_peer

IDLE = 20           # seconds within which an idle ring has to free its memory

held = []


def counts():
    """Was each connection counted once, and nothing else counted?"""
    got = {(namespace, row['role'], row['carrier'], row['reason']): row['count']
           for namespace in ends.ADDRESS
           for row in ends.dibs(namespace, 'smc', 'fallbacks') if row['count']}
    wrong = [f'{got.get(key)} of {count} {key}'
             for key, count in ends.expected.items() if got.get(key) != count]
    wrong += [f'{key}' for key in got if key not in ends.expected]
    if wrong:
        raise ends.Wrong(', '.join(wrong))
    return 'right'


def hold(client_end, server_end):
    namespaces = client_end.partition(':')[0], server_end.partition(':')[0]
    socks = ends.connect(client_end, server_end)
    held.extend(socks)
    ends.exchange(*socks)
    return ' '.join(map(ends.fate, namespaces, ('client', 'server'),
                        socks))


def drop():
    while held:
        held.pop().close()
    return 'dropped'


def pair(client_end, server_end):
    answer = hold(client_end, server_end)
    held.pop().close()
    held.pop().close()
    return answer


def late_acks(namespace):
    ends.enter(namespace)
    with open('/proc/net/netstat') as file:
        names, values = [line.split() for line in file][:2]
    return int(values[names.index('DelayedACKs')])


def greet_some(client_end, server_end):
    """Returns how many ACKs were delayed."""
    red, blue = client_end.partition(':')[0], server_end.partition(':')[0]
    before = late_acks(red)
    for _ in range(5):
        client, peer = ends.connect(client_end, server_end)
        peer.send(b'a')
        # Nagle's algorithm holds this back until 'a' is acknowledged.
        peer.send(b'b')
        ends.expect(client, b'ab')
        ends.fate(red, 'client', client)
        ends.fate(blue, 'server', peer)
        client.close()
        peer.close()
    return late_acks(red) - before


def greet(client_end, server_end):
    # An ACK can be delayed once because the CPU was busy elsewhere.
    for _ in range(3):
        late = greet_some(client_end, server_end)
        if not late:
            break
    return f'{late} late'


def memory(namespace):
    return sum(row['memory'] for row in ends.dibs(namespace, 'dmb', 'list'))


def idle(client_end, server_end):
    client, peer = ends.connect(client_end, server_end)
    ends.fate(client_end, 'client', client)
    ends.fate(server_end, 'server', peer)
    empty = memory(server_end)
    client.setblocking(False)
    sent = 0
    try:
        while True:
            sent += client.send(bytes(65536))
    except BlockingIOError:
        pass
    full = memory(server_end)
    ends.receive(peer, sent)
    deadline = time.monotonic() + IDLE
    while (now := memory(server_end)) != empty:
        if time.monotonic() > deadline:
            raise ends.Wrong(f'{empty} bytes, {full} when full, then {now}')
        time.sleep(0.2)
    if not 0 < empty < sent <= full:
        raise ends.Wrong(f'{empty} bytes, {full} when full of {sent}')
    client.setblocking(True)
    ends.exchange(client, peer)
    client.close()
    peer.close()
    return 'as before'


ends.obey({'pair': pair, 'hold': hold, 'drop': drop, 'idle': idle,
           'greet': greet, 'counts': counts, **smc_peer.COMMANDS})
