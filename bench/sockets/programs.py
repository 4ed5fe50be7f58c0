# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Unmodified programs over a transport, inside the guest.

Each is a function that takes a transport and yields (case, size, values), with
values as in worker/main.c. "cpu" is the CPU time of the whole guest per
request, from the client's start, which is included, to its end; "switches" is
the number of context switches per request.
"""

import contextlib
import glob
import itertools
import json
import os
import re
import signal
import subprocess
import time

import plan

PORTS = itertools.count(20000)
PERCENTILES = {'p50': 50, 'p99': 99, 'p999': 99.9}
READY_WITHIN = 60   # seconds, for servers on a busy machine
HOST = '127.0.0.1'
FOLDER = '/tmp/bench'
PG = (glob.glob('/usr/lib/postgresql/*/bin') or [''])[0]
AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres',
               '--clear-groups', 'env', f'HOME={FOLDER}/pg']
NGINX_CONF = '''\
daemon off; master_process off; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 256; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
  scgi_temp_path {folder}/e;
  server {{ listen {host}:{port}; root {folder}; }}
}}
'''
# Called by wrk at its end; prints percentiles in us.
WRK_DONE = """\
done = function(summary, latency, requests)
  for name, share in pairs({p50 = 50, p99 = 99, p999 = 99.9}) do
    print(name .. "=" .. latency:percentile(share))
  end
end
"""


def call(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def over(transport):
    """The command that runs a program over the transport."""
    return [] if transport in ('tcp', 'unix') else ['dibs', 'run', '--']


# --- CPU time ----------------------------------------------------------------

def cpu_counters():
    """Idle seconds and context switches of all CPUs since boot."""
    with open('/proc/stat', encoding='ascii') as file:
        rows = {name: rest for name, *rest in map(str.split, file)}
    idle = int(rows['cpu'][3]) + int(rows['cpu'][4])
    return idle / os.sysconf('SC_CLK_TCK'), int(rows['ctxt'][0])


class Busy:
    """Measures CPU time and context switches of a with block."""

    def __enter__(self):
        self.began, self.before = time.monotonic(), cpu_counters()
        return self

    def __exit__(self, *_):
        idle, switches = (now - before for now, before
                          in zip(cpu_counters(), self.before))
        passed = (time.monotonic() - self.began) * os.cpu_count()
        self.ns, self.switches = max(passed - idle, 0) * 1e9, switches

    def per_request(self, requests):
        return {'cpu': self.ns / requests,
                'switches': self.switches / requests}


# --- servers -----------------------------------------------------------------

def listening(place):
    """place: a port, or the path of a socket"""
    if isinstance(place, str):
        return os.path.exists(place)
    with open('/proc/net/tcp', encoding='ascii') as file:
        return any(f':{place:04X} ' in line and ' 0A ' in line
                   for line in file)


@contextlib.contextmanager
def server(command, ready, stop=signal.SIGKILL):
    """A server that runs during a with block."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as child:
        try:
            deadline = time.monotonic() + READY_WITHIN
            while not ready():
                if time.monotonic() > deadline or child.poll() is not None:
                    raise OSError(f'{command} is not ready')
                time.sleep(0.05)
            yield
        finally:
            child.send_signal(stop)


# --- programs ----------------------------------------------------------------

def redis_client(place, transport, test, pipeline):
    requests = plan.REDIS_REQUESTS * (1 if pipeline == 1 else 5)
    with Busy() as busy:
        out = call(*over(transport), 'redis-benchmark', *place, '-d',
                   str(plan.KIB), '-c', str(plan.REDIS_CLIENTS), '-P',
                   str(pipeline), '-n', str(requests), '-t', test)
    rate = re.search(r'throughput summary: ([\d.]+)', out)
    # Ascending: this percentage took no longer than so many ms.
    rows = [(float(share), float(ms) * 1e6) for share, ms in re.findall(
        r'([\d.]+)% <= ([\d.]+) milliseconds',
        out.partition('Cumulative distribution')[0])]
    if not rate or not rows:
        raise ValueError(f'redis-benchmark said {out}')
    return {'rate': float(rate[1]), **busy.per_request(requests),
            **{name: next(ns for share, ns in rows if share >= least)
               for name, least in PERCENTILES.items()}}


def redis(transport):
    port, path = next(PORTS), f'{FOLDER}/redis'
    command = ['redis-server', '--save', '', '--dir', '/tmp', '--loglevel',
               'warning', '--bind', HOST]
    if transport == 'unix':
        place = ['-s', path]
        command += ['--port', '0', '--unixsocket', path]
    else:
        place = ['-h', HOST, '-p', str(port)]
        command += ['--port', str(port)]
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    with server(over(transport) + command, lambda: listening(
            path if transport == 'unix' else port)):
        for pipeline, case in ((1, 'redis'), (16, 'redis16')):
            for test in ('set', 'get'):
                yield (f'{case}-{test}', plan.KIB,
                       redis_client(place, transport, test, pipeline))


