# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What smc-tools.sh asks about changes: who may make which, and what becomes of
them. One function for each kind, for smc_tools.py.
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
    refused('the same again is refused, by its attribute', 'EEXIST', 'UEID: ',
            1, 'add_ueid', _1='ABC')
    for bad in 'abc', '', ' ', '.A', 'A_B', 'A' * 33, 'A' * 300:
        refused(f"'{bad[:40]}' is no UEID, by its attribute", 'EINVAL',
                'not a UEID: ', 1, 'add_ueid', _1=bad)
    for name in 'add_ueid', 'remove_ueid':
        refused(f'{name}: nor are no bytes at all', 'EINVAL', 'not a UEID: ', 1,
                name, _1=b'')
        refused(f'{name} without one is refused, by what is missing', 'EINVAL',
                'UEID: there is none', -1, name)
    refused('one that is not there cannot be removed', 'ENOENT', 'UEID: ', 1,
            'remove_ueid', _1='NOBODY')
    tap.same('the list has what was added, padded, and the default',
             ['ABC'.ljust(32), 'DIBS-DEFAULT'.ljust(32)], dump, 'red', 'ueid')
    for more in 'B', 'C', 'D':
        tap.done(f'UEID {more} is added', change, 'green', 'add_ueid', _1=more)
    refused('a fifth is refused', 'ERANGE', 'there are 4 UEIDs', 1,
            'add_ueid', _1='E')
    tap.done('a UEID is removed', change, 'green', 'remove_ueid', _1='ABC')
    tap.done('all are', change, 'green', 'flush_ueid')
    tap.same('the default stays', ['DIBS-DEFAULT'.ljust(32)], dump, 'red',
             'ueid')


def switches(tap):
    for name, value in ('disable', 0), ('enable', 1):
        tap.done(f'{name} the system EID', change, 'green', name + '_seid')
        tap.same(f'there is none; it may be used: {value}',
                 [dict(seid='', enabled=value)], dump, 'green', 'seid')
    for name, value in ('enable', 1), ('disable', 0):
        tap.done(f'{name} limits of handshakes', change, 'green',
                 name + '_hs_limitation')
        tap.same('which is seen in this namespace', [value], dump, 'green',
                 'hs_limitation')
        tap.same('by sysctl, too', str(value), sysctl, 'green', 'limit_smc_hs')
        tap.same('and not in another', [0], dump, 'red', 'hs_limitation')


def without_rights(tap):
    for name in UEID_CHANGES:
        for rights in no_caps, own_namespaces:
            tap.refused(f'{rights.__doc__}: no {name}', 'EPERM',
                        NOT_PERMITTED, None, under, rights,
                        lambda name: netlink.change(name, [(1, b'X\0')]), name)
    for name in 'pnetid_add', 'pnetid_del', 'pnetid_flush':
        for rights in no_caps, own_user_namespace:
            tap.refused(f'{rights.__doc__}: no {name}', 'EPERM',
                        NOT_PERMITTED, None, under, rights,
                        lambda name: netlink.change(
                            name, [(1, b'NET1\0'), (2, b'eth9\0')]), name)
    tap.same(f'{own_namespaces.__doc__}: PNETIDs of its own',
             [dict(pnetid='X', interface='eth9', device='n/a', port=255)],
             under, own_namespaces, lambda:
             netlink.change('pnetid_add', [(1, b'X\0'), (2, b'eth9\0')]) or
             netlink.pnetids())


def add_pnetids(tap):
    tap.same('there is no PNETID', [], pnetids, 'green')
    for statement, attrs in (
            ('an interface gets one, in capital letters',
             dict(_1='net1', _2='green0')),
            ('a device gets one', dict(_1='NET2', _3='lo')),
            ('an interface that is not there gets the same',
             dict(_1='NET2', _2='later')),
            ("a device's port gets one", dict(_1='NET4', _3='mlx', _4=b'\2'))):
        tap.done(statement, change, 'green', 'pnetid_add', **attrs)
    tap.same('all are listed', [
        dict(pnetid='NET1', interface='green0', device='n/a', port=255),
        dict(pnetid='NET2', interface='n/a', device='lo', port=255),
        dict(pnetid='NET2', interface='later', device='n/a', port=255),
        dict(pnetid='NET4', interface='n/a', device='mlx', port=2)],
        pnetids, 'green')
    for how in 'get', 'dump':
        tap.same(f'those with one PNETID are, by a {how}', ['lo', 'n/a'],
                 lambda how: [r['device'] for r in
                              pnetids('green', how, 'NET2')], how)
    tap.same('the device shows its own', [dict(by_user=1, pnetid='NET2')],
             lambda: [r['port'] for r in dump('green', 'dev_smcd')])
    tap.same('another namespace has none', [], pnetids, 'red')


