# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Calls functions with other rights, in a process of their own.

  under(RIGHTS, function, argument...)

RIGHTS is one of the functions below, whose docstring names them. Returns what
the function returns and raises what it raises.
"""

import ctypes
import os
import pickle
import struct
import sys
import traceback

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
CAPSET = 126                    # system call number on x86-64
CAPABILITIES_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def succeed(result):
    if result:
        raise OSError(ctypes.get_errno(), 'rights could not be changed')


def no_caps():
    """root without capabilities"""
    succeed(libc.syscall(CAPSET, struct.pack('=Ii', CAPABILITIES_3, 0),
                         bytes(24)))


def own_user_namespace(more=0):
    """root of a user namespace, but not of the network namespace"""
    succeed(libc.unshare(CLONE_NEWUSER | more))
    for name, line in (('setgroups', 'deny'), ('uid_map', '0 0 1'),
                       ('gid_map', '0 0 1')):
        with open('/proc/self/' + name, 'w') as file:
            file.write(line)


def own_namespaces():
    """root of a user namespace that has a network namespace"""
    own_user_namespace(CLONE_NEWNET)


def call(rights, function, args):
    try:
        rights()
        return True, function(*args)
    except Exception as error:
        return False, error


def child(out, rights, function, args):
    try:
        with open(out, 'wb') as file:
            pickle.dump(call(rights, function, args), file)
    except BaseException:
        traceback.print_exc(file=sys.stdout)
    finally:
        os._exit(0)


def under(rights, function, *args):
    out, into = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(out)
        child(into, rights, function, args)
    os.close(into)
    with open(out, 'rb') as file:
        data = file.read()
    os.waitpid(pid, 0)
    good, value = pickle.loads(data)
    if good:
        return value
    raise value
