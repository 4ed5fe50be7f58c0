# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures sockets, inside the guest.

Its argument is JSON, see measure.py. Prints lines for measure.py:

    sample CASE SIZE TRANSPORT NAME=VALUE...    see worker/main.c
    placed NS                                   of the samples before it: what
                                                a byte takes there and back
                                                between two processors
    carried TRANSPORT yes|no DETAIL             once a round
    round NUMBER
"""

import json
import os
import shutil
import subprocess
import sys
import time
import types

import plan
import programs
from programs import call

EID = 'DIBS-BENCH-DIBS-BENCH-DIBS-BENCH'   # its smc wants all 32 characters
ISM_BYTES = '/sys/bus/ism_sim/devices/ism0/stats/bytes'


def say(*words):
    print(*words, flush=True)


def choose_path(transport):
    """How SMC sockets made from now on carry their bytes."""
    with open('/proc/sys/net/smc/mapped', 'w', encoding='ascii') as file:
        file.write('1' if transport == 'mapped' else '0')


# --- where the host runs our processors --------------------------------------

# How long to wait for them to be near: seconds for each case and round, and for
# all.
PATIENCE, ALL_PATIENCE = 20, 1200
NEVER = float('inf')


class Processors:
    """How far they are from each other."""

    def __init__(self, args):
        self.args = args
        self.nearest = NEVER
        self.left = ALL_PATIENCE
        for _ in range(20 if os.cpu_count() > 1 else 0):
            self.look()
            time.sleep(0.2)

    def look(self):
        """ns; NEVER if the host kept one of them for itself meanwhile"""
        if os.cpu_count() < 2:
            return 0
        out = call(self.args.worker, '1', '20', 'memory', 'trip', '1')
        ns = float(out.split('p50=')[1].split()[0]) if out else NEVER
        self.nearest = min(self.nearest, ns)
        return ns

    def are_near(self, ns):
        return ns <= plan.FAR * self.nearest

    def placed(self, take):
        """Says what take() returns, taken while they were near, if they were
        before patience is over."""
        began = time.monotonic()
        while True:
            before = self.look()
            late = time.monotonic() - began > min(PATIENCE, self.left)
            if not self.are_near(before) and not late:
                time.sleep(0.5)
                continue
            took = time.monotonic()
            lines = take()
            took = time.monotonic() - took
            far = max(before, self.look())
            if self.are_near(far) or late:
                break
        self.left -= max(time.monotonic() - began - took, 0)
        for line in lines:
            say(*line)
        say('placed', far)


def of_program(program, transport):
    """Samples, or a note why there are none."""
    try:
        return [('sample', case, size, transport,
                 *(f'{name}={value:.6g}' for name, value in values.items()))
                for case, size, values in program(transport)]
    except (OSError, ValueError, KeyError,
            subprocess.CalledProcessError) as error:
        return [('note', program.__name__, 'over', transport, error)]


def run_programs(args, transports):
    if not args.programs:
        return
    for program, cases in programs.ALL.items():
        if not any(list(case) in args.cases for case in cases):
            continue
        for transport in transports:
            if transport in plan.OURS:
                choose_path(transport)
            args.processors.placed(lambda: of_program(program, transport))


# --- the worker --------------------------------------------------------------

def of_worker(args, names, case, size, rename):
    lines = [line.split() for line in call(
        args.worker, '1', str(args.msecs), ','.join(names), case,
        str(size)).splitlines()]
    for words in lines:
        words[3] = rename or words[3]
    return lines


def work(args, names, allowed, rename=None):
    """names: of transports, as the worker knows them; allowed: cases"""
    for case, size in allowed:
        if [case, size] not in args.cases:
            continue
        limits = plan.LIMITS.get(case, ()) if 'mapped' in names else ()
        args.processors.placed(lambda: of_worker(
            args, names + limits, case, size, rename))


# --- what carried the bytes --------------------------------------------------

def connections(*where):
    """How many went by SMC-D, and how many fell back."""
    carried = fallen = 0
    for row in json.loads(call(*where, 'dibs', '--json', 'smc', 'fallbacks')):
        if row['carrier'] == 'SMC-D':
            carried += row['count']
        else:
            fallen += row['count']
    return carried, fallen


def number_in(path):
    with open(path, encoding='ascii') as file:
        return int(file.read())


def loopback_bytes():
    return number_in('/sys/class/net/lo/statistics/tx_bytes')


# --- rounds ------------------------------------------------------------------

def ours(args):
    call('modprobe', '-a', 'dibs_loopback', 'dibs_smc')
    carried, fallen = connections()
    work(args, ('tcp', 'unix') + plan.OURS, plan.OF_WORKER)
    run_programs(args, ('tcp', 'unix') + plan.OURS)
    more, worse = connections()
    good = more > carried and worse == fallen
    say('carried', 'ours', 'yes' if good else 'no',
        f'{more - carried} by SMC-D, {worse - fallen} fell back')
    call('modprobe', '-r', 'dibs_smc', 'dibs_loopback')


def namespaces():
    """Two, on one network, for the ends over ISM."""
    for line in ('netns add red', 'netns add blue',
                 'link add red0 netns red type veth peer name blue0 '
                 'netns blue',
                 '-n red addr add 10.1.0.1/24 dev red0',
                 '-n blue addr add 10.1.0.2/24 dev blue0',
                 '-n red link set red0 up', '-n blue link set blue0 up'):
        call('ip', *line.split())


def ism(args):
    """One adapter for each end; those that were made anew are everybody's."""
    if not any(list(case) in args.cases for case in plan.ISM_CASES):
        return
    call('modprobe', '-a', 'ism_sim', 'dibs_smc')
    for device, namespace in (('ism0', 'red'), ('ism1', 'blue')):
        call('dibs', 'device', 'unshare', device)
        call('dibs', 'device', 'grant', device, namespace)
    work(args, ('ism',), plan.ISM_CASES)
    carried, fallen = connections('ip', 'netns', 'exec', 'red')
    moved = number_in(ISM_BYTES)
    say('carried', 'ism', 'yes' if carried and not fallen else 'no',
        f'{carried} by SMC-D, {fallen} fell back; {moved} bytes by adapter')
    call('modprobe', '-r', 'dibs_smc', 'ism_sim')


