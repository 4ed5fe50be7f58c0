# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs programs and kills them, for smc-programs.sh.

  smc_programs.py SECONDS FOLDER KIND...

Each kind has a server, which is restarted whenever it is gone, and two
clients, which run again and again, all under "dibs run". Now and then a random
process of theirs is killed. Clients may fail because of that, but none may
take longer than PATIENCE. When the time is over, no more processes are killed
and each client has to succeed. Prints what is wrong to standard output and
exits with 1 if anything is.

redis-benchmark has a bug of its own, over TCP, too: when a connection breaks
while it is about to write, its library reports EAGAIN for any error, and it
retries for ever, without a system call. A client that does this is killed.
"""

import collections
import glob
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time

PATIENCE = 300          # seconds; no client may take longer
LOOK = 10               # seconds between checks of a client that may spin
FAULTY = 'redis'        # the kind of client that may spin
CLIENTS = 2
PROGRAMS = ('redis-server', 'redis-benchmark', 'nginx', 'wrk', 'iperf3',
            'postgres', 'pgbench')
POSTGRES = (glob.glob('/usr/lib/postgresql/*/bin') or [''])[0]
AS_POSTGRES = ('setpriv --reuid=postgres --regid=postgres --clear-groups '
               'env HOME={folder}/pg')

SERVERS = {
    'redis': 'dibs run redis-server --port 6379 --bind 127.0.0.1 --save "" '
             '--dir {folder} --loglevel warning',
    'nginx': 'dibs run nginx -p {folder} -c {folder}/nginx.conf',
    'iperf3': 'dibs run iperf3 -s -p 5201',
    'postgres': AS_POSTGRES + ' dibs run ' + POSTGRES + '/postgres '
                '-D {folder}/pg/data -k "" -h 127.0.0.1 -p 5432 -F',
}
CLIENT = {
    'redis': 'dibs run redis-benchmark -p 6379 -q -n 3000 -c 20 -d 3000 '
             '-t set,get,lrange_100',
    'nginx': 'dibs run wrk -t 2 -c 20 -d 2s http://127.0.0.1:5401/file',
    'iperf3': 'dibs run iperf3 -c 127.0.0.1 -p 5201 -t 1 --bidir',
    'postgres': 'dibs run pgbench -h 127.0.0.1 -p 5432 -U postgres -n -c 4 '
                '-j 2 -t 20 postgres',
}
# Required output of clients whose exit status says nothing.
GOOD = {'nginx': b'Requests/sec'}

over = threading.Event()        # tells servers to end
counts = collections.Counter()
wrong = []


def start(folder, command):
    return subprocess.Popen(shlex.split(command.format(folder=folder)),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)


def kill(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


# --- servers -----------------------------------------------------------------

def serve(folder, kind):
    while not over.is_set():
        process = start(folder, SERVERS[kind])
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        while process.poll() is None and not over.wait(0.1):
            pass
        if process.poll() is None:
            process.terminate()
            end(process, kind + "'s server does not stop")
        # Processes that it left behind hold its port.
        kill(process, signal.SIGKILL)
        reader.join(PATIENCE)
        counts[kind, 'servers'] += 1


def end(process, complaint):
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        wrong.append(complaint)
        describe(process)
        kill(process, signal.SIGKILL)


# --- clients -----------------------------------------------------------------

def describe(process):
    """Prints what a process that hangs waits for."""
    for path in glob.glob(f'/proc/{process.pid}/task/*/stack'):
        with open(path) as file:
            print(path, file.read(), flush=True)
    subprocess.run(['dibs', 'smc', 'list'])
    subprocess.run(['ss', '-tnp'])


def times(process):
    """Returns the ticks that the first thread spent in user mode and in the
    kernel, and how often it slept."""
    folder = f'/proc/{process.pid}/task/{process.pid}/'
    try:
        with open(folder + 'stat') as file:
            user, system = file.read().rpartition(')')[2].split()[11:13]
        with open(folder + 'status') as file:
            slept = [line for line in file if line.startswith('voluntary')]
    except OSError:
        return None
    return int(user), int(system), slept


def spins(process):
    """Does it only compute? Interrupts may be accounted as its own time."""
    before = times(process)
    time.sleep(3)
    after = times(process)
    return bool(before and after and before[2] == after[2] and
                after[0] - before[0] > 9 * (after[1] - before[1]))


def output(process, kind):
    """Returns a client's output; raises TimeoutExpired if it hangs."""
    if kind != FAULTY:
        return process.communicate(timeout=PATIENCE)[0]
    last = time.monotonic() + PATIENCE
    while True:
        try:
            return process.communicate(timeout=LOOK)[0]
        except subprocess.TimeoutExpired:
            if spins(process):
                counts[kind, 'spinning'] += 1
                kill(process, signal.SIGKILL)
            elif time.monotonic() > last:
                raise


def run_client(folder, kind):
    """Returns whether the client succeeded."""
    process = start(folder, CLIENT[kind])
    try:
        said = output(process, kind)
    except subprocess.TimeoutExpired:
        wrong.append(f'a client of {kind} hangs')
        describe(process)
        kill(process, signal.SIGKILL)
        said = process.communicate()[0]
    good = process.returncode == 0 and GOOD.get(kind, b'') in said
    counts[kind, 'good' if good else 'failed'] += 1
    if not good:
        time.sleep(0.2)
    return good


def ask(folder, kind, until):
    while time.monotonic() < until:
        run_client(folder, kind)
    # Servers may still be starting.
    last = time.monotonic() + PATIENCE
    while not run_client(folder, kind):
        if time.monotonic() > last:
            wrong.append(f'no client of {kind} succeeds any more')
            return


# --- killing -----------------------------------------------------------------

def processes():
    for path in glob.glob('/proc/[0-9]*/comm'):
        try:
            with open(path) as file:
                name = file.read().strip()
        except OSError:
            continue
        if name in PROGRAMS:
            yield int(path.split('/')[2]), name


def kill_one():
    """Kills a process; programs with many processes are not hit more often."""
    found = list(processes())
    if not found:
        return
    name = random.choice(sorted({name for _, name in found}))
    victim = random.choice([pid for pid, each in found if each == name])
    try:
        os.kill(victim, random.choice((signal.SIGKILL, signal.SIGTERM)))
        counts[name, 'killed'] += 1
    except ProcessLookupError:
        pass


def kill_many(until):
    while time.monotonic() < until:
        time.sleep(random.uniform(0.5, 4))
        kill_one()


def main(seconds, folder, *kinds):
    until = time.monotonic() + float(seconds)
    servers = [threading.Thread(target=serve, args=(folder, kind))
               for kind in kinds]
    clients = [threading.Thread(target=ask, args=(folder, kind, until))
               for kind in kinds for _ in range(CLIENTS)]
    for thread in servers + clients:
        thread.start()
    kill_many(until)
    for thread in clients:
        thread.join()
    over.set()
    for thread in servers:
        thread.join()
    for key, count in sorted(counts.items()):
        print(*key, count)
    print(*wrong, sep='\n')
    sys.exit(bool(wrong))


main(*sys.argv[1:])