def iperf3(transport):
    if transport == 'unix':
        return
    port = next(PORTS)
    with server(over(transport) + ['iperf3', '-4', '-s', '-p', str(port)],
                lambda: listening(port)):
        with Busy() as busy:
            out = call(*over(transport), 'iperf3', '-c', HOST, '-p', str(port),
                       '-t', str(plan.IPERF_SECONDS), '-J')
    total = json.loads(out)['end']['sum_received']
    yield 'iperf3', 128 * plan.KIB, {
        'rate': total['bits_per_second'],
        **busy.per_request(8 * total['bytes'])}


def nginx(transport):
    if transport == 'unix':
        return          # wrk does not know AF_UNIX
    port, conf = next(PORTS), f'{FOLDER}/nginx.conf'
    with open(conf, 'w', encoding='ascii') as file:
        file.write(NGINX_CONF.format(folder=FOLDER, host=HOST, port=port))
    with open(f'{FOLDER}/file', 'w', encoding='ascii') as file:
        file.write('x' * plan.KIB)
    with open(f'{FOLDER}/done.lua', 'w', encoding='ascii') as file:
        file.write(WRK_DONE)
    os.chmod(FOLDER, 0o755)
    with server(over(transport) + ['nginx', '-c', conf],
                lambda: listening(port)):
        with Busy() as busy:
            out = call(*over(transport), 'wrk', '-t1', '-c',
                       str(plan.NGINX_CONNECTIONS), '-d',
                       str(plan.NGINX_SECONDS), '-s', f'{FOLDER}/done.lua',
                       f'http://{HOST}:{port}/file')
    words = out.split()
    if 'Non-2xx' in out or 'Socket errors' in out:
        raise ValueError(out)
    yield 'nginx', plan.KIB, {
        'rate': float(words[words.index('Requests/sec:') + 1]),
        **busy.per_request(int(words[words.index('requests') - 1])),
        **{name: float(us) * 1e3 for name, us in
           re.findall(r'^(p\d+)=([\d.]+)$', out, re.MULTILINE)}}


def prepare_postgres():
    """Makes a database cluster, once: it takes long. True if it is new."""
    home = f'{FOLDER}/pg'
    if os.path.exists(home):
        return False
    os.makedirs(home)
    subprocess.run(['chown', 'postgres:', home], check=True)
    call(*AS_POSTGRES, f'{PG}/initdb', '-D', home + '/data', '-A', 'trust',
         '-E', 'UTF8', '--locale=C', '--no-sync')
    return True


def latencies(prefix):
    """Percentiles from the logs of pgbench, which are removed."""
    found = []
    for path in glob.glob(prefix + '.*'):
        with open(path, encoding='ascii') as file:
            found += [int(line.split()[2]) for line in file]     # us
        os.remove(path)
    found.sort()
    return {name: found[min(int(len(found) * share / 100),
                            len(found) - 1)] * 1e3
            for name, share in PERCENTILES.items()}


def pgbench(transport):
    home, port = f'{FOLDER}/pg', next(PORTS)
    fresh = prepare_postgres()
    place = ['-h', home if transport == 'unix' else HOST, '-p', str(port),
             '-U', 'postgres']

    def ready():
        return subprocess.run([*over(transport), f'{PG}/pg_isready', '-q',
                               *place], check=False).returncode == 0

    # AF_UNIX sockets are in home; for the transport "unix", no TCP address.
    with server([*AS_POSTGRES, *over(transport), f'{PG}/postgres', '-D',
                 home + '/data', '-k', home, '-p', str(port), '-F', '-h',
                 '' if transport == 'unix' else HOST], ready, signal.SIGINT):
        if fresh:
            subprocess.run([*over(transport), 'pgbench', '-i', '-q', *place,
                            'postgres'], check=True,
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        with Busy() as busy:
            out = call(*over(transport), 'pgbench', '-S', '-n', '-c',
                       str(plan.PGBENCH_CLIENTS), '-T',
                       str(plan.PGBENCH_SECONDS), '-l', '--log-prefix',
                       f'{FOLDER}/pgbench', *place, 'postgres')
    lines = dict(line.partition(sep)[::2] for line in out.splitlines()
                 for sep in (': ', ' = ') if sep in line)
    done = int(lines['number of transactions actually processed'])
    yield 'pgbench', 1, {'rate': float(lines['tps'].split()[0]),
                         **busy.per_request(done),
                         **latencies(f'{FOLDER}/pgbench')}


# The cases of each program: only those that were asked for are started.
ALL = {redis: plan.REDIS_CASES, nginx: [('nginx', plan.KIB)],
       pgbench: [('pgbench', 1)], iperf3: [('iperf3', 128 * plan.KIB)]}
