# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""The statements of smc-tools.sh, in one process: programs start slowly in
guests.

Connections go from namespace "green" to ADDRESS in namespace "red".
"""

import contextlib
import errno
import faulthandler
import os
import socket
import subprocess
import sys
import traceback

import smc_changes as changes
import smc_figures as figures
import smc_netlink as netlink
from smc_ask import (ACTIVE, ADDRESS, APPCLOSEWAIT1, CONFIGURED, LISTEN,
                     PEERCLOSEWAIT1, PEER_HAS_NONE, RING, SIZE, SMC, SMCD, TCP,
                     Ends, Tap, dibs, dump, one, part, set_both, sockets,
                     sysctl)
from smc_rights import no_caps, own_user_namespace, under

HOST = os.uname().nodename

# From <linux/dibs.h>.
DEV_ADD, DEV_DEL, DEV_NAME, DEV_KIND = 2, 3, 2, 3


# --- before the first connection ---------------------------------------------

def find_module(tap):
    """The first call of each tool loads the module by such a name."""
    aliases = subprocess.check_output(('modinfo', '-F', 'alias', 'dibs_smc'),
                                      text=True).split()
    for alias in ('net-pf-43', 'net-pf-16-proto-4-type-43',
                  'net-pf-16-proto-16-family-SMC_GEN_NETLINK',
                  'net-pf-16-proto-16-family-SMC_PNETID',
                  'net-pf-2-proto-256-type-1', 'net-pf-10-proto-256-type-1'):
        tap.same(f'dibs_smc answers for {alias}', True,
                 aliases.__contains__, alias)


class Device:
    """How connections refer to the device."""

    def __init__(self, name):
        where = f'/sys/class/dibs/{name}/'
        with open(where + 'gid') as file:
            digits = file.read().strip().replace('-', '')
        with open(where + 'fabric_id') as file:
            self.fabric = int(file.read(), 0)
        self.gid, self.ext = int(digits[:16], 16), int(digits[16:], 16)


def empty_namespace(tap, device):
    tap.same('the system speaks version 2.1', [dict(
        version=2, release=1, ism_v2=1, smcr_v2=0, seid='', host=HOST)],
        dump, 'green', 'sys_info')
    for name in 'lgr_smcr', 'link_smcr', 'dev_smcr':
        tap.same(f'the dump {name} is empty, as there is no SMC-R', [], dump,
                 'green', name)
    tap.same('the loopback device is listed', [dict(
        used=0, critical=0, fid=0, chid=device.fabric, vendor=0, device=0,
        id='lo', port=dict(by_user=0, pnetid=''))], dump, 'green', 'dev_smcd')
    tap.same('there is no link group', [], dump, 'green', 'lgr_smcd')
    tap.same('no connection fell back', [], dump, 'green', 'fback_stats')
    tap.same('there is no socket', [], sockets, 'green', 'conninfo', 'dmbinfo')
    tap.same('all figures are zero', {0}, lambda:
             set(figures.flat(dump('green', 'stats')[0]).values()))
    dibs('device', 'leave', 'lo')
    tap.same('a namespace that left the device does not see it', [],
             dump, 'green', 'dev_smcd')
    dibs('device', 'join', 'lo')


def on_pci(tap):
    """A device on top of some PCI function of this machine."""
    def selftest(command):
        with open('/sys/module/dibs_selftest/parameters/do', 'w') as file:
            file.write(command)

    def number(name):
        with open(f'/sys/bus/pci/devices/{address}/{name}') as file:
            return int(file.read(), 0)

    def identity():
        device, = (d for d in dump('green', 'dev_smcd') if d['id'] != 'lo')
        return device['id'], device['vendor'], device['device'], device['fid']

    address = sorted(os.listdir('/sys/bus/pci/devices'))[-1]
    subprocess.run(('modprobe', 'dibs_selftest', 'run='), check=True)
    selftest(f'device st-pci {address}')
    tap.same('a device on a PCI bus is named after its function',
             (address, number('vendor'), number('device'), 0), identity)
    selftest('no-device')
    subprocess.run(('rmmod', 'dibs_selftest'), check=True)


# --- connections -------------------------------------------------------------

def heard_of(info):
    """A reader need not report at once what it has read."""
    read = [info[name] in ((0, 0), (0, 100)) for name in ('tx_cons', 'tx_fin')]
    return {**info, 'token': 0, 'tx_cons': read[0], 'tx_fin': read[1]}


def addresses_and_cursors(tap, path, ends):
    tap.same(f"{path}: smcss sees the client's end", {
        'state': ACTIVE, 'mode': SMCD, 'shut': 0, 'uid': 0, 'if': 0,
        'reason': 0, 'peer_reason': 0, 'src': '10.3.0.1', 'dst': ADDRESS,
        'sport': ends.port, 'dport': ends.listener, 'inode': ends.inode},
        one, *ends.client)
    tap.same(f"{path}: smcss sees nothing of the server's end", 1,
             lambda: len(sockets('green')))
    tap.same(f"{path}: smcss sees the listener and the server's end",
             [(ACTIVE, SMCD, ends.port), (LISTEN, TCP, 0)], lambda:
             sorted((r['state'], r['mode'], r['dport'])
                    for r in sockets('red')))
    tap.same(f'{path}: smcss -d shows that the client has written 100 bytes', {
        'sndbuf': SIZE, 'rmbe': SIZE, 'peer_rmbe': SIZE, 'token': 0,
        'tx_prod': (0, 100), 'tx_prep': (0, 100), 'tx_sent': (0, 100),
        'tx_cons': True, 'tx_fin': True, 'rx_prod': (0, 0), 'rx_cons': (0, 0),
        'flags': (0, 0, 0, 0), 'reserved': False},
        lambda: heard_of(part('conninfo', *ends.client)))
    tap.has(f'{path}: smcss -d shows that the server has read 100 bytes', {
        'rx_prod': (0, 100), 'rx_cons': (0, 100), 'tx_prod': (0, 0)},
        part, 'conninfo', *ends.server)
    tap.same(f'{path}: smcss gets only what it asked for', (0, False, False),
             lambda: (lambda c: (c['shutdown'], 'conninfo' in c,
                                 'dmbinfo' in c))(
                 one(*ends.client, 'shutdown', 'lgrinfo')))


def tokens(tap, path, ends, device, group):
    """Tokens are shown only to the administrator of the namespace."""
    known = dict(linkid=group, hole=0, gid=device.gid, peer_gid=device.gid,
                 gid_ext=device.ext, peer_gid_ext=device.ext)
    mine = part('dmbinfo', *ends.client)
    tap.has(f"{path}: smcss -D shows the client's GIDs and link group", known,
            part, 'dmbinfo', *ends.client)
    tap.same(f'{path}: smcss -D shows two tokens', 2, lambda:
             len({mine['token'], mine['peer_token']} - {0}))
    tap.has(f"{path}: smcss -D shows the tokens swapped at the server's end",
            dict(token=mine['peer_token'], peer_token=mine['token']),
            part, 'dmbinfo', *ends.server)
    figures.enter('green')      # before capabilities are dropped
    for rights in no_caps, own_user_namespace:
        tap.same(f'{path}: {rights.__doc__} sees all but the tokens',
                 dict(known, token=0, peer_token=0),
                 under, rights, part, 'dmbinfo', *ends.client)
    tap.same(f'{path}: {no_caps.__doc__} sees the link group', [group], under,
             no_caps, lambda: [g['id'] for g in dump('green', 'lgr_smcd')])


def link_groups(tap, path, device, group):
    for name in 'green', 'red':
        tap.same(f'{path}: {name} has one link group of one connection',
                 [dict(id=0, gid=device.gid, gid_ext=device.ext,
                       peer_gid=device.gid, peer_gid_ext=device.ext, vlan=0,
                       conns=1, pnetid='', chid=device.fabric, sndbuf=0,
                       dmb=RING, v2=dict(version=2, release=1, os=2,
                                         eid='DIBS-DEFAULT', host=HOST))],
                 lambda name: [{**g, 'id': 0} for g in dump(name, 'lgr_smcd')],
                 name)
        tap.same(f'{path}: {name} has one link group over the device', [(1, 1)],
                 lambda name: [(d['used'], d['critical'])
                               for d in dump(name, 'dev_smcd')], name)
    tap.same(f'{path}: the link group is the one that smcss names', [group],
             lambda: [g['id'] for g in dump('green', 'lgr_smcd')])


def masks(tap, path):
    figures.enter('red')
    # The listener, and the server's end.
    tap.same(f'{path}: each mask of extensions gets these and no others',
             256 * 2, netlink.each_mask)


def shut_down(tap, path, pair, ends):
    pair.client.shutdown(socket.SHUT_WR)
    tap.same(f'{path}: the client shuts down', b'', pair.server.recv, 1)
    wanted = {'client': (2, 2, PEERCLOSEWAIT1, (0, 0, 0, 0x80)),
              'server': (1, 1, APPCLOSEWAIT1, (0, 0x80, 0, 0))}
    for role, statement in (
            ('client', 'the client\'s end is shown as shut down'),
            ('server', "the server's end is shown as still to be closed")):
        tap.same(f'{path}: {statement}', wanted[role], lambda end:
                 (lambda r: (r['shut'], r['shutdown'], r['state'],
                             r['conninfo']['flags']))(
                     one(*end, 'shutdown', 'conninfo')),
                 getattr(ends, role))


def views(tap, path, device):
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done(f'{path}: a client connects from green to red', pair.connect)
        pair.client.send(bytes(100))
        tap.done(f'{path}: 100 bytes arrive', figures.receive, pair.server,
                 100)
        ends = Ends(pair)
        group = part('dmbinfo', *ends.client)['linkid']
        addresses_and_cursors(tap, path, ends)
        tokens(tap, path, ends, device, group)
        link_groups(tap, path, device, group)
        masks(tap, path)
        shut_down(tap, path, pair, ends)
    tap.same(f'{path}: a link group without connections is not shown', [],
             dump, 'green', 'lgr_smcd')


FIGURES = (
    ('connection', 'rings are counted by size, their bytes while they exist'),
    ('sizes', 'a call is counted by how many bytes it sent or received'),
    ('peek', 'MSG_PEEK is not counted'),
    ('full', 'a ring that is full or too small for a call is counted'),
    ('large', 'a call of more than 1 MiB is counted as such'),
    ('options', 'TCP_CORK and TCP_NODELAY are counted when they are set'),
    ('urgent', 'a call with MSG_OOB is counted at both ends'),
    ('sendfile', 'sendfile() is counted, and its bytes as well'),
    ('splice', 'splice() from a socket is counted, and its bytes as well'),
    ('fallback', 'a connection that fell back changes no figure'),
)
WITH_LARGE_RINGS = (
    ('sizes', 'a call is counted by its bytes with rings of 1 MiB, too'),
    ('full', 'a full ring is counted with rings of 1 MiB, too'),
)


def figure_cases(tap, path):
    for case, statement in FIGURES:
        tap.done(f'{path}: {statement}', figures.run, case, 'green', 'red',
                 ADDRESS, RING)
    set_both('rmem', 1 << 20)
    for case, statement in WITH_LARGE_RINGS:
        tap.done(f'{path}: {statement}', figures.run, case, 'green', 'red',
                 ADDRESS, 1 << 20)
    set_both('rmem', RING)


def small_device(tap):
    """A device with short DMBs makes rings short; its link group is new."""
    dibs('device', 'add', 'small', 'max-len', '32768')
    dibs('device', 'grant', 'small', 'red')
    socket.sethostname(b'\x1b[2J\xffname')
    tap.done('rings that a device makes shorter are counted', figures.run,
             'shrunk', 'green', 'red', ADDRESS, 32768)
    socket.sethostname(HOST)
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        pair.connect()
        tap.same("control characters in a peer's host name reach no terminal",
                 ['?[2J?name'], lambda:
                 [g['v2']['host'] for g in dump('red', 'lgr_smcd')])
    dibs('device', 'del', 'small')


def change_device(command, *attrs):
    """A command of <linux/dibs.h>."""
    netlink.genl('dibs', command, netlink.ACK, attrs, {})


def many_devices(tap):
    """The answer does not fit into one message."""
    names = [f'd{i}' for i in range(40)]
    figures.enter('green')
    for name in names:
        change_device(DEV_ADD, (DEV_NAME, name.encode() + b'\0'),
                      (DEV_KIND, b'loopback\0'))
    tap.same('each of 41 devices is listed once', sorted(names + ['lo']),
             lambda: sorted(d['id'] for d in dump('green', 'dev_smcd')))
    for name in names:
        change_device(DEV_DEL, (DEV_NAME, name.encode() + b'\0'))


def many_sockets(tap):
    """The answer does not fit into one message, and sockets come and go before
    it is read to its end."""
    def smc_socket():
        return stack.enter_context(socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, SMC))

    def inode(sock):
        return os.fstat(sock.fileno()).st_ino

    figures.enter('green')
    with contextlib.ExitStack() as stack:
        listed = [smc_socket() for _ in range(800)]
        inodes = {inode(sock) for sock in listed}
        tap.same('each of 800 sockets is listed once', sorted(inodes), lambda:
                 sorted(r['inode'] for r in sockets('green', 'shutdown')))
        rows = netlink.each_socket(('shutdown',))
        seen = [next(rows)['inode']]
        for sock in listed[::2]:
            sock.close()
        inodes |= {inode(smc_socket()) for _ in range(400)}
        tap.same('a dump ends while sockets come and go', set(), lambda:
                 {*seen, *(row['inode'] for row in rows)} - inodes)


def error_of(*args):
    """Returns the error of sock_diag, or "taken"."""
    try:
        netlink.diag_raw(*args)
    except netlink.Refused as error:
        return errno.errorcode[error.args[0]]
    return 'taken'


def requests(tap):
    """Everything in a request of sock_diag but its mask."""
    whole = netlink.diag_request(255)
    figures.enter('green')
    tap.same('a request of sock_diag that is cut anywhere is refused',
             {'EINVAL'}, lambda: {error_of(whole[:size])
                                  for size in range(len(whole))})
    tap.same('bytes after a request of sock_diag are ignored', {'taken'},
             lambda: {error_of(whole + bytes([255]) * size)
                      for size in range(20)})
    tap.same('sock_diag does not look up a single socket', 'ENOTSUP', error_of,
             whole, 20, netlink.ACK)
    tap.same('sock_diag does not destroy a socket', {'ENOTSUP'}, lambda: {
        error_of(whole, 21, flags) for flags in (netlink.ACK, netlink.DUMP)})


def fallbacks(tap):
    tap.same("a server's fallbacks are counted with their reason", [dict(
        server=1, server_count=2, client_count=0, reason=PEER_HAS_NONE,
        count=2)], dump, 'red', 'fback_stats')
    sysctl('green', 'enabled', '0')
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done('a client of a namespace with net.smc.enabled=0 connects',
                 pair.connect)
        tap.has('a client with net.smc.enabled=0 fell back and shows why', dict(
            mode=TCP, reason=CONFIGURED, state=ACTIVE),
            one, *Ends(pair).client, 'conninfo', 'dmbinfo')
    sysctl('green', 'enabled', '1')
    tap.same("a client's fallback is counted with its reason", [dict(
        server=0, server_count=0, client_count=1, reason=CONFIGURED, count=1)],
        dump, 'green', 'fback_stats')


# --- the program -------------------------------------------------------------

def main():
    tap = Tap()
    device = Device('lo')
    set_both('rmem', RING)
    find_module(tap)
    empty_namespace(tap, device)
    for mapped, path in (1, 'mapped'), (0, 'moving'):
        set_both('mapped', mapped)
        views(tap, path, device)
        figure_cases(tap, path)
    set_both('mapped', 1)
    for about in (on_pci, small_device, many_devices, many_sockets, requests,
                  fallbacks,
                  changes.ueids, changes.switches, changes.add_pnetids,
                  changes.use_pnetids, changes.bad_pnetids,
                  changes.without_rights, changes.fill_pnetids,
                  changes.pressure, changes.settings):
        about(tap)
    return tap.end()


faulthandler.dump_traceback_later(600, exit=True)
try:
    sys.exit(main())
except Exception:
    traceback.print_exc(file=sys.stdout)
    print('Bail out! smc_tools.py ended early')
    sys.exit(1)
