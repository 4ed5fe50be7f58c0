# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Does everybody get a turn? The statements of smc-fair.sh.

    CPU 0                          CPU 1
    ----------------------------------------------------------------
    judge (this process)
    writer, a byte now and then -> reader, busy-polls or sleeps
                                   another task that wants to run
    both ends of round trips and streams that share a CPU

A reader busy-polls as long as SO_BUSY_POLL says; the judge sets it, as both
have the socket. "Off" means that it and net.smc.busy_poll are 0.

No statement depends on wall-clock time. What is compared are counts and shares
of CPU time of this run, with and without busy polling, in turn.
"""

import contextlib
import json
import mmap
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

import smc_ask

SMC = smc_ask.SMC
SO_BUSY_POLL = 46
PATIENCE = 60           # seconds until something is considered stuck
ROUNDS = 3
LONGEST = 1000          # microseconds, the largest effective SO_BUSY_POLL
SHORT = 0.0005          # pauses of a writer: short enough for a reader to
LONG = 0.003            # busy-poll, and too long
PIECE = 64 * 1024
MIB = 1024 * 1024
CPU1 = '/sys/devices/system/cpu/cpu1/online'

BYTES = 60              # that a reader gets per sample

counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast('Q')
costs = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast('Q')
tap = smc_ask.Tap()


class Stuck(Exception):
    """Something did not get far enough."""


# --- processes ---------------------------------------------------------------

class Team:
    """Processes, each on a CPU and with a counter of its own."""

    def __init__(self):
        self.pids = []

    def start(self, cpu, work, *args, manners=None):
        """Forks a process and returns its number. cpu None: any CPU; manners:
        called before the work."""
        number = len(self.pids)
        counts[number] = 0
        pid = os.fork()
        if pid:
            self.pids.append(pid)
            return number
        try:
            os.sched_setaffinity(0, (0, 1) if cpu is None else (cpu,))
            if manners:
                manners()
            work(number, *args)
        finally:
            os._exit(1)

    def processor_time(self, number):
        """Returns nanoseconds."""
        return time.clock_gettime_ns(~self.pids[number] << 3 | 2)

    def switches(self, number):
        """Returns how often the process went to sleep."""
        with open(f'/proc/{self.pids[number]}/status',
                  encoding='ascii') as file:
            for line in file:
                if line.startswith('voluntary_ctxt_switches'):
                    return int(line.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)


def await_counts(numbers, more):
    """Waits until all have counted that many more; returns what each has."""
    began = [counts[number] for number in numbers]
    deadline = time.monotonic() + PATIENCE
    while True:
        moved = [counts[number] - before
                 for number, before in zip(numbers, began)]
        if min(moved) >= more:
            return moved
        if time.monotonic() > deadline:
            raise Stuck(f'after {PATIENCE} s: {moved}, not {more}')
        time.sleep(0.01)


# --- what processes do -------------------------------------------------------

def read(number, sock):
    buffer = bytearray(PIECE)
    while count := sock.recv_into(buffer):
        counts[number] += count


def read_bytes(number, sock):
    """Counts pieces, and records the CPU time of each."""
    began = time.thread_time_ns()
    while sock.recv(PIECE):
        ended = time.thread_time_ns()
        costs[counts[number] % len(costs)] = ended - began
        counts[number] += 1
        began = ended


def write(_, sock):
    while True:
        sock.sendall(bytes(PIECE))


def write_seldom(_, sock, pause):
    while True:
        time.sleep(pause)
        sock.send(b'x')


def write_often(_, sock):
    while True:
        sock.send(b'x')
        # Slower than any reader
        for _ in range(4000):
            pass


def ask(number, sock):
    while True:
        sock.send(b'x')
        sock.recv(1)
        counts[number] += 1


def answer(_, sock):
    while True:
        sock.recv(1)
        sock.send(b'x')


def compute(number):
    while True:
        counts[number] += 1


def nap(number):
    while True:
        time.sleep(SHORT)
        counts[number] += 1


# --- connections -------------------------------------------------------------

def set_default(name, value):
    with open(f'/proc/sys/net/smc/{name}', 'w', encoding='ascii') as file:
        file.write(str(value))


def connected():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC) as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        near = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
        near.connect(listener.getsockname())
        far, _ = listener.accept()
    return near, far


def wait_awake(socks, usecs):
    for sock in socks:
        sock.setsockopt(socket.SOL_SOCKET, SO_BUSY_POLL, usecs)


@contextlib.contextmanager
def waiting_reader(cpu=1, pause=SHORT):
    """Yields the team, the reader's number and its socket."""
    near, far = connected()
    with Team() as team:
        reader = team.start(cpu, read_bytes, far)
        team.start(0, write_seldom, near, pause)
        await_counts([reader], 10)
        yield team, reader, far


