# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Turns samples of the layer into a table."""

import statistics

import plan

SECTIONS = {
    'move': 'Moves, compared with a memcpy or copy_from_user of the same size',
    'signal': 'Signals, compared with an empty system call; latency includes '
              'reading the clock once',
    'lifetime': 'Register + unregister and attach + detach, compared with '
                'allocating, clearing and freeing pages',
    'memory': 'Kinds of memory that a DMB could have, without the layer',
}


def summary(values):
    """Median and half the interquartile range."""
    low, _, high = statistics.quantiles(values, n=4, method='inclusive') \
        if len(values) > 1 else values * 3
    return {'median': statistics.median(values), 'spread': (high - low) / 2,
            'min': min(values), 'max': max(values), 'values': values}


def ratios(above, below):
    return [a / max(b, 0.1) for a, b in zip(above, below)]


def analyse_row(row, samples):
    case = samples[row.case, row.size, row.cpus]
    yardstick = samples[plan.yardstick_of(row)]
    ratio = summary(ratios(case, yardstick))
    return {'section': row.section, 'case': row.case, 'size': row.size,
            'cpus': row.cpus, 'yardstick': row.yardstick,
            'ns': summary(case), 'yardstick_ns': summary(yardstick),
            'ratio': ratio, 'target': row.target,
            'met': None if row.target is None
            else ratio['median'] <= row.target}


def goal(name, value, unit, target, met):
    return {'name': name, 'value': value, 'unit': unit, 'target': target,
            'met': met}


def scaling(samples):
    """Speed of moves on two CPUs, and the gain from the second CPU, both
    relative to memcpy."""
    size = plan.SCALING_SIZE
    if ('move', size, 2) not in samples:
        return []
    speed = ratios(samples['copy_exact', size, 2], samples['move', size, 2])
    alone = ratios(samples['copy_exact', size, 1], samples['move', size, 1])
    gain = statistics.median(ratios(speed, alone))
    speed = statistics.median(speed)
    return [
        goal('moves of 4 KiB on 2 CPUs: speed / two memcpy loops', speed, '',
             f'>= {plan.SCALING_MIN}', speed >= plan.SCALING_MIN),
        goal('moves of 4 KiB: gain from a 2nd CPU / memcpy\'s gain', gain, '',
             f'>= {plan.SCALING_MIN}', gain >= plan.SCALING_MIN),
    ]


def from_row(rows, name, case, size, cpus, target):
    row = next(row for row in rows
               if (row['case'], row['size'], row['cpus']) ==
               (case, size, cpus) and row['target'])
    return goal(name, row['ratio']['median'], '', target, row['met'])


def goals(results, rows):
    least, most = min(results.lookups), max(results.lookups)
    rise = statistics.median(ratios(results.lookups[most],
                                    results.lookups[least]))
    taken = statistics.median(fill[1] for fill in results.fills)
    buffer = 64 * plan.KIB
    return scaling(results.samples) + [
        from_row(rows, 'move of 64 B with a signal / empty system call',
                 'move_signal', 64, 1, '< 2'),
        from_row(rows, 'register 64 KiB, untouched / allocate pages',
                 'register', buffer, 1, '<= 1.5'),
        from_row(rows, 'register, attach, touch 64 KiB / allocate pages',
                 'register_touched', buffer, 1, '<= 1.5'),
        goal(f'attach with {most} other DMBs / with {least}', rise, '',
             'flat', rise < 1.5),
        goal(f'memory of {plan.IDLE_DMBS} untouched DMBs of 1 MiB',
             taken / 1e6, 'MB', f'< {plan.IDLE_MAX / 1e6:.0f}',
             taken < plan.IDLE_MAX),
    ]


def analyse(results):
    rows = [analyse_row(row, results.samples) for row in plan.ROWS
            if (row.case, row.size, row.cpus) in results.samples]
    return {
        'machine': results.machine, 'rounds': results.rounds,
        'rows': rows,
        'lookups': [{'dmbs': nr, 'ns': summary(ns)}
                    for nr, ns in sorted(results.lookups.items())],
        'idle': {'dmbs': plan.IDLE_DMBS, 'len': plan.IDLE_LEN,
                 'ns': summary([fill[0] for fill in results.fills]),
                 'bytes': summary([fill[1] for fill in results.fills])},
        'goals': goals(results, rows),
    }


def size_text(size):
    if size == plan.ANY:
        return '-'
    for unit, name in ((plan.MIB, 'MiB'), (plan.KIB, 'KiB')):
        if size >= unit:
            return f'{size // unit} {name}'
    return f'{size} B'


def verdict(met):
    return {None: '', True: 'met', False: 'MISSED'}[met]


def show_row(row):
    ns, stick, ratio = row['ns'], row['yardstick_ns'], row['ratio']
    spread = 100 * ns['spread'] / ns['median']
    target = '' if row['target'] is None else f'<= {row["target"]}'
    print(f'{row["case"]:<18}{size_text(row["size"]):>8}{row["cpus"]:>5}'
          f'{ns["median"]:>12.0f} {spread:>4.0f} %  {row["yardstick"]:<16}'
          f'{stick["median"]:>11.0f}{ratio["median"]:>8.2f} '
          f'{ratio["spread"]:>5.2f}  {target} {verdict(row["met"])}'.rstrip())


def show(found):
    machine = found['machine']
    print(f'{machine["kernel"]}, {machine["arch"]}, {machine["cpus"]} CPUs, '
          f'{found["rounds"]} rounds; medians, ns per operation')
    section = None
    for row in found['rows']:
        if row['section'] != section:
            section = row['section']
            print(f'\n{SECTIONS[section]}\n'
                  f'{"case":<18}{"size":>8}{"CPUs":>5}{"ns":>12} spread  '
                  f'{"yardstick":<16}{"ns":>11}{"ratio":>8}     +-')
        show_row(row)
    print('\nAttach + detach, by number of other DMBs on the device')
    for entry in found['lookups']:
        print(f'{entry["dmbs"]:>8} DMBs {entry["ns"]["median"]:>8.0f} ns')
    print(f'\n{"goal":<52}{"value":>8}    target')
    for entry in found['goals']:
        print(f'{entry["name"]:<52}{entry["value"]:>8.2f} '
              f'{entry["unit"]:<2} {entry["target"]:<7} '
              f'{verdict(entry["met"])}')