def use_pnetids(tap):
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done("a connection over another network's interface", pair.connect)
        tap.has('does not get the device', dict(mode=TCP, reason=NO_DEVICE),
                one, *Ends(pair).client)
    tap.done('all with one PNETID are deleted', change, 'green', 'pnetid_del',
             _1='NET2')
    tap.done("the device gets the interface's", change, 'green', 'pnetid_add',
             _1='NET1', _3='lo')
    with figures.Pair('green', 'red', ADDRESS, RING) as pair:
        tap.done("a connection over the same network's interface",
                 pair.connect)
        tap.has('gets the device', dict(mode=SMCD), one, *Ends(pair).client)
        tap.same('and its group shows the PNETID', ['NET1'], lambda:
                 [g['pnetid'] for g in dump('green', 'lgr_smcd')])


def bad_pnetids(tap):
    no_id = 'not a PNETID: '
    for statement, code, words, attr, name, attrs in (
            ('what has one gets no second', 'EEXIST', 'has a PNETID already',
             3, 'pnetid_add', dict(_1='NET3', _3='lo')),
            ('17 characters are refused', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='A' * 17, _2='eth9')),
            ('and none', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='', _2='eth9')),
            ('and no bytes at all', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1=b'', _2='eth9')),
            ('and an interface of no bytes', 'EINVAL', 'interface: ', 2,
             'pnetid_add', dict(_1='NET9', _2=b'')),
            ('and a device of no bytes', 'EINVAL', 'device: ', 3,
             'pnetid_add', dict(_1='NET9', _3=b'')),
            ('and what is neither letter nor digit', 'EINVAL', no_id, 1,
             'pnetid_add', dict(_1='NET-1', _2='eth9')),
            ('and 17 to be deleted', 'EINVAL', no_id, 1,
             'pnetid_del', dict(_1='A' * 17)),
            ('and no attribute at all, by what is missing', 'EINVAL',
             'PNETID: there is none', -1, 'pnetid_del', {}),
            ('and a name that no interface can have', 'EINVAL', 'interface: ',
             2, 'pnetid_add', dict(_1='NET9', _2='A' * 16)),
            ("and a device's that is too long", 'EINVAL', 'device: ', 3,
             'pnetid_add', dict(_1='NET9', _3='A' * 64)),
            ('and a port that no device has', 'EINVAL', 'port: ', 4,
             'pnetid_add', dict(_1='NET9', _3='x', _4=b'\3')),
            ('and a PNETID for nothing', 'EINVAL', 'name an interface', None,
             'pnetid_add', dict(_1='NET9')),
            ('what is not there cannot be deleted', 'ENOENT', 'PNETID: ', 1,
             'pnetid_del', dict(_1='NOBODY'))):
        tap.refused(statement, code, words, attr, change, 'green', name,
                    **attrs)
    for how, bad, code, words, attr in (
            ('dump', 'A' * 17, 'EINVAL', no_id, UNSAID),
            ('get', 'A' * 17, 'EINVAL', no_id, 1),
            ('get', 'NOBODY', 'ENOENT', 'PNETID: ', 1)):
        tap.refused(f'a {how} of {bad} is refused', code, words, attr, pnetids,
                    'green', how, bad)


def fill_pnetids(tap):
    """A namespace's owner may not fill memory."""
    tap.done('all are deleted', change, 'green', 'pnetid_flush')
    tap.same('none is left', [], pnetids, 'green')
    for i in range(1024):
        change('green', 'pnetid_add', _1=f'N{i}', _2=f'eth{i}')
    tap.same('1024 are listed once each', [f'N{i}' for i in range(1024)],
             lambda: [r['pnetid'] for r in pnetids('green')])
    tap.refused('one more is refused', 'ENOSPC', 'there are 1024', None,
                change, 'green', 'pnetid_add', _1='X', _2='eth9999')
    change('green', 'pnetid_flush')


# --- handshakes under pressure, and sysctls ----------------------------------

def crowd(limited=False):
    """Modes of three clients that nobody accepts."""
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
    """An eighth of the backlog of 8, and one, are too many."""
    tap.same('a listener whose handshakes are not limited takes all by SMC-D',
             [SMCD, SMCD, SMCD], crowd)
    sysctl('red', 'limit_smc_hs', '1')
    tap.same('one whose are leaves the option out when too many wait',
             [SMCD, SMCD, TCP], crowd)
    sysctl('red', 'limit_smc_hs', '0')
    tap.same('the same by a socket option of the listener',
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