def with_and_without(switch, sample):
    """Returns the medians of samples with switch(True) and switch(False),
    taken in turn."""
    found = {True: [], False: []}
    for _ in range(ROUNDS):
        for on in (False, True):
            switch(on)
            found[on].append(sample())
    switch(False)
    on, off = (statistics.median(found[on]) for on in (True, False))
    print(f'# {on:.5g} with it, {off:.5g} without')
    return on, off


def by_option(*socks):
    return lambda on: wait_awake(socks, LONGEST if on else 0)


def by_default(on):
    set_default('busy_poll', LONGEST if on else 0)


# --- what the statements check -----------------------------------------------

def streams_are_fair():
    with Team() as team:
        readers = []
        for _ in range(8):
            near, far = connected()
            readers.append(team.start(None, read, far))
            team.start(None, write, near)
        await_counts(readers, 1)
        moved = await_counts(readers, 8 * MIB)
    print('#', *(f'{count / MIB:.0f}' for count in moved), 'MiB')
    return max(moved) <= 50 * min(moved)


def trips_get_on():
    """At least five round trips while each stream moves 8 MiB."""
    with Team() as team:
        readers = []
        for _ in range(4):
            near, far = connected()
            readers.append(team.start(None, read, far))
            team.start(None, write, near)
        near, far = connected()
        asker = team.start(None, ask, near)
        team.start(None, answer, far)
        await_counts([*readers, asker], 1)
        before = counts[asker]
        await_counts(readers, 8 * MIB)
        trips = counts[asker] - before
    print(f'# {trips} while each stream moved 8 MiB')
    return trips >= 5


def cost_of_a_byte(reader):
    """Returns CPU time; the median hides time that the host takes."""
    began = counts[reader]
    await_counts([reader], BYTES)
    return statistics.median(costs[number % len(costs)] for number
                             in range(began, began + BYTES))


def option_is_obeyed():
    """Also proves that the comparison can tell the difference."""
    with waiting_reader() as (_, reader, sock):
        on, off = with_and_without(by_option(sock),
                                   lambda: cost_of_a_byte(reader))
    return on >= 2 * off


def late_bytes_are_slept_for():
    """A reader with the default finds out that busy polling does not pay."""
    with waiting_reader(pause=LONG) as (_, reader, _):
        on, off = with_and_without(by_default,
                                   lambda: cost_of_a_byte(reader))
    return on <= 2 * off


def off_is_off():
    """Bytes come so soon that readers busy-poll if they may; how often depends
    on the machine."""
    near, far = connected()
    with Team() as team:
        reader = team.start(1, read_bytes, far)
        team.start(0, write_often, near)
        sleeps = {}
        for on in (True, False):
            by_default(on)
            await_counts([reader], 100)
            began = team.switches(reader)
            count, = await_counts([reader], 1000)
            sleeps[on] = (team.switches(reader) - began) / count
    print(f'# slept for {sleeps[False]:.2f} of the bytes; with busy polling: '
          f'{sleeps[True]:.2f}')
    return sleeps[False] >= 0.5


def share_of_other(work, manners=None):
    """Returns the share of CPU 1 that another task has beside the reader; or
    how often it ran."""
    with waiting_reader() as (team, reader, sock):
        other = team.start(1, work, manners=manners)
        await_counts([other], 1)

        def share():
            began = [team.processor_time(each) for each in (other, reader)]
            await_counts([reader], BYTES)
            ran, read_for = (team.processor_time(each) - before for each, before
                             in zip((other, reader), began))
            return ran / (ran + read_for)

        def runs_for_a_byte():
            before = counts[other]
            count, = await_counts([reader], BYTES)
            return (counts[other] - before) / count

        return with_and_without(
            by_option(sock), runs_for_a_byte if work is nap else share)


def keeps_share(manners=None):
    on, off = share_of_other(compute, manners)
    return on >= off / 2


def wakes_as_often(manners=None):
    on, off = share_of_other(nap, manners)
    return on >= off / 3


def as_batch():
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def as_idle():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def as_nice():
    os.setpriority(os.PRIO_PROCESS, 0, 19)


