# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""From samples of sockets to a table."""

import statistics

import plan

VERDICTS = {None: 'not measured', True: 'met', False: 'MISSED'}
# Shown where a sample has them; those but the last two in us.
MORE = ('p50', 'p99', 'p999', 'mean', 'share', 'switches')


def summary(values):
    """Median and half the distance between the quartiles."""
    low, _, high = statistics.quantiles(values, n=4, method='inclusive') \
        if len(values) > 1 else values * 3
    return {'median': statistics.median(values), 'spread': (high - low) / 2,
            'values': values}


def value_in(samples, operand):
    """None: was not measured in this round."""
    *key, field = operand
    return samples.get(tuple(key), {}).get(field)


def ratio(rounds, mine, others, slow, limits=False):
    """To the best of the others in the same round, or to the worst of limits; to
    nothing if there shall be none; None if it was not measured."""
    best = min if slow or limits else max
    found = []
    for samples in rounds:
        top = value_in(samples, mine)
        below = [value_in(samples, other) for other in others]
        if top is None or not all(below):
            continue
        found.append(top / best(below) if below else top)
    return summary(found) if found else None


def cell(results, case, size, transport):
    rounds = results.rounds
    samples = [s[case, size, transport] for s in rounds
               if (case, size, transport) in s]
    if not samples:
        return None
    kind = plan.KINDS[case]
    result = {name: summary([s[name] for s in samples if name in s])
              for name in samples[0]}
    result['value'] = result[kind.field]
    for other in ('tcp', 'unix'):
        result['to ' + other] = ratio(
            rounds, plan.operand(case, size, transport),
            [plan.operand(case, size, other)], kind.slow)
    result['cpu to tcp'] = ratio(rounds, (case, size, transport, 'cpu'),
                                 [(case, size, 'tcp', 'cpu')], True)
    histogram = results.histograms.get((case, size, transport))
    if histogram:
        result['histogram'] = dict(sorted(histogram.items()))
    return result


def reached(rounds, goal):
    found = ratio(rounds, goal.mine, goal.others, goal.slow, goal.limits)
    met = None
    if found:
        met = (found['median'] <= goal.target if goal.slow
               else found['median'] >= goal.target)
    return {**goal._asdict(), 'ratio': found, 'met': met}


def in_order(cases):
    """Once each; those of a name by size."""
    names = [name for name, _ in cases]
    return sorted(set(cases), key=lambda case: (names.index(case[0]), case[1]))


def analyse(results):
    rows = []
    for case, size in in_order(plan.CASES + plan.PLOT_CASES):
        cells = {t: cell(results, case, size, t) for t in plan.TITLES}
        if any(cells.values()):
            rows.append({'case': case, 'size': size, 'cells': cells})
    return {
        'machine': results.machine, 'rounds': len(results.rounds),
        'rows': rows, 'placed': results.placed,
        'carried': {name: {'ok': all(ok for ok, _ in seen),
                           'detail': [text for _, text in seen]}
                    for name, seen in results.carried.items()},
        'goals': [reached(results.rounds, goal) for goal in plan.GOALS],
    }


# --- for people --------------------------------------------------------------

def size_text(size):
    for unit, name in ((plan.MIB, 'MiB'), (plan.KIB, 'KiB')):
        if size >= unit:
            return f'{size // unit} {name}'
    return f'{size} B'


def title(case, size):
    name = plan.NAMES.get(case, case)
    return name if size == 1 and case not in ('trip', 'asleep') \
        else f'{name} {size_text(size)}'


def number(value):
    if value >= 100:
        return f'{value:.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def ratio_text(found):
    return f'{found["median"]:.2f} +-{found["spread"]:.2f}' if found else '-'


def more_text(found, kind):
    """Names and values: not all rows have the same ones."""
    words = []
    if 'cpu' in found:
        words.append(f'{number(found["cpu"]["median"] / kind.cpu_scale):>9}'
                     f'{ratio_text(found["cpu to tcp"]):>15}')
    for name in MORE:
        if name not in found or name == kind.field:
            continue
        value = found[name]['median']
        words.append(f'{name} ' + (number(value / 1e3) if name[0] in 'mp'
                                   else f'{value:.2f}'))
    return '  '.join(words)


def show_row(row):
    kind = plan.KINDS[row['case']]
    print(f'\n{title(row["case"], row["size"])}, {kind.unit}'
          + ('; less is better' if kind.slow else '')
          + (f'; processors: {kind.cpu_unit}' if kind.cpu_unit else ''))
    for transport, found in row['cells'].items():
        if not found:
            continue
        value = found['value']
        print(f'  {plan.TITLES[transport]:<16}'
              f'{number(value["median"] / kind.scale):>8} '
              f'+-{100 * value["spread"] / abs(value["median"]):>3.0f} %'
              f'{ratio_text(found["to tcp"]):>15}'
              f'{ratio_text(found["to unix"]):>15} '
              + more_text(found, kind))


def other_text(goal, other):
    """What differs from our own operand."""
    case, size, transport, _ = other
    where = plan.TITLES[transport]
    if (case, size) != tuple(goal['mine'][:2]):
        return f'{title(case, size)}, {where}'
    return where


def show_goal(goal):
    case, size, transport, field = goal['mine']
    name = title(case, size)
    if field != plan.KINDS[case].field:
        name += ', ' + field
    if transport != 'mapped':
        name += ', ' + plan.TITLES[transport]
    others = ' and '.join(other_text(goal, each) for each in goal['others'])
    if len(goal['others']) > 1:
        others = ('the lower of ' if goal['limits'] else
                  'the better of ') + others
    print(f'{name:<36}{"to " + others if others else "":<36}'
          f'{ratio_text(goal["ratio"]):>13}  '
          f'{"<=" if goal["slow"] else ">="} {goal["target"]:<4}  '
          f'{VERDICTS[goal["met"]]}')


def show_distance(found):
    """Of the host's processors."""
    for row in found['rows']:
        cell = row['cells'].get('memory')
        if row['case'] == 'trip' and row['size'] == 1 and cell:
            print('A byte there and back in shared memory, us, each round: '
                  + ', '.join(f'{ns / 1e3:.2f}'
                              for ns in cell['value']['values']))
    placed = found['placed']
    far = sum(ns > plan.FAR * min(placed) for ns in placed)
    print("Samples taken while the host's processors were near each other: "
          f'{len(placed) - far}, far: {far}')


def show(found):
    machine, settings = found['machine'], found['settings']
    print(f'{machine["kernel"]}, {machine["arch"]}, {machine["cpus"]} CPUs, '
          f'{found["rounds"]} rounds of {settings["commit"]}; medians; load '
          'of the host '
          + ' to '.join(f'{load:.1f}' for load in settings['host_load']))
    print(f'  {"":<33}{"to TCP":>15}{"to AF_UNIX":>15}{"processors":>10}'
          f'{"to TCP":>15}  p50, p99, p999, mean: us', end='')
    for row in found['rows']:
        show_row(row)
    print()
    show_distance(found)
    goals = [goal for goal in found['goals'] if goal['ratio']]
    print('\nGoals, of SMC-D mapped where nothing else is said')
    for goal in goals:
        show_goal(goal)
    missing = len(found['goals']) - len(goals)
    if missing:
        print(f'{missing} more goals: not measured')
    print()
    for name, entry in found['carried'].items():
        print(f'{name}: bytes went the way they should: '
              f'{"yes" if entry["ok"] else "NO"} '
              f'({"; ".join(sorted(set(entry["detail"])))})')
