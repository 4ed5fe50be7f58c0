# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures sockets, inside the guest.

Arguments: ROUNDS MSECS WORKER programs|no BASELINE, BASELINE being the
distribution's smc.ko or empty. Prints lines for measure.py:

    sample CASE SIZE TRANSPORT VALUE...     see worker.c
    carried TRANSPORT yes|no DETAIL         once a round
    round NUMBER
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import time

import plan

PORTS = itertools.count(20000)
EID = 'DIBS-BENCH-DIBS-BENCH-DIBS-BENCH'   # its smc wants all 32 characters
READY_WITHIN = 30   # seconds, for servers of a busy machine


def say(*words):
    print(*words, flush=True)


def call(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def choose_path(transport):
    """How SMC sockets made from now on carry their bytes."""
    with open('/proc/sys/net/smc/mapped', 'w', encoding='ascii') as file:
        file.write('1' if transport == 'mapped' else '0')


# --- programs ----------------------------------------------------------------

def listening(port):
    with open('/proc/net/tcp', encoding='ascii') as file:
        return any(f':{port:04X} ' in line and ' 0A ' in line for line in file)


class Server:
    """A program that listens at a port while it is needed."""

    def __init__(self, over, command, port):
        self.child = subprocess.Popen(over + command,
                                      stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN
        while not listening(port):
            if time.monotonic() > deadline or self.child.poll() is not None:
                self.child.kill()
                raise OSError(f'{command[0]} does not listen')
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def redis(over):
    port = next(PORTS)
    server = ['redis-server', '--port', str(port), '--bind', '127.0.0.1',
              '--save', '', '--dir', '/tmp', '--loglevel', 'warning']
    with Server(over, server, port):
        out = call(*over, 'redis-benchmark', '-p', str(port), '-d',
                   str(plan.KIB), '-c', str(plan.REDIS_CLIENTS), '-n',
                   str(plan.REDIS_REQUESTS), '-t', 'set,get', '--csv')
    for line in out.splitlines():
        name, rate = line.replace('"', '').split(',')[:2]
        if name in ('SET', 'GET'):
            yield f'redis-{name.lower()}', plan.KIB, float(rate)


def iperf3(over):
    port = next(PORTS)
    with Server(over, ['iperf3', '-4', '-s', '-p', str(port)], port):
        out = call(*over, 'iperf3', '-c', '127.0.0.1', '-p', str(port), '-t',
                   str(plan.IPERF_SECONDS), '-J')
    rate = json.loads(out)['end']['sum_received']['bits_per_second']
    yield 'iperf3', 128 * plan.KIB, rate


def programs(args, transports):
    if not args.programs:
        return
    for program, transport in itertools.product((redis, iperf3), transports):
        if transport in plan.OURS:
            choose_path(transport)
        over = [] if transport == 'tcp' else ['dibs', 'run', '--']
        try:
            for case, size, value in program(over):
                say('sample', case, size, transport, value)
        except (OSError, ValueError, KeyError,
                subprocess.CalledProcessError) as error:
            say('note', program.__name__, 'over', transport, error)


# --- the worker --------------------------------------------------------------

def work(args, names, transports, rename=None):
    """names: as the worker knows them"""
    cases = [str(word) for case in plan.WORKER_CASES for word in case]
    out = call(args.worker, '1', args.msecs, ','.join(names), *cases)
    for line in out.splitlines():
        words = line.split()
        if rename:
            words[3] = rename
        if len(words) > 4 and words[3] in transports:
            say(*words)


# --- what carried the bytes --------------------------------------------------

def connections():
    """How many went by SMC-D, and how many fell back."""
    carried = fallen = 0
    for row in json.loads(call('dibs', '--json', 'smc', 'fallbacks')):
        if row['carrier'] == 'SMC-D':
            carried += row['count']
        else:
            fallen += row['count']
    return carried, fallen


def loopback_bytes():
    with open('/sys/class/net/lo/statistics/tx_bytes',
              encoding='ascii') as file:
        return int(file.read())


# --- rounds ------------------------------------------------------------------

def ours(args):
    call('modprobe', '-a', 'dibs_loopback', 'dibs_smc')
    carried, fallen = connections()
    work(args, ('tcp', 'unix') + plan.OURS, plan.TITLES)
    programs(args, ('tcp',) + plan.OURS)
    more, worse = connections()
    good = more > carried and worse == fallen
    say('carried', 'ours', 'yes' if good else 'no',
        f'{more - carried} by SMC-D, {worse - fallen} fell back')
    call('modprobe', '-r', 'dibs_smc', 'dibs_loopback')


def distribution(args):
    """Has no counters that say enough: what it does not carry itself, lo
    does."""
    call('insmod', args.baseline)
    call('dibs', 'smc', 'eid', 'add', EID)
    before = loopback_bytes()
    rate = float(call(args.worker, '1', args.msecs, 'smc', 'stream',
                      str(128 * plan.KIB)).split()[4])
    seen = loopback_bytes() - before
    moved = rate * int(args.msecs) / 1000
    say('carried', 'distro', 'yes' if seen < moved / 10 else 'no',
        f'{seen} bytes of {moved:.0f} over lo')
    work(args, ('smc',), plan.TITLES, rename='distro')
    programs(args, ('distro',))
    call('rmmod', 'smc')


class Arguments:
    def __init__(self, rounds, msecs, worker, programs_too, baseline):
        self.rounds, self.msecs = int(rounds), msecs
        self.programs = programs_too == 'programs'
        self.baseline = baseline
        # Where no sample waits for the host's files.
        self.worker = shutil.copy(worker, '/dev/shm')


def main():
    args = Arguments(*sys.argv[1:])
    say('machine', os.uname().release, os.uname().machine, os.cpu_count())
    if args.baseline:
        call('modprobe', 'ib_core')
    # What runs first pays for pages and caches that were never touched.
    call(args.worker, '1', '300', 'tcp,unix', 'stream', str(64 * plan.KIB))
    for number in range(args.rounds):
        ours(args)
        if args.baseline:
            distribution(args)
        say('round', number + 1)


if __name__ == '__main__':
    main()
