# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""A peer that asks for SMC and then violates CLC, for smc_fallback.py.

The liar is a plain TCP socket in the namespace "liar"; smc_wire.py adds the
option of SMC to its SYNs. These are further commands of smc_fallback.py. Each
answers with what became of the honest end, and the diagnosis of the decline
that the liar got, if any:

  lie client CASE     the liar connects to a listener of ours
  lie server CASE     our client connects to the liar
  mute, late          a server that stays silent; two commands, since our client
                      takes long to give up
  crowd               clients that stop somewhere in their proposal, and behind
                      them an honest one: what carries the honest one if it is
                      accepted first, and how many are not ready then
  stragglers          what became of the others
  hurry               our client does not wait for a silent server: its errors;
                      each connect() has to take between 0.3 s and 5 s
  again               a server resets every other connection at once; a client
                      that was refused connects again with the same socket
  cut client|server   the liar resets the connection in the middle of the
                      handshake with our client or our server: the error, and
                      by how much the counts of broken handshakes of clients
                      and of servers grew
"""

import errno
import os
import select
import signal
import socket
import struct
import threading
import time

import smc_ends as ends

LIAR, BLUE = '10.2.0.1', '10.2.0.2'
EYECATCHER = bytes.fromhex('e2d4c3d9')
ACCEPT, CONFIRM, DECLINE = 2, 3, 4
HERE = os.path.dirname(os.path.realpath(__file__))
CAPTURED = os.path.join(HERE,
                        '../../unit/smc/captured/smcd-v2-handshake-%s.hex')
NO_TOKEN = b'\x5a' * 8
BYTES = bytes(range(256)) * 20
CROWD = 20
AGAIN = 100
UNDONE = 'ECONNRESET', 'ECONNABORTED', 'EPIPE'


# --- messages ----------------------------------------------------------------

def captured(name):
    """A captured message, with the GID and the EID of this system."""
    with open(CAPTURED % name) as file:
        data = bytes.fromhex(file.read())
    with open('/sys/class/dibs/lo/gid') as file:
        gid = bytes.fromhex(file.read().strip().replace('-', ''))
    data = data.replace(bytes.fromhex('444181f61f16094d'), gid[:8])
    data = data.replace(bytes.fromhex('70d9a98117b182a7'), gid[8:])
    return data.replace(b'FIRST-EID'.ljust(32), b'DIBS-DEFAULT'.ljust(32))


def proposal():
    return captured('04-proposal')


def accept():
    data = captured('06-accept')
    return data[:16] + NO_TOKEN + data[24:]


def version_1():
    """A proposal of SMC-D version 1: areas filled with zeroes, no prefix."""
    header = EYECATCHER + struct.pack('!BHB', 1, 92, 0x11)
    return header + struct.pack('!30xH40x8x', 40) + EYECATCHER


def read_message(sock):
    header = ends.receive(sock, 8)
    if header[:3] != EYECATCHER[:3]:
        raise ends.Wrong(f'{header.hex()} is no message')
    length = struct.unpack_from('!H', header, 5)[0]
    return header + ends.receive(sock, length - 8)


def read_decline(sock):
    message = read_message(sock)
    if message[4] != DECLINE:
        raise ends.Wrong(f'{message.hex()} is no decline')
    return message[16:20].hex()


# --- clients that lie --------------------------------------------------------

def tell_nothing(sock):
    sock.sendall(BYTES)
    return BYTES, '-'


def tell(*messages):
    """Sends messages and reads an answer to each; the last is a decline."""
    def case(sock):
        for message in messages[:-1]:
            sock.sendall(message())
            read_message(sock)
        sock.sendall(messages[-1]())
        return b'', read_decline(sock)
    return case


def garbage():
    return EYECATCHER + b'\1\0\7' + b'garbage'


def other_version():
    """A message of 96 bytes in version 7."""
    return EYECATCHER + b'\1\0\x60\x70' + bytes(0x58)


def wrong_confirm(sock):
    sock.sendall(proposal())
    message = bytearray(read_message(sock))
    if message[4] != ACCEPT:
        raise ends.Wrong(f'{message.hex()} is no accept')
    message[4] = CONFIRM
    message[16:24] = NO_TOKEN
    sock.sendall(message)
    return b'', read_decline(sock)


def declines(sock):
    sock.sendall(EYECATCHER + struct.pack('!BHB8xIB3x', DECLINE, 28, 0x10,
                                          0xdeadbeef, 0) + EYECATCHER)
    return b'', '-'


def beginning():
    """Could begin a CLC message, or a program's own bytes."""
    return EYECATCHER[:3]


