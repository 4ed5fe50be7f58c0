# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures sockets, inside the guest.

Its argument is JSON, made by measure.py. Prints lines for measure.py:

    machine KERNEL ARCH CPUS                    once
    sample CASE SIZE TRANSPORT NAME=VALUE...    see worker/main.c
    histogram CASE SIZE TRANSPORT NS:NUMBER...  see worker/main.c
    distance NS                                 between the CPUs, while the
                                                samples before it were taken
    carried MODULES yes|no DETAIL               did SMC-D carry the data, or
                                                the in-tree SMC? Once a round
    round NUMBER                                end of the round
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

# The in-tree SMC wants all 32 characters.
EID = 'DIBS-BENCH-DIBS-BENCH-DIBS-BENCH'
ISM_BYTES = '/sys/bus/ism_sim/devices/ism0/stats/bytes'


def report(*words):
    print(*words, flush=True)


def choose_path(transport):
    """Whether new SMC sockets map the peer's DMB or move data into it."""
    with open('/proc/sys/net/smc/mapped', 'w', encoding='ascii') as file:
        file.write('1' if transport == 'mapped' else '0')


# --- where the host runs the guest's CPUs ------------------------------------

# How long to wait until the CPUs share a cache, in seconds: per call of
# sample(), and in total.
WAIT_MAX, WAIT_TOTAL = 20, 1200


class Placement:
    """The distance between the guest's CPUs, see plan.py: the round-trip time
    of one byte in shared memory, in ns."""

    def __init__(self, args):
        self.worker = args.worker
        self.nearest = float('inf')
        self.wait_left = WAIT_TOTAL
        for _ in range(20 if os.cpu_count() > 1 else 0):
            self.distance()
            time.sleep(0.2)

    def distance(self):
        """Infinite if the host stalled one of the CPUs meanwhile."""
        if os.cpu_count() < 2:
            return 0
        out = call(self.worker, '1', '20', 'memory', 'trip', '1')
        ns = float(out.split('p50=')[1].split()[0]) if out else float('inf')
        self.nearest = min(self.nearest, ns)
        return ns

    def is_near(self, ns):
        return ns <= plan.FAR * self.nearest

    def sample(self, take):
        """Reports the lines that take() returns. Waits until the CPUs are near,
        and takes the samples again if they were not in the end. Accepts any
        distance when its time is up."""
        began = time.monotonic()
        while True:
            before = self.distance()
            late = time.monotonic() - began > min(WAIT_MAX, self.wait_left)
            if not self.is_near(before) and not late:
                time.sleep(0.5)
                continue
            took = time.monotonic()
            lines = take()
            took = time.monotonic() - took
            farthest = max(before, self.distance())
            if self.is_near(farthest) or late:
                break
        self.wait_left -= max(time.monotonic() - began - took, 0)
        for line in lines:
            report(*line)
        report('distance', farthest)


# --- programs ----------------------------------------------------------------

def program_samples(program, transport):
    """Samples, or a note that says why there are none."""
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
            args.placement.sample(lambda: program_samples(program, transport))


# --- the worker --------------------------------------------------------------

def worker_samples(args, names, case, size, rename):
    lines = [line.split() for line in call(
        args.worker, '1', str(args.msecs), ','.join(names), case,
        str(size)).splitlines()]
    for words in lines:
        words[3] = rename or words[3]
    return lines


def run_worker(args, names, cases, rename=None):
    """names: of transports, as the worker knows them"""
    for case, size in cases:
        if [case, size] not in args.cases:
            continue
        limits = plan.LIMITS.get(case, ()) if 'mapped' in names else ()
        args.placement.sample(lambda: worker_samples(
            args, names + limits, case, size, rename))


# --- what carried the data ---------------------------------------------------

def connections(*prefix):
    """Numbers of connections: over SMC-D, fallen back to TCP."""
    carried = fallen = 0
    rows = json.loads(call(*prefix, 'dibs', '--json', 'smc', 'fallbacks'))
    for row in rows:
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

def measure_ours(args):
    call('modprobe', '-a', 'dibs_loopback', 'dibs_smc')
    carried, fallen = connections()
    run_worker(args, ('tcp', 'unix') + plan.OURS, plan.ALL_WORKER_CASES)
    run_programs(args, ('tcp', 'unix') + plan.OURS)
    carried_now, fallen_now = connections()
    good = carried_now > carried and fallen_now == fallen
    report('carried', 'ours', 'yes' if good else 'no',
           f'{carried_now - carried} over SMC-D, '
           f'{fallen_now - fallen} fell back')
    call('modprobe', '-r', 'dibs_smc', 'dibs_loopback')


def make_namespaces():
    """Two namespaces on one network: client and server over ISM."""
    for line in ('netns add red', 'netns add blue',
                 'link add red0 netns red type veth peer name blue0 '
                 'netns blue',
                 '-n red addr add 10.1.0.1/24 dev red0',
                 '-n blue addr add 10.1.0.2/24 dev blue0',
                 '-n red link set red0 up', '-n blue link set blue0 up'):
        call('ip', *line.split())


def measure_ism(args):
    """One adapter for each end. New adapters are shared by all namespaces, so
    they are unshared first."""
    if not any(list(case) in args.cases for case in plan.ISM_CASES):
        return
    call('modprobe', '-a', 'ism_sim', 'dibs_smc')
    for device, namespace in (('ism0', 'red'), ('ism1', 'blue')):
        call('dibs', 'device', 'unshare', device)
        call('dibs', 'device', 'grant', device, namespace)
    run_worker(args, ('ism',), plan.ISM_CASES)
    carried, fallen = connections('ip', 'netns', 'exec', 'red')
    moved = number_in(ISM_BYTES)
    report('carried', 'ism', 'yes' if carried and not fallen else 'no',
           f'{carried} over SMC-D, {fallen} fell back; '
           f'{moved} bytes through the adapter')
    call('modprobe', '-r', 'dibs_smc', 'ism_sim')


def measure_in_tree(args):
    """Its counters do not say enough, but what it does not carry goes over the
    network device lo."""
    call('insmod', args.baseline)
    call('dibs', 'smc', 'eid', 'add', EID)
    before = loopback_bytes()
    line = call(args.worker, '1', str(args.msecs), 'smc', 'stream',
                str(128 * plan.KIB))
    rate = float(line.split('rate=')[1].split()[0])
    seen = loopback_bytes() - before
    moved = rate * args.msecs / 1000
    report('carried', 'in-tree', 'yes' if seen < moved / 10 else 'no',
           f'{seen} bytes of {moved:.0f} over lo')
    run_worker(args, ('smc',), plan.ALL_WORKER_CASES, rename='in-tree')
    run_programs(args, ('in-tree',))
    call('rmmod', 'smc')


def main():
    args = types.SimpleNamespace(**json.loads(sys.argv[1]))
    # In memory: no sample waits for the host's file system.
    args.worker = shutil.copy(args.worker, '/dev/shm')
    os.makedirs(programs.FOLDER, exist_ok=True)
    report('machine', os.uname().release, os.uname().machine, os.cpu_count())
    if args.baseline:
        call('modprobe', 'ib_core')
    call('modprobe', 'dibs_sink_bench')
    make_namespaces()
    args.placement = Placement(args)
    # Warms up: the first to run pays for pages and caches not touched before.
    call(args.worker, '1', '300', 'tcp,unix', 'stream', str(64 * plan.KIB))
    for number in range(args.rounds):
        measure_ours(args)
        measure_ism(args)
        if args.baseline:
            measure_in_tree(args)
        report('round', number + 1)


if __name__ == '__main__':
    main()
