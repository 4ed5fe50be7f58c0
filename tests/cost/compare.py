# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Has SMC-D become more expensive compared with TCP and AF_UNIX? See "run".

    compare.py [--renew] FILE <OUTPUT

Reads the output of the guest: TAP, which is passed on, and lines of
carriers.c. FILE has the ratios of an earlier run, and its kernel:

    {"kernel": "6.12.1",
     "ratios": {"round trip of 1 B": {"mapped/tcp": 0.4, ...}, ...}}

A ratio is the time of an operation over the first carrier, divided by that
over the second.
"""

import json
import sys
from collections import defaultdict

OURS, OTHERS = ('mapped', 'moving'), ('tcp', 'unix')
WORSE = 1.1
ADVICE = '''\
# If the price is worth it, run "tests/cost/run --renew", and say in the commit
# what it is the price of.'''


class Measured:
    """The output of the guest."""

    def __init__(self):
        self.kernel = 'unknown'
        self.fallen = None              # connections that TCP carried
        self.costs = defaultdict(dict)  # measurement: carrier: ns

    def take(self, line):
        """Returns false if the line is something else."""
        word, _, rest = line.partition(' ')
        if word == 'cost':
            carrier, median, least, most, name = rest.split(' ', 4)
            self.costs[name][carrier] = float(median)
            print(f'# {name}: {carrier} {median} ns ({least} to {most})')
        elif word == 'kernel':
            self.kernel = rest
        elif word == 'fallen':
            self.fallen = int(rest)
        else:
            return False
        return True

    def ratios(self):
        return {name: {f'{our}/{other}': costs[our] / costs[other]
                       for our in OURS for other in OTHERS
                       if our in costs and other in costs}
                for name, costs in self.costs.items()}


def verdicts(measured, known):
    """Yields (statement, whether it holds, remark)."""
    yield ('SMC-D carried all connections that it should carry',
           measured.fallen == 0, f'{measured.fallen} fell back')
    found = measured.ratios()
    for name, pairs in known['ratios'].items():
        for pair, was in pairs.items():
            now = found.get(name, {}).get(pair)
            statement = f'the ratio {pair} of a {name} is at most {WORSE} ' \
                f'times {was:.3f}'
            if now is None:
                yield statement, False, 'was not measured'
                continue
            remark = f'{now:.3f}, {100 * (now / was - 1):+.1f} %'
            if now * WORSE < was:
                remark += '; "tests/cost/run --renew" keeps it so'
            yield statement, now <= was * WORSE, remark


def judge(measured, known):
    """Prints TAP; returns how many statements do not hold."""
    results = list(verdicts(measured, known))
    bad = 0
    print(f'1..{len(results)}')
    if measured.kernel != known['kernel']:
        print(f'# {measured.kernel} beside figures of {known["kernel"]}')
    for number, (statement, holds, remark) in enumerate(results, 1):
        bad += not holds
        print('ok' if holds else 'not ok', number, '-', statement)
        print(f'# {remark}')
    if bad:
        print(ADVICE)
    return bad


def renew(measured, path):
    ratios = {name: {pair: round(value, 4) for pair, value in pairs.items()}
              for name, pairs in measured.ratios().items()}
    if measured.fallen != 0 or not ratios:
        sys.exit('not measured, or not over SMC-D')
    with open(path, 'w', encoding='ascii') as file:
        json.dump({'kernel': measured.kernel, 'ratios': ratios}, file,
                  indent='\t')
        file.write('\n')
    print(f'written: {path}')


def main(arguments):
    measured = Measured()
    for line in sys.stdin:
        if not measured.take(line.rstrip('\n')):
            print(line, end='', flush=True)
    if arguments[0] == '--renew':
        renew(measured, arguments[1])
        return 0
    with open(arguments[0], encoding='ascii') as file:
        return judge(measured, json.load(file)) > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
