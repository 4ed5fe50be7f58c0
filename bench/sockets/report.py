# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Turns samples of sockets into a table."""

import statistics

import plan

VERDICTS = {None: 'not measured', True: 'met', False: 'MISSED'}
# Shown if a sample has them: times in us, then numbers as they are.
TIMES = ('p50', 'p99', 'p999', 'mean')
NUMBERS = ('fairness', 'switches')


def summary(values):
    """Median and half the interquartile range."""
    low, _, high = statistics.quantiles(values, n=4, method='inclusive') \
        if len(values) > 1 else values * 3
    return {'median': statistics.median(values), 'spread': (high - low) / 2,
            'values': values}


def value_in(samples, operand):
    """None if it was not measured in this round."""
    *key, field = operand
    return samples.get(tuple(key), {}).get(field)


def ratio(rounds, mine, others, lower_is_better, limits=False):
    """Ratio to the best of the others in the same round, or to the worst if
    they are limits; the value itself if there are no others; None if it was not
    measured."""
    best = min if lower_is_better or limits else max
    found = []
    for samples in rounds:
        value = value_in(samples, mine)
        compared = [value_in(samples, other) for other in others]
        if value is None or not all(compared):
            continue
        found.append(value / best(compared) if compared else value)
    return summary(found) if found else None


def cell(results, case, size, transport):
    rounds = results.rounds
    samples = [s[case, size, transport] for s in rounds
               if (case, size, transport) in s]
    if not samples:
        return None
    metric = plan.METRICS[case]
    result = {name: summary([s[name] for s in samples if name in s])
              for name in samples[0]}
    result['value'] = result[metric.field]
    for other in ('tcp', 'unix'):
        result['to ' + other] = ratio(
            rounds, plan.operand(case, size, transport),
            [plan.operand(case, size, other)], metric.lower_is_better)
    result['cpu to tcp'] = ratio(rounds, (case, size, transport, 'cpu'),
                                 [(case, size, 'tcp', 'cpu')], True)
    histogram = results.histograms.get((case, size, transport))
    if histogram:
        result['histogram'] = dict(sorted(histogram.items()))
    return result


def reached(rounds, goal):
    found = ratio(rounds, goal.mine, goal.others, goal.lower_is_better,
                  goal.limits)
    met = None
    if found:
        met = (found['median'] <= goal.target if goal.lower_is_better
               else found['median'] >= goal.target)
    return {**goal._asdict(), 'ratio': found, 'met': met}


def in_order(cases):
    """Each once, sorted by size where names are equal."""
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
        'rows': rows, 'distances': results.distances,
        'carried': {name: {'ok': all(ok for ok, _ in seen),
                           'detail': [text for _, text in seen]}
                    for name, seen in results.carried.items()},
        'goals': [reached(results.rounds, goal) for goal in plan.GOALS],
    }


# --- text --------------------------------------------------------------------

def size_text(size):
    for unit, name in ((plan.MIB, 'MiB'), (plan.KIB, 'KiB')):
        if size >= unit:
            return f'{size // unit} {name}'
    return f'{size} B'


def title(case, size):
    name = plan.NAMES.get(case, case)
    return name if size == 1 and not case.startswith('trip') \
        else f'{name} {size_text(size)}'


def number(value):
    if value >= 100:
        return f'{value:.0f}'
    return f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def ratio_text(found):
    return f'{found["median"]:.2f} +-{found["spread"]:.2f}' if found else '-'


def more_text(found, metric):
    """Other fields, by name: they differ from row to row."""
    words = []
    if 'cpu' in found:
        words.append(f'{number(found["cpu"]["median"] / metric.cpu_scale):>9}'
                     f'{ratio_text(found["cpu to tcp"]):>15}')
    words += [f'{name} {number(found[name]["median"] / 1e3)}'
              for name in TIMES if name in found and name != metric.field]
    words += [f'{name} {found[name]["median"]:.2f}'
              for name in NUMBERS if name in found]
    return '  '.join(words)


def show_row(row):
    metric = plan.METRICS[row['case']]
    print(f'\n{title(row["case"], row["size"])}, {metric.unit}'
          + ('; lower is better' if metric.lower_is_better else '')
          + (f'; CPU time: {metric.cpu_unit}' if metric.cpu_unit else ''))
    for transport, found in row['cells'].items():
        if not found:
            continue
        value = found['value']
        text = (f'  {plan.TITLES[transport]:<16}'
                f'{number(value["median"] / metric.scale):>8} '
                f'+-{100 * value["spread"] / abs(value["median"]):>3.0f} %'
                f'{ratio_text(found["to tcp"]):>15}'
                f'{ratio_text(found["to unix"]):>15} '
                + more_text(found, metric))
        print(text.rstrip())


def other_text(goal, other):
    """The other operand, as far as it differs from our own."""
    case, size, transport, _ = other
    where = plan.TITLES[transport]
    if (case, size) != tuple(goal['mine'][:2]):
        return f'{title(case, size)}, {where}'
    return where


def show_goal(goal):
    case, size, transport, field = goal['mine']
    name = title(case, size)
    if field != plan.METRICS[case].field:
        name += ', ' + field
    if transport != 'mapped':
        name += ', ' + plan.TITLES[transport]
    others = ' and '.join(other_text(goal, each) for each in goal['others'])
    if goal['limits']:
        others = 'the lower of both limits'
    elif len(goal['others']) > 1:
        others = 'the better of ' + others
    print(f'{name:<36}{"to " + others if others else "":<36}'
          f'{ratio_text(goal["ratio"]):>13}  '
          f'{"<=" if goal["lower_is_better"] else ">="} {goal["target"]:<4}  '
          f'{VERDICTS[goal["met"]]}')


def show_distance(found):
    """Between the guest's CPUs, see plan.py."""
    for row in found['rows']:
        cell = row['cells'].get('memory')
        if row['case'] == 'trip' and row['size'] == 1 and cell:
            print('Round trip of 1 byte in shared memory, us, by round: '
                  + ', '.join(f'{ns / 1e3:.2f}'
                              for ns in cell['value']['values']))
    distances = found['distances']
    far = sum(ns > plan.FAR * min(distances) for ns in distances)
    print('Samples taken while the CPUs were near each other on the host: '
          f'{len(distances) - far}, far: {far}')


def show(found):
    machine, settings = found['machine'], found['settings']
    print(f'{machine["kernel"]}, {machine["arch"]}, {machine["cpus"]} CPUs, '
          f'{found["rounds"]} rounds of {settings["commit"]}; medians; host '
          'load '
          + ' to '.join(f'{load:.1f}' for load in settings['host_load']))
    print(f'  {"":<33}{"to TCP":>15}{"to AF_UNIX":>15}{"CPU time":>10}'
          f'{"to TCP":>15}  p50, p99, p999, mean: us', end='')
    for row in found['rows']:
        show_row(row)
    print()
    show_distance(found)
    goals = [goal for goal in found['goals'] if goal['ratio']]
    print('\nGoals, for SMC-D mapped unless noted. The limits are copy-only '
          'sink and shared memory')
    for goal in goals:
        show_goal(goal)
    missing = len(found['goals']) - len(goals)
    if missing:
        print(f'{missing} more goals: not measured')
    print()
    for name, entry in found['carried'].items():
        print(f'{name}: data took the expected path: '
              f'{"yes" if entry["ok"] else "NO"} '
              f'({"; ".join(sorted(set(entry["detail"])))})')
