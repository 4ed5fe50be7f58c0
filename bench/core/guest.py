# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures the layer, inside the guest. Arguments: ROUNDS MSECS GETPPID, the
path of that program.

Prints lines for measure.py, each once a round except for the first:

    machine KERNEL ARCH CPUS
    sample NAME SIZE CPUS NS        ns per operation
    lookup NR NS                    attach + detach with NR other DMBs
    fill NR LEN NS BYTES            ns to register one of NR idle DMBs, memory
                                    for all of them
    round NUMBER                    end of the round
"""

import os
import subprocess
import sys

import plan

CGROUP = '/sys/fs/cgroup'


class Bench:
    """The interface of dibs_bench.ko, see main.c."""

    def __init__(self):
        self.fd = os.open('/dev/dibs_bench', os.O_RDWR)

    def command(self, *words):
        os.write(self.fd, ' '.join(map(str, words)).encode())
        return os.read(self.fd, 100).decode().split()


def report(*words):
    print(*words, flush=True)


def enter_cgroup():
    """Charges memory to a cgroup of its own, as in a container."""
    try:
        with open(CGROUP + '/cgroup.subtree_control', 'w') as file:
            file.write('+memory')
        os.makedirs(CGROUP + '/bench', exist_ok=True)
        with open(CGROUP + '/bench/cgroup.procs', 'w') as file:
            file.write(str(os.getpid()))
    except OSError as error:
        report('note no memory cgroup:', error)


def measure(bench, getppid, msecs, sample):
    name, size, cpus = sample
    if name == 'syscall':
        done = subprocess.run([getppid, str(msecs)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout.strip()
    return bench.command('run', name, size, cpus, msecs)[0]


def measure_lookups(bench, msecs):
    for others in plan.OTHER_DMBS:
        bench.command('fill', others, 4096)
        report('lookup', others,
               bench.command('run', 'attach', 1, 1, msecs)[0])
        bench.command('empty')


def main():
    rounds, msecs, getppid = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    cpus = os.cpu_count()
    subprocess.run(['modprobe', '-a', 'dibs_loopback', 'dibs_bench'],
                   check=True)
    enter_cgroup()
    bench = Bench()
    report('machine', os.uname().release, os.uname().machine, cpus)
    samples = [sample for sample in plan.samples() if sample[2] <= cpus]
    for number in range(rounds):
        # Forwards and backwards: no case always follows the same other one.
        for sample in samples if number % 2 else reversed(samples):
            report('sample', *sample, measure(bench, getppid, msecs, sample))
        measure_lookups(bench, msecs)
        report('fill', plan.IDLE_DMBS, plan.IDLE_LEN,
               *bench.command('fill', plan.IDLE_DMBS, plan.IDLE_LEN))
        bench.command('empty')
        report('round', number + 1)
    os.close(bench.fd)
    subprocess.run(['rmmod', 'dibs_bench'], check=False)


if __name__ == '__main__':
    main()
