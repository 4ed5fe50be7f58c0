# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What is measured over which transports, and what it should come to.

A transport is a name of the table. Those of this project are measured side by
side with TCP and AF_UNIX; the distribution's own smc with its loopback cannot
be loaded beside ours, nor can loopback be there when ISM shall carry, so their
turns come at the end of each round. The probe is a socket that copies in and
throws away: the limit of a sender. Memory is a ring that the ends share, without
a kernel: the limit of what goes from one processor to another. A byte there and
back says how far apart they are just then: hosts move the processors of their
guests about, and where these share no cache, all transports that need both are
slower, by up to four times.
"""

from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024

TITLES = {'tcp': 'TCP', 'unix': 'AF_UNIX', 'mapped': 'SMC-D mapped',
          'moving': 'SMC-D moving', 'ism': 'SMC-D over ISM',
          'distro': "distribution's", 'probe': 'thrown away',
          'memory': 'shared memory'}
OURS = ('mapped', 'moving')
LIMITS = {'stream': ('probe', 'memory'), 'trip': ('memory',)}

# unit: of the value shown; scale: what it is divided by for that; slow: a
# larger value is worse; field: which one of a sample. Of trips it is the
# median, which does not see that the host had something else to do. Processor
# time is shown in cpu_unit.
Kind = namedtuple('Kind', 'unit scale slow field cpu_unit cpu_scale')


def rate(unit, scale, cpu_unit='us each', cpu_scale=1e3):
    return Kind(unit, scale, False, 'rate', cpu_unit, cpu_scale)


def trip():
    return Kind('us', 1e3, True, 'p50', 'us each', 1e3)


def stream():
    return rate('MB/s', 1e6, 'ns a KiB', 1 / KIB)


KINDS = {
    'stream': stream(), 'streams8': stream(), 'streams64': stream(),
    'trip': trip(), 'asleep': trip(),
    'connect': rate('/s', 1),
    'idle': Kind('KiB', KIB, True, 'bytes', '', 1),
    'redis-set': rate('/s', 1), 'redis-get': rate('/s', 1),
    'redis16-set': rate('/s', 1), 'redis16-get': rate('/s', 1),
    'nginx': rate('/s', 1), 'pgbench': rate('/s', 1),
    'iperf3': rate('Mbit/s', 1e6, 'ns a KiB', 1 / (8 * KIB)),
}
NAMES = {
    'streams8': '8 streams', 'streams64': '64 streams', 'trip': 'round trip',
    'asleep': 'asleep, round trip', 'connect': 'connect, byte, close',
    'idle': 'memory, idle',
    'redis-set': 'redis SET', 'redis-get': 'redis GET',
    'redis16-set': 'redis SET -P 16', 'redis16-get': 'redis GET -P 16',
    'pgbench': 'pgbench -S',
}

STREAMS = [('stream', size) for size in
           (64, KIB, 16 * KIB, 64 * KIB, 128 * KIB, MIB)]
MANY = [('streams8', 16 * KIB), ('streams64', 16 * KIB)]
TRIPS = [('trip', 1), ('trip', 4 * KIB), ('trip', 64 * KIB), ('asleep', 1)]
WORKER_CASES = STREAMS + MANY + TRIPS + [('connect', 1), ('idle', 1)]
ISM_CASES = [('stream', 64 * KIB)]
REDIS_CASES = [(name, KIB) for name in ('redis-set', 'redis-get',
                                        'redis16-set', 'redis16-get')]
PROGRAM_CASES = REDIS_CASES + [('nginx', KIB), ('pgbench', 1),
                               ('iperf3', 128 * KIB)]
CASES = WORKER_CASES + PROGRAM_CASES

# For the pictures.
PLOT_STREAMS = [('stream', 64 << shift) for shift in range(0, 15, 2)]
PLOT_TRIPS = [('trip', size) for size in (1, 64, KIB, 4 * KIB, 16 * KIB,
                                          64 * KIB)]
PLOT_CASES = PLOT_STREAMS + PLOT_TRIPS
OF_WORKER = list(dict.fromkeys(WORKER_CASES + PLOT_CASES))

REDIS_CLIENTS = 20
REDIS_REQUESTS = 10000
NGINX_CONNECTIONS = 50
NGINX_SECONDS = 2
PGBENCH_CLIENTS = 10
PGBENCH_SECONDS = 3
IPERF_SECONDS = 1

# How much longer than at the best a byte takes there and back between processors
# that share no cache.
FAR = 1.5

# Of one transport's value to that of others, the best of them in each round, or
# the worst, if both are limits; of none: the value itself. An operand is (case,
# size, transport, field).
Goal = namedtuple('Goal', 'mine others target slow limits', defaults=[False])


def operand(case, size, transport, field=None):
    return case, size, transport, field or KINDS[case].field


def goal(case, size, others, target, mine='mapped', of=None):
    """of: the others' case and size, if not the same"""
    return Goal(operand(case, size, mine),
                [operand(*(of or (case, size)), other) for other in others],
                target, KINDS[case].slow)


def bulk_goals(size):
    return [goal('stream', size, ('tcp', 'unix'), 1.6),
            goal('stream', size, ('probe',), 0.75),
            goal('stream', size, ('probe', 'memory'),
                 0.75)._replace(limits=True)]


def many_goals(case, size):
    share = Goal(operand(case, size, 'mapped', 'share'), [], 0.5, False)
    return [goal(case, size, ('mapped',), 0.6, of=('stream', size)),
            goal(case, size, ('unix',), 1.4), share]


def cpu_goals():
    """Never above TCP's."""
    return [Goal(operand(case, size, 'mapped', 'cpu'),
                 [operand(case, size, 'tcp', 'cpu')], 1.0, True)
            for case, size in CASES if case != 'idle']


GOALS = (
    [goal('stream', 64, ('unix',), 1.5), goal('stream', 64, ('tcp',), 6),
     goal('stream', KIB, ('unix',), 1.4), goal('stream', KIB, ('tcp',), 6)]
    + [each for _, size in STREAMS[2:] for each in bulk_goals(size)]
    + [each for row in MANY for each in many_goals(*row)]
    + [goal('asleep', 1, ('unix',), 1.2), goal('trip', 1, ('unix',), 0.2),
       goal('trip', 64 * KIB, ('unix',), 0.6),
       goal('connect', 1, ('tcp',), 0.7), goal('connect', 1, ('distro',), 1.5)]
    + [goal(*row, ('tcp',), 1.6) for row in REDIS_CASES[:2]]
    + [goal(*row, ('unix',), 1.0) for row in REDIS_CASES]
    + [goal('nginx', KIB, ('tcp',), 1.7),
       goal('iperf3', 128 * KIB, ('tcp',), 1.6),
       goal('pgbench', 1, ('tcp',), 1.2), goal('pgbench', 1, ('unix',), 1.0),
       goal('idle', 1, ('distro',), 0.5),
       goal('stream', 64 * KIB, ('mapped',), 0.5, mine='ism')]
    + cpu_goals()
)
