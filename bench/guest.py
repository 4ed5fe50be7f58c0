# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures, inside the guest. Arguments: ROUNDS MSECS GETPPID.

Prints lines for measure.py:

    sample NAME SIZE CPUS NS        once a round
    fill NR LEN NS BYTES            registering NR DMBs that stay
    lookup NR NS                    attach + detach beside NR others
"""

import os
import subprocess
import sys

import plan

CGROUP = '/sys/fs/cgroup'


class Bench:
    """The kernel module's file."""

    def __init__(self):
        self.fd = os.open('/dev/dibs_bench', os.O_RDWR)

    def ask(self, *words):
        os.write(self.fd, ' '.join(map(str, words)).encode())
        return os.read(self.fd, 100).decode().split()


def say(*words):
    print(*words, flush=True)


def enter_cgroup():
    """Memory is paid for by a cgroup of ours, as in a container."""
    try:
        with open(CGROUP + '/cgroup.subtree_control', 'w') as file:
            file.write('+memory')
        os.makedirs(CGROUP + '/bench', exist_ok=True)
        with open(CGROUP + '/bench/cgroup.procs', 'w') as file:
            file.write(str(os.getpid()))
    except OSError as error:
        say('note no memory cgroup:', error)


def measure(bench, getppid, msecs, sample):
    name, size, cpus = sample
    if name == 'syscall':
        done = subprocess.run([getppid, str(msecs)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout.strip()
    return bench.ask('run', name, size, cpus, msecs)[0]


def look_ups(bench, msecs):
    for crowd in plan.LOOK_UPS:
        bench.ask('fill', crowd, 4096)
        say('lookup', crowd, bench.ask('run', 'attach', 1, 1, msecs)[0])
        bench.ask('empty')


def main():
    rounds, msecs, getppid = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    cpus = os.cpu_count()
    subprocess.run(['modprobe', '-a', 'dibs_loopback', 'dibs_bench'],
                   check=True)
    enter_cgroup()
    bench = Bench()
    say('machine', os.uname().release, os.uname().machine, cpus)
    samples = [sample for sample in plan.samples() if sample[2] <= cpus]
    for number in range(rounds):
        # There and back, so that no case always follows the same one.
        for sample in samples if number % 2 else reversed(samples):
            say('sample', *sample, measure(bench, getppid, msecs, sample))
        look_ups(bench, msecs)
        say('fill', plan.CROWD, plan.CROWD_LEN,
            *bench.ask('fill', plan.CROWD, plan.CROWD_LEN))
        bench.ask('empty')
        say('round', number + 1)
    os.close(bench.fd)
    subprocess.run(['rmmod', 'dibs_bench'], check=False)


if __name__ == '__main__':
    main()
