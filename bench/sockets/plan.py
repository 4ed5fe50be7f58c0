# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What is measured over which transports, and what it should come to.

A transport is a name of the table. Those of this project are measured side by
side with TCP and AF_UNIX; the distribution's own smc with its loopback cannot
be loaded beside ours, so its turn comes at the end of each round.
"""

from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024

TITLES = {'tcp': 'TCP', 'unix': 'AF_UNIX', 'mapped': 'SMC-D mapped',
          'moving': 'SMC-D moving', 'distro': "distribution's"}
OURS = ('mapped', 'moving')

# unit: of the value shown; scale: what a sample is divided by for that;
# slow: a larger value is worse; index: which value of a sample. Of trips it is
# the median, which does not see that the host had something else to do.
Kind = namedtuple('Kind', 'unit scale slow index', defaults=(0,))
KINDS = {
    'stream': Kind('MB/s', 1e6, False),
    'trip': Kind('us', 1e3, True, 1),
    'connect': Kind('/s', 1, False),
    'redis-set': Kind('/s', 1, False),
    'redis-get': Kind('/s', 1, False),
    'iperf3': Kind('Mbit/s', 1e6, False),
}

WORKER_CASES = ([('stream', size) for size in
                 (64, KIB, 16 * KIB, 128 * KIB, MIB)]
                + [('trip', size) for size in (1, 4 * KIB, 64 * KIB)]
                + [('connect', 1)])
PROGRAM_CASES = [('redis-set', KIB), ('redis-get', KIB), ('iperf3', 128 * KIB)]
CASES = WORKER_CASES + PROGRAM_CASES

REDIS_CLIENTS = 20
REDIS_REQUESTS = 12000
IPERF_SECONDS = 1

# Of SMC-D mapped, to a transport or to the better of two in each round.
Goal = namedtuple('Goal', 'case size others ratio')
GOALS = (
    [Goal('stream', size, ('unix',), 1.0) for size in (64, KIB)]
    + [Goal('stream', size, ('tcp', 'unix'), 1.2)
       for size in (16 * KIB, 128 * KIB, MIB)]
    + [Goal('trip', size, ('tcp',), 0.6) for size in (1, 4 * KIB, 64 * KIB)]
    + [Goal(name, KIB, ('tcp',), 1.4) for name in ('redis-set', 'redis-get')]
)
