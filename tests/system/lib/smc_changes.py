# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""The statements of smc-tools.sh about changes: who may make which, and what
follows from them. One function per kind, for smc_tools.py.
"""

import contextlib
import errno
import os
import socket

import smc_figures as figures
import smc_netlink as netlink
from smc_ask import (ADDRESS, NO_DEVICE, RING, SMC, SMCD, TCP, UNSAID, Ends,
                     change, dump, one, pnetids, sockets, sysctl)
from smc_rights import no_caps, own_namespaces, own_user_namespace, under

SOL_SMC, SMC_LIMIT_HS = 286, 1

NOT_PERMITTED = 'not permitted, needs CAP_NET_ADMIN'
UEID_CHANGES = ('add_ueid', 'remove_ueid', 'flush_ueid', 'enable_seid',
                'disable_seid', 'enable_hs_limitation',
                'disable_hs_limitation')


def ueids(tap):
    def refused(statement, code, words, attr, name, **attrs):
        tap.refused(statement, code, words, attr, change, 'green', name,
                    **attrs)

    tap.done('a UEID is added', change, 'green', 'add_ueid', _1='ABC')
    refused('a UEID that exists is refused by its attribute', 'EEXIST',
            'UEID: ', 1, 'add_ueid', _1='ABC')
    for bad in 'abc', '', ' ', '.A', 'A_B', 'A' * 33, 'A' * 300:
        refused(f"'{bad[:40]}' is refused as a UEID by its attribute",
                'EINVAL', 'not a UEID: ', 1, 'add_ueid', _1=bad)
    for name in 'add_ueid', 'remove_ueid':
        refused(f'{name}: a UEID of no bytes is refused', 'EINVAL',
                'not a UEID: ', 1, name, _1=b'')
        refused(f'{name}: a missing UEID is refused as missing', 'EINVAL',
                'UEID: missing', -1, name)
    refused('a UEID that does not exist cannot be removed', 'ENOENT',
            'UEID: ', 1, 'remove_ueid', _1='NOBODY')
    tap.same('the list has the UEID that was added, padded, and the default',
             ['ABC'.ljust(32), 'DIBS-DEFAULT'.ljust(32)], dump, 'red', 'ueid')
    for more in 'B', 'C', 'D':
        tap.done(f'UEID {more} is added', change, 'green', 'add_ueid', _1=more)
    refused('a fifth UEID is refused', 'ERANGE', 'maximum of 4 UEIDs', 1,
            'add_ueid', _1='E')
    tap.done('a UEID is removed', change, 'green', 'remove_ueid', _1='ABC')
    tap.done('all UEIDs are removed', change, 'green', 'flush_ueid')
    tap.same('the default UEID stays', ['DIBS-DEFAULT'.ljust(32)], dump, 'red',
             'ueid')


def switches(tap):
    for name, value in ('disable', 0), ('enable', 1):
        tap.done(f'the system EID is {name}d', change, 'green', name + '_seid')
        tap.same(f'a system without a system EID shows that it is {name}d',
                 [dict(seid='', enabled=value)], dump, 'green', 'seid')
    for name, value in ('enable', 1), ('disable', 0):
        tap.done(f'the limit of handshakes is {name}d', change, 'green',
                 name + '_hs_limitation')
        tap.same(f'the namespace shows that the limit is {name}d', [value],
                 dump, 'green', 'hs_limitation')
        tap.same(f'a sysctl shows that the limit is {name}d', str(value),
                 sysctl, 'green', 'limit_smc_hs')
        tap.same(f'another namespace keeps its limit when one is {name}d', [0],
                 dump, 'red', 'hs_limitation')


def without_rights(tap):
    for name in UEID_CHANGES:
        for rights in no_caps, own_namespaces:
            tap.refused(f'{rights.__doc__} may not {name}', 'EPERM',
                        NOT_PERMITTED, None, under, rights,
                        lambda name: netlink.change(name, [(1, b'X\0')]), name)
    for name in 'pnetid_add', 'pnetid_del', 'pnetid_flush':
        for rights in no_caps, own_user_namespace:
            tap.refused(f'{rights.__doc__} may not {name}', 'EPERM',
                        NOT_PERMITTED, None, under, rights,
                        lambda name: netlink.change(
                            name, [(1, b'NET1\0'), (2, b'eth9\0')]), name)
    tap.same(f'{own_namespaces.__doc__} can add PNETIDs of its own',
             [dict(pnetid='X', interface='eth9', device='n/a', port=255)],
             under, own_namespaces, lambda:
             netlink.change('pnetid_add', [(1, b'X\0'), (2, b'eth9\0')]) or
             netlink.pnetids())


def add_pnetids(tap):
    tap.same('there is no PNETID', [], pnetids, 'green')
    for statement, attrs in (
            ('an interface gets a PNETID in small letters',
             dict(_1='net1', _2='green0')),
            ('a device gets a PNETID', dict(_1='NET2', _3='lo')),
            ('an interface that does not exist gets the same PNETID',
             dict(_1='NET2', _2='later')),
            ("a device's port gets a PNETID",
             dict(_1='NET4', _3='mlx', _4=b'\2'))):
        tap.done(statement, change, 'green', 'pnetid_add', **attrs)
    tap.same('all PNETIDs are listed, in capital letters', [
        dict(pnetid='NET1', interface='green0', device='n/a', port=255),
        dict(pnetid='NET2', interface='n/a', device='lo', port=255),
        dict(pnetid='NET2', interface='later', device='n/a', port=255),
        dict(pnetid='NET4', interface='n/a', device='mlx', port=2)],
        pnetids, 'green')
    for how in 'get', 'dump':
        tap.same(f'a {how} lists the entries with one PNETID', ['lo', 'n/a'],
                 lambda how: [r['device'] for r in
                              pnetids('green', how, 'NET2')], how)
    tap.same('a device shows its PNETID', [dict(by_user=1, pnetid='NET2')],
             lambda: [r['port'] for r in dump('green', 'dev_smcd')])
    tap.same('another namespace has no PNETID', [], pnetids, 'red')


def use_pnetids(tap):
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done("two ends connect over an interface with another PNETID",
                 pair.connect)
        tap.has('a connection over another PNETID does not use the device',
                dict(mode=TCP, reason=NO_DEVICE), one, *Ends(pair).client)
    tap.done('all entries with one PNETID are deleted', change, 'green',
             'pnetid_del', _1='NET2')
    tap.done("the device gets the interface's PNETID", change, 'green',
             'pnetid_add', _1='NET1', _3='lo')
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done("two ends connect over an interface with the same PNETID",
                 pair.connect)
        tap.has('a connection over the same PNETID uses the device',
                dict(mode=SMCD), one, *Ends(pair).client)
        tap.same('a link group shows its PNETID', ['NET1'], lambda:
                 [g['pnetid'] for g in dump('green', 'lgr_smcd')])


def bad_pnetids(tap):
    no_id = 'not a PNETID: '
    for statement, code, words, attr, name, attrs in (
            ('a second PNETID for a device is refused', 'EEXIST',
             'already has a PNETID', 3, 'pnetid_add', dict(_1='NET3', _3='lo')),
            ('a PNETID of 17 characters is refused', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='A' * 17, _2='eth9')),
            ('a PNETID of no characters is refused', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='', _2='eth9')),
            ('a PNETID of no bytes is refused', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1=b'', _2='eth9')),
            ('an interface of no bytes is refused', 'EINVAL', 'interface: ', 2,
             'pnetid_add', dict(_1='NET9', _2=b'')),
            ('a device of no bytes is refused', 'EINVAL', 'device: ', 3,
             'pnetid_add', dict(_1='NET9', _3=b'')),
            ('a PNETID with a hyphen is refused', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='NET-1', _2='eth9')),
            ('a PNETID of 17 characters is refused for deletion', 'EINVAL',
             no_id, 1, 'pnetid_del', dict(_1='A' * 17)),
            ('a missing PNETID is refused as missing', 'EINVAL',
             'PNETID: missing', -1, 'pnetid_del', {}),
            ('an interface with too long a name is refused', 'EINVAL',
             'interface: ', 2, 'pnetid_add', dict(_1='NET9', _2='A' * 16)),
            ('a device with too long a name is refused', 'EINVAL', 'device: ',
             3, 'pnetid_add', dict(_1='NET9', _3='A' * 64)),
            ('a port that no device has is refused', 'EINVAL', 'port: ', 4,
             'pnetid_add', dict(_1='NET9', _3='x', _4=b'\3')),
            ('a PNETID for nothing is refused', 'EINVAL',
             'an interface or a device', None, 'pnetid_add',
             dict(_1='NET9')),
            ('a PNETID that does not exist cannot be deleted', 'ENOENT',
             'PNETID: ', 1, 'pnetid_del', dict(_1='NOBODY'))):
        tap.refused(statement, code, words, attr, change, 'green', name,
                    **attrs)
    for how, bad, code, words, attr in (
            ('dump', 'A' * 17, 'EINVAL', no_id, UNSAID),
            ('get', 'A' * 17, 'EINVAL', no_id, 1),
            ('get', 'NOBODY', 'ENOENT', 'PNETID: ', 1)):
        tap.refused(f'a {how} of {bad} is refused', code, words, attr, pnetids,
                    'green', how, bad)


def fill_pnetids(tap):
    """The owner of a namespace must not be able to fill memory."""
    tap.done('all PNETIDs are deleted', change, 'green', 'pnetid_flush')
    tap.same('no PNETID is left after a flush', [], pnetids, 'green')
    for i in range(1024):
        change('green', 'pnetid_add', _1=f'N{i}', _2=f'eth{i}')
    tap.same('1024 PNETIDs are listed once each',
             [f'N{i}' for i in range(1024)],
             lambda: [r['pnetid'] for r in pnetids('green')])
    tap.refused('a PNETID beyond 1024 is refused', 'ENOSPC', 'maximum of 1024',
                None, change, 'green', 'pnetid_add', _1='X', _2='eth9999')
    change('green', 'pnetid_flush')


# --- handshakes under pressure, and sysctls ----------------------------------

def crowd(limited=False):
    """Returns the modes of three clients that nobody accepts."""
    figures.enter('red')
    with contextlib.ExitStack() as stack:
        def smc_socket():
            return stack.enter_context(socket.socket(
                socket.AF_INET, socket.SOCK_STREAM, SMC))

        server = smc_socket()
        if limited:
            server.setsockopt(SOL_SMC, SMC_LIMIT_HS, 1)
            assert server.getsockopt(SOL_SMC, SMC_LIMIT_HS) == 1
        server.bind(('127.0.0.1', 0))
        server.listen(8)
        clients = [smc_socket() for _ in range(3)]
        for client in clients:
            client.settimeout(60)
            client.connect(server.getsockname())
        modes = {r['inode']: r['mode'] for r in sockets('red')}
        return [modes[os.fstat(client.fileno()).st_ino] for client in clients]


def pressure(tap):
    """The limit is an eighth of the backlog of 8, plus one."""
    tap.same('a listener without a limit of handshakes uses SMC-D for all',
             [SMCD, SMCD, SMCD], crowd)
    sysctl('red', 'limit_smc_hs', '1')
    tap.same('a listener with a limit omits the option when too many wait',
             [SMCD, SMCD, TCP], crowd)
    sysctl('red', 'limit_smc_hs', '0')
    tap.same('a socket option of a listener limits its handshakes, too',
             [SMCD, SMCD, TCP], crowd, True)


def setting(tap, name, default, other, bad):
    def refused():
        try:
            sysctl('green', name, bad)
        except OSError as error:
            return errno.errorcode[error.errno]
        return 'taken'

    tap.same(f'net.smc.{name} is {default}', default, sysctl, 'green', name)
    tap.done(f'net.smc.{name} takes {other}', sysctl, 'green', name, other)
    tap.same(f'net.smc.{name} does not take {bad}', 'EINVAL', refused)
    tap.same(f'net.smc.{name} is as it was set', other, sysctl, 'green', name)
    tap.same(f"net.smc.{name} is the namespace's own", default, sysctl, 'red',
             name)
    sysctl('green', name, default)


def settings(tap):
    for row in (('autocorking_size', '65536', '32768', '-1'),
                ('wmem', '65536', '4194304', '100'),
                ('rmem', str(RING), '4194304', '100'),
                ('limit_smc_hs', '0', '1', '2'),
                ('handshake_timeout_ms', '6000', '600000', '600001'),
                ('handshake_timeout_ms', '6000', '100', '99'),
                ('smcr_buf_type', '0', '2', '3'),
                ('smcr_testlink_time', '30', '60', 'x'),
                ('smcr_max_links_per_lgr', '2', '1', '3'),
                ('smcr_max_conns_per_lgr', '255', '16', '256'),
                ('smcr_max_send_wr', '16', '2048', '1'),
                ('smcr_max_recv_wr', '48', '2048', '1')):
        setting(tap, *row)
