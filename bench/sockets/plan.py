# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What is measured, over which transports, and the goals.

The transports of this project are "mapped" (SMC-D where the sender writes into
the peer's mapped DMB) and "moving" (net.smc.mapped=0: by moves only). They are
measured side by side with TCP and AF_UNIX. "ism" (our SMC-D over simulated ISM adapters) and
"in-tree" (the distribution's own smc with its loopback) have their turns at the
end of each round: ISM is used only if loopback is not loaded, and the in-tree
module cannot be loaded beside ours. Two more are limits: "sink" is a copy-only
socket, as fast as any sender can be; "memory" is a ring in user space that both
ends share, as fast as data gets from one CPU to another.

A round trip of one byte over "memory" shows the distance between the guest's
CPUs: the host migrates them, and while they share no cache, all transports
that need both are slower, by up to four times.
"""

from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024

TITLES = {'tcp': 'TCP', 'unix': 'AF_UNIX', 'mapped': 'SMC-D mapped',
          'moving': 'SMC-D moving', 'ism': 'SMC-D over ISM',
          'in-tree': 'in-tree SMC', 'sink': 'copy-only sink',
          'memory': 'shared memory'}
OURS = ('mapped', 'moving')
LIMITS = {'stream': ('sink', 'memory'), 'trip': ('memory',)}

# How the samples of a case are shown. field: the main value of a sample; for
# trips that is the median, which ignores stalls caused by the host. unit and
# scale: the field divided by scale is shown; cpu_unit and cpu_scale: the same
# for CPU time.
Metric = namedtuple('Metric',
                    'unit scale lower_is_better field cpu_unit cpu_scale')


def rate(unit, scale, cpu_unit='us/op', cpu_scale=1e3):
    return Metric(unit, scale, False, 'rate', cpu_unit, cpu_scale)


def trip():
    return Metric('us', 1e3, True, 'p50', 'us/op', 1e3)


def stream():
    return rate('MB/s', 1e6, 'ns/KiB', 1 / KIB)


METRICS = {
    'stream': stream(), 'streams8': stream(), 'streams64': stream(),
    'trip': trip(), 'trip-sleep': trip(),
    'connect': rate('/s', 1),
    'idle': Metric('KiB', KIB, True, 'bytes', '', 1),
    'redis-set': rate('/s', 1), 'redis-get': rate('/s', 1),
    'redis16-set': rate('/s', 1), 'redis16-get': rate('/s', 1),
    'nginx': rate('/s', 1), 'pgbench': rate('/s', 1),
    'iperf3': rate('Mbit/s', 1e6, 'ns/KiB', 1 / (8 * KIB)),
}
NAMES = {
    'streams8': '8 streams', 'streams64': '64 streams', 'trip': 'round trip',
    'trip-sleep': 'sleeping round trip',
    'connect': 'connect/request/response',
    'idle': 'memory per idle connection',
    'redis-set': 'redis SET', 'redis-get': 'redis GET',
    'redis16-set': 'redis SET -P 16', 'redis16-get': 'redis GET -P 16',
    'pgbench': 'pgbench -S',
}

STREAMS = [('stream', size) for size in
           (64, KIB, 16 * KIB, 64 * KIB, 128 * KIB, MIB)]
MANY = [('streams8', 16 * KIB), ('streams64', 16 * KIB)]
TRIPS = [('trip', 1), ('trip', 4 * KIB), ('trip', 64 * KIB),
         ('trip-sleep', 1)]
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
ALL_WORKER_CASES = list(dict.fromkeys(WORKER_CASES + PLOT_CASES))

REDIS_CLIENTS = 20
REDIS_REQUESTS = 10000
NGINX_CONNECTIONS = 50
NGINX_SECONDS = 2
PGBENCH_CLIENTS = 10
PGBENCH_SECONDS = 3
IPERF_SECONDS = 1

# CPUs are far apart if the distance is more than this many times the smallest
# one seen.
FAR = 1.5

# The target is for the ratio of one value to others: to the best of them in
# each round or, if they are limits, to the worst. Without others it is for the
# value itself. An operand is (case, size, transport, field).
Goal = namedtuple('Goal', 'mine others target lower_is_better limits',
                  defaults=[False])


def operand(case, size, transport, field=None):
    return case, size, transport, field or METRICS[case].field


def goal(case, size, others, target, mine='mapped', of=None):
    """of: case and size of the others, if different"""
    return Goal(operand(case, size, mine),
                [operand(*(of or (case, size)), other) for other in others],
                target, METRICS[case].lower_is_better)


def stream_goals(size):
    return [goal('stream', size, ('tcp', 'unix'), 1.6),
            goal('stream', size, ('sink',), 0.75),
            goal('stream', size, ('sink', 'memory'),
                 0.75)._replace(limits=True)]


def many_goals(case, size):
    fairness = Goal(operand(case, size, 'mapped', 'fairness'), [], 0.5, False)
    return [goal(case, size, ('mapped',), 0.6, of=('stream', size)),
            goal(case, size, ('unix',), 1.4), fairness]


def cpu_goals():
    """CPU time is never more than TCP's."""
    return [Goal(operand(case, size, 'mapped', 'cpu'),
                 [operand(case, size, 'tcp', 'cpu')], 1.0, True)
            for case, size in CASES if case != 'idle']


GOALS = (
    [goal('stream', 64, ('unix',), 1.5), goal('stream', 64, ('tcp',), 6),
     goal('stream', KIB, ('unix',), 1.4), goal('stream', KIB, ('tcp',), 6)]
    + [each for _, size in STREAMS[2:] for each in stream_goals(size)]
    + [each for row in MANY for each in many_goals(*row)]
    + [goal('trip-sleep', 1, ('unix',), 1.2), goal('trip', 1, ('unix',), 0.2),
       goal('trip', 64 * KIB, ('unix',), 0.6),
       goal('connect', 1, ('tcp',), 0.7), goal('connect', 1, ('in-tree',), 1.5)]
    + [goal(*row, ('tcp',), 1.6) for row in REDIS_CASES[:2]]
    + [goal(*row, ('unix',), 1.0) for row in REDIS_CASES]
    + [goal('nginx', KIB, ('tcp',), 1.7),
       goal('iperf3', 128 * KIB, ('tcp',), 1.6),
       goal('pgbench', 1, ('tcp',), 1.2), goal('pgbench', 1, ('unix',), 1.0),
       goal('idle', 1, ('in-tree',), 0.5),
       goal('stream', 64 * KIB, ('mapped',), 0.5, mine='ism')]
    + cpu_goals()
)
