# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""From samples of sockets to a table."""

import statistics

import plan

VERDICTS = {None: 'not measured', True: 'met', False: 'MISSED'}


def summary(values):
    """Median and half the distance between the quartiles."""
    low, _, high = statistics.quantiles(values, n=4, method='inclusive') \
        if len(values) > 1 else values * 3
    return {'median': statistics.median(values), 'spread': (high - low) / 2,
            'values': values}


def ratio(rounds, case, size, transport, others):
    """To the best of the others in the same round; None if there is none."""
    index = plan.KINDS[case].index
    best = min if plan.KINDS[case].slow else max
    found = []
    for samples in rounds:
        mine = samples.get((case, size, transport))
        theirs = [samples[case, size, other][index] for other in others
                  if (case, size, other) in samples]
        if mine and len(theirs) == len(others):
            found.append(mine[index] / best(theirs))
    return summary(found) if found else None


def cell(rounds, case, size, transport):
    samples = [s[case, size, transport] for s in rounds
               if (case, size, transport) in s]
    if not samples:
        return None
    result = {'value': summary([s[plan.KINDS[case].index] for s in samples])}
    if len(samples[0]) > 2:
        result['mean'] = summary([s[0] for s in samples])
        result['p99'] = summary([s[2] for s in samples])
    for other in ('tcp', 'unix'):
        result[other] = ratio(rounds, case, size, transport, (other,))
    return result


def reached(rounds, goal):
    found = ratio(rounds, goal.case, goal.size, 'mapped', goal.others)
    slow = plan.KINDS[goal.case].slow
    met = None
    if found:
        met = (found['median'] <= goal.ratio if slow
               else found['median'] >= goal.ratio)
    return {'case': goal.case, 'size': goal.size, 'to': goal.others,
            'target': goal.ratio, 'slow': slow, 'ratio': found,
            'met': met}


def analyse(results):
    rows = []
    for case, size in plan.CASES:
        cells = {t: cell(results.rounds, case, size, t) for t in plan.TITLES}
        if any(cells.values()):
            rows.append({'case': case, 'size': size, 'cells': cells})
    return {
        'machine': results.machine, 'rounds': len(results.rounds),
        'rows': rows,
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


def number(value):
    return f'{value:.1f}' if value < 100 else f'{value:.0f}'


def ratio_text(found):
    return f'{found["median"]:.2f} +-{found["spread"]:.2f}' if found else '-'


def show_row(row):
    kind = plan.KINDS[row['case']]
    print(f'\n{row["case"]} {size_text(row["size"])}, {kind.unit}'
          + ('; less is better' if kind.slow else ''))
    for transport, found in row['cells'].items():
        if not found:
            continue
        value = found['value']
        line = (f'  {plan.TITLES[transport]:<16}'
                f'{number(value["median"] / kind.scale):>8} '
                f'+-{100 * value["spread"] / value["median"]:>3.0f} %'
                f'{ratio_text(found["tcp"]):>15}'
                f'{ratio_text(found["unix"]):>15}')
        if 'p99' in found:
            line += ''.join(f'{number(found[p]["median"] / 1e3):>9}'
                            for p in ('mean', 'p99'))
        print(line)


def show_goal(goal):
    name = f'{goal["case"]} {size_text(goal["size"])}'
    others = ' and '.join(plan.TITLES[t] for t in goal['to'])
    if len(goal['to']) > 1:
        others = 'the better of ' + others
    sign = '<=' if goal['slow'] else '>='
    print(f'{name:<20}to {others:<32}{ratio_text(goal["ratio"]):>13}  '
          f'{sign} {goal["target"]:.1f}  '
          f'{VERDICTS[goal["met"]]}')


def show(found):
    machine = found['machine']
    print(f'{machine["kernel"]}, {machine["arch"]}, {machine["cpus"]} CPUs, '
          f'{found["rounds"]} rounds; medians; load of the host '
          + ' to '.join(f'{load:.1f}' for load in found['host_load']))
    print(f'  {"":<33}{"to TCP":>15}{"to AF_UNIX":>15}{"mean":>9}{"p99":>9}',
          end='')
    for row in found['rows']:
        show_row(row)
    print('\nSMC-D mapped, its goals')
    for goal in found['goals']:
        show_goal(goal)
    print()
    for name, entry in found['carried'].items():
        print(f'{name}: bytes went the way they should: '
              f'{"yes" if entry["ok"] else "NO"} '
              f'({"; ".join(sorted(set(entry["detail"])))})')