def end_after_bytes(sock):
    sock.sendall(beginning())
    sock.shutdown(socket.SHUT_WR)
    return beginning(), '-'


def end_in_message(sock):
    sock.sendall(proposal()[:50])
    sock.shutdown(socket.SHUT_WR)
    return b'', read_decline(sock)


def end(sock):
    sock.shutdown(socket.SHUT_WR)
    return b'', '-'


ENDS = {
    'end': end,
    'bytes-end': end_after_bytes,
    'message-end': end_in_message,
}

CLIENT = {
    'bytes': tell_nothing,
    'garbage': tell(garbage),
    'other-version': tell(other_version),
    'version-1': tell(version_1),
    'accept': tell(accept),
    'confirm': wrong_confirm,
    'decline': declines,
    **ENDS,
}

# The liar reads a proposal before each of these.
SERVER = {
    'bytes': tell_nothing,
    'garbage': tell(garbage),
    'other-version': tell(other_version),
    'confirm': tell(lambda: captured('08-confirm')),
    'accept': tell(accept),
    'decline': declines,
    **ENDS,
}


def liar_connects(port):
    sock = ends.make('liar:tcp')
    sock.connect((BLUE, port))
    return sock


def go_on(honest, liar, sent=b''):
    """TCP carries what was sent already, then bytes both ways."""
    ends.expect(honest, sent)
    ends.exchange(honest, liar)
    ends.exchange(liar, honest)


def go_on_half(honest, liar, sent):
    """The liar has shut down its direction."""
    ends.expect(honest, sent)
    if honest.recv(1):
        raise ends.Wrong('bytes from nowhere')
    honest.sendall(BYTES)
    ends.expect(liar, BYTES)


def lie_to_server(case):
    server = ends.listen('blue')
    liar = liar_connects(server.getsockname()[1])
    sent, told = CLIENT[case](liar)
    honest = server.accept()[0]
    (go_on_half if case in ENDS else go_on)(honest, liar, sent)
    return ends.fate('blue', 'server', honest) + ' ' + told


def begin_connecting():
    server = ends.listen('liar:tcp')
    honest = ends.make('blue')
    honest.setblocking(False)
    if honest.connect_ex((LIAR, server.getsockname()[1])) != errno.EINPROGRESS:
        raise ends.Wrong('connect() did not take its time')
    liar = server.accept()[0]
    if read_message(liar)[4] != 1:
        raise ends.Wrong('no proposal')
    return honest, liar


def finish_connecting(honest):
    poll = select.poll()
    poll.register(honest, select.POLLOUT)
    poll.poll()
    error = honest.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise ends.Wrong(os.strerror(error))
    honest.setblocking(True)


def lie_to_client(case):
    honest, liar = begin_connecting()
    sent, told = SERVER[case](liar)
    finish_connecting(honest)
    (go_on_half if case in ENDS else go_on)(honest, liar, sent)
    return ends.fate('blue', 'client', honest) + ' ' + told


def lie(role, case):
    return (lie_to_server if role == 'client' else lie_to_client)(case)


# --- peers that break off ----------------------------------------------------

def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('=ii', 1, 0))
    sock.close()


def cut_server():
    server = ends.listen('blue')
    liar = liar_connects(server.getsockname()[1])
    liar.sendall(proposal()[:50])
    reset(liar)
    server.accept()[0].recv(1)


def cut_client():
    honest, liar = begin_connecting()
    reset(liar)
    poll = select.poll()
    poll.register(honest, select.POLLOUT)
    poll.poll()
    honest.recv(1)


def broken():
    return ends.dibs('blue', 'smc', 'stats')['broken_handshakes']


def cut(role):
    before = broken()
    try:
        {'client': cut_client, 'server': cut_server}[role]()
        error = 'none'
    except OSError as reason:
        error = errno.errorcode[reason.errno]
    now = broken()
    return ' '.join([error] + [str(now[each] - before[each])
                               for each in ('client', 'server')])


# --- peers that say nothing --------------------------------------------------

waiting = {}


def go_on_late(honest, liar, message):
    """The programs' bytes arrive; a CLC message that comes late does not."""
    honest.sendall(BYTES)
    ends.expect(liar, BYTES)
    liar.sendall(message + BYTES)
    go_on(honest, liar, BYTES)


def mute():
    waiting['mute'] = begin_connecting()
    return 'begun'