def as_much_on_one_cpu(near_work, far_work, counting_far):
    """With busy polling, ends get at least a fifth as far as without."""
    near, far = connected()
    with Team() as team:
        numbers = (team.start(0, near_work, near),
                   team.start(0, far_work, far))
        number = numbers[counting_far]
        await_counts([number], 1)

        def work_done():
            before = counts[number]
            time.sleep(0.1)
            return counts[number] - before

        def switch(on):
            by_option(near, far)(on)
            by_default(on)

        on, off = with_and_without(switch, work_done)
    return off > 0 and on >= off / 5


def trips_on_one_cpu():
    return as_much_on_one_cpu(ask, answer, False)


def stream_on_one_cpu():
    return as_much_on_one_cpu(write, read, True)


def sleeps_where_there_is_one_cpu():
    with waiting_reader(0) as (_, reader, sock):
        on, off = with_and_without(by_option(sock),
                                   lambda: cost_of_a_byte(reader))
    return on <= 2 * off


def all_by_smc():
    rows = json.loads(subprocess.run(
        ['dibs', '--json', 'smc', 'fallbacks'], check=True, text=True,
        stdout=subprocess.PIPE).stdout)
    print('#', rows)
    return rows and all(row['carrier'] == 'SMC-D' for row in rows)


# --- statements --------------------------------------------------------------

def on_path(mapped, holds):
    set_default('mapped', mapped)
    try:
        return holds()
    finally:
        set_default('mapped', 1)


STREAMS = [
    (f'{name}: {statement}', lambda mapped=mapped, holds=holds:
     on_path(mapped, holds))
    for mapped, name in ((1, 'mapped'), (0, 'moving'))
    for statement, holds in (
        ('each of eight streams gets at least a fiftieth of another',
         streams_are_fair),
        ('round trips get on beside streams', trips_get_on))]
READERS = [
    ('a reader with SO_BUSY_POLL busy-polls', option_is_obeyed),
    ('a reader whose bytes come late sleeps without SO_BUSY_POLL',
     late_bytes_are_slept_for),
    ('a reader sleeps with net.smc.busy_poll=0', off_is_off),
]
OTHERS = [
    # At least half of the CPU share has to remain, or a third of the runs.
    ('a task keeps its CPU share beside a reader that busy-polls', keeps_share),
    ('a SCHED_BATCH task keeps its CPU share beside a reader that busy-polls',
     lambda: keeps_share(as_batch)),
    ('a SCHED_IDLE task keeps its CPU share beside a reader that busy-polls',
     lambda: keeps_share(as_idle)),
    ('a task of nice 19 keeps its CPU share beside a reader that busy-polls',
     lambda: keeps_share(as_nice)),
    ('a napping task of nice 19 runs as often beside a reader that busy-polls',
     lambda: wakes_as_often(as_nice)),
]
TOGETHER = [
    ('round trips get on if both ends share a CPU and busy-poll',
     trips_on_one_cpu),
    ('a stream gets on if both ends share a CPU and busy-poll',
     stream_on_one_cpu),
]
ALONE = [
    ('round trips get on if there is only one CPU', trips_on_one_cpu),
    ('a stream gets on if there is only one CPU', stream_on_one_cpu),
    ('a reader with SO_BUSY_POLL sleeps if there is only one CPU',
     sleeps_where_there_is_one_cpu),
]


def state(statements):
    for statement, holds in statements:
        try:
            wrong = '' if holds() else 'it does not hold'
        except (Stuck, OSError) as error:
            wrong = repr(error)
        tap.result(statement, wrong)


def switch_cpu1(on):
    with open(CPU1, 'w', encoding='ascii') as file:
        file.write(str(int(on)))


def state_alone():
    try:
        switch_cpu1(False)
    except OSError as error:
        for statement, _ in ALONE:
            tap.result(f'{statement} # SKIP no CPU hotplug: {error}')
        return
    try:
        state(ALONE)
    finally:
        switch_cpu1(True)


def main():
    if os.cpu_count() < 2:
        print('1..0 # SKIP there is only one CPU')
        return 0
    os.sched_setaffinity(0, (0,))
    state(STREAMS)
    set_default('busy_poll', 0)
    state(READERS)
    state(OTHERS)
    state(TOGETHER)
    state_alone()
    state([('SMC-D carried all connections', all_by_smc)])
    print(f'1..{tap.count}')
    return tap.failed > 0


if __name__ == '__main__':
    sys.exit(main())