def distribution(args):
    """Has no counters that say enough: what it does not carry itself, lo
    does."""
    call('insmod', args.baseline)
    call('dibs', 'smc', 'eid', 'add', EID)
    before = loopback_bytes()
    line = call(args.worker, '1', str(args.msecs), 'smc', 'stream',
                str(128 * plan.KIB))
    rate = float(line.split('rate=')[1].split()[0])
    seen = loopback_bytes() - before
    moved = rate * args.msecs / 1000
    say('carried', 'distro', 'yes' if seen < moved / 10 else 'no',
        f'{seen} bytes of {moved:.0f} over lo')
    work(args, ('smc',), plan.OF_WORKER, rename='distro')
    run_programs(args, ('distro',))
    call('rmmod', 'smc')


def main():
    args = types.SimpleNamespace(**json.loads(sys.argv[1]))
    # Where no sample waits for the host's files.
    args.worker = shutil.copy(args.worker, '/dev/shm')
    os.makedirs(programs.FOLDER, exist_ok=True)
    say('machine', os.uname().release, os.uname().machine, os.cpu_count())
    if args.baseline:
        call('modprobe', 'ib_core')
    call('modprobe', 'dibs_sink_bench')
    namespaces()
    args.processors = Processors(args)
    # What runs first pays for pages and caches that were never touched.
    call(args.worker, '1', '300', 'tcp,unix', 'stream', str(64 * plan.KIB))
    for number in range(args.rounds):
        ours(args)
        ism(args)
        if args.baseline:
            distribution(args)
        say('round', number + 1)


if __name__ == '__main__':
    main()