def late():
    honest, liar = waiting.pop('mute')
    finish_connecting(honest)
    told = read_decline(liar)
    go_on_late(honest, liar, accept())
    return ends.fate('blue', 'client', honest) + ' ' + told


def errors_of(action):
    try:
        action()
        error = 'connected'
    except OSError as reason:
        error = errno.errorcode[reason.errno]
    return error


def try_to_connect(honest, address, limit):
    """Calls connect() itself: Python's would wait in poll()."""
    honest.setblocking(True)
    honest.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                      struct.pack('ll', 0, limit))
    name = struct.pack('=H', address[0]) + address[1]
    return errors_of(lambda: ends.call_libc(
        'connect', honest.fileno(), name, len(name)))


def inet(address, port):
    return socket.AF_INET, struct.pack('>H', port) + socket.inet_aton(
        address) + bytes(8)


def given_up(honest, place):
    """Another thread dissolves the connection meanwhile; any error will do."""
    returned = threading.Event()

    def undo():
        # AF_UNSPEC dissolves nothing while connect() has not begun.
        while not returned.wait(0.5):
            ends.call_libc('connect', honest.fileno(),
                           struct.pack('=H', socket.AF_UNSPEC) + bytes(14), 16)

    thread = threading.Thread(target=undo)
    thread.start()
    error = try_to_connect(honest, place, 0)
    returned.set()
    thread.join()
    return 'undone' if error in UNDONE else error


def interrupted(honest, place):
    """A signal interrupts connect(), which is not restarted."""
    old = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, True)
    # The first signal may come before connect() has begun.
    signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
    error = try_to_connect(honest, place, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, old)
    return error


def hurry():
    server = ends.listen('liar:tcp')
    place = inet(LIAR, server.getsockname()[1])
    honest = ends.make('blue')
    told = []
    for connect in (
            lambda: try_to_connect(honest, place, 500000),
            lambda: try_to_connect(honest, place, 500000),
            lambda: given_up(honest, place),
            lambda: given_up(ends.make('blue'), place),
            lambda: interrupted(ends.make('blue'), place)):
        began = time.monotonic()
        told.append(connect())
        took = time.monotonic() - began
        # Shorter than the handshake's timeout.
        if not 0.3 < took < 5:
            raise ends.Wrong(f'after {took} s')
    return ' '.join(told)


def serve_every_other(server):
    for number in range(2 * AGAIN):
        peer = server.accept()[0]
        if number % 2:
            peer.sendall(peer.recv(1))
            peer.close()
        else:
            reset(peer)


def again():
    server = ends.listen('blue')
    served = threading.Thread(target=serve_every_other, args=(server,))
    served.start()
    for _ in range(AGAIN):
        client = ends.make('red')
        place = ends.ADDRESS['blue'], server.getsockname()[1]
        if errors_of(lambda: client.connect(place)) == 'connected':
            client = ends.make('red')
        client.connect(place)
        client.sendall(b'x')
        ends.expect(client, b'x')
        if ends.row_of('red', client)['carrier'] != 'SMC-D':
            raise ends.Wrong('not by SMC-D')
    served.join()
    return f'{AGAIN} connected'


def undecided():
    return sum(row['peer'].startswith(LIAR) and not row['carrier']
               for row in ends.dibs('blue', 'smc', 'list'))


def crowd():
    server = ends.listen('blue')
    port = server.getsockname()[1]
    liars = {}
    for number in range(CROWD):
        liar = liar_connects(port)
        # From nothing to nearly the whole proposal.
        begun = number * len(proposal()) // CROWD
        liar.sendall(proposal()[:begun])
        liars[liar.getsockname()] = liar, proposal()[begun:]
    honest = ends.make('red')
    honest.connect((ends.ADDRESS['blue'], port))
    peer, address = server.accept()
    waiting['crowd'] = server, liars
    if address != honest.getsockname():
        return f'{address[0]} was first'
    ends.exchange(honest, peer)
    ends.fate('red', 'client', honest)
    return ends.fate('blue', 'server', peer) + f' {undecided()}'


def stragglers():
    server, liars = waiting.pop('crowd')
    fates = set()
    while liars:
        honest, address = server.accept()
        liar, rest = liars.pop(address)
        told = read_decline(liar)
        go_on_late(honest, liar, rest)
        fates.add(ends.fate('blue', 'server', honest) + ' ' + told)
    return ' '.join(fates)


COMMANDS = {'lie': lie, 'mute': mute, 'late': late, 'crowd': crowd,
            'stragglers': stragglers, 'cut': cut, 'hurry': hurry,
            'again': again}
