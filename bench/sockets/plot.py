# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Draws what "bench/run sockets --sizes" measured, by message size.

    plot.py JSON FOLDER

writes to FOLDER: stream.svg, trip.svg, sizes.json with the figures that they
show, and README.md, which shows all of it and says how it was measured.
"""

import json
import math
import os
import sys
from collections import namedtuple
from xml.sax.saxutils import escape

import plan
import report

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 50, 70      # margins
# Colours that the colour-blind can tell apart; limits are dashed.
LOOKS = {'mapped': ('#d55e00', ''), 'tcp': ('#0072b2', ''),
         'unix': ('#009e73', ''), 'in-tree': ('#cc79a7', ''),
         'sink': ('#666666', '6 4'), 'memory': ('#222222', '2 3')}

Chart = namedtuple('Chart', 'case title unit limits')
CHARTS = (
    Chart('stream', 'Throughput of a stream', 'MB/s',
          {'sink': 'limit: copy-only sink, no reader',
           'memory': 'limit: shared memory, no system calls'}),
    Chart('trip', 'Round trip, median', 'us',
          {'sink': 'limit: copy-only sink, two writes',
           'memory': 'limit: shared memory, no system calls'}),
)


def curve(found, chart, transport):
    """[(size, value) ...]"""
    metric = plan.METRICS[chart.case]
    if transport == 'sink' and chart.case == 'trip':
        return two_writes(found)
    return sorted(
        (row['size'],
         row['cells'][transport]['value']['median'] / metric.scale)
        for row in found['rows']
        if row['case'] == chart.case and row['cells'].get(transport))


def two_writes(found):
    """The time of a round trip's two writes alone, in us."""
    rates = {row['size']: row['cells']['sink']['value']['median']
             for row in found['rows']
             if row['case'] == 'stream' and row['cells'].get('sink')}
    sizes = [row['size'] for row in found['rows'] if row['case'] == 'trip']
    return [(size, 2 * size / rates[size] * 1e6)
            for size in sorted(sizes) if size in rates]


class Axes:
    """Both logarithmic."""

    def __init__(self, points):
        xs, ys = zip(*points)
        self.left, self.right = math.log2(min(xs)), math.log2(max(xs))
        low, high = math.log10(min(ys)), math.log10(max(ys))
        steps = [power + math.log10(step) for step in (1, 2, 5)
                 for power in range(math.floor(low), math.ceil(high) + 1)]
        self.low = max(step for step in steps if step <= low)
        self.high = min(step for step in steps if step >= high)
        self.steps = [10 ** step for step in sorted(steps)
                      if self.low <= step <= self.high]

    def x(self, size):
        share = (math.log2(size) - self.left) / (self.right - self.left)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, anchor='middle', size=12, colour='#222'):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
            f'font-size="{size}" fill="{colour}">{escape(words)}</text>')


def line(x1, y1, x2, y2, colour='#ddd', dash='', width=1):
    dashes = f' stroke-dasharray="{dash}"' if dash else ''
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"{dashes}/>')


def grid(axes, chart, sizes):
    for value in axes.steps:
        y = axes.y(value)
        yield line(LEFT, y, WIDTH - RIGHT, y)
        yield text(LEFT - 8, y + 4, f'{round(value, 6):g}', 'end')
    for size in sizes:
        x = axes.x(size)
        yield line(x, TOP, x, HEIGHT - BOTTOM)
        yield text(x, HEIGHT - BOTTOM + 18, report.size_text(size))
    yield text(LEFT - 8, TOP - 12, chart.unit, 'end')
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 38,
               'message size')


def draw_curve(axes, points, look):
    colour, dash = look
    path = ' '.join(f'{axes.x(x):.1f},{axes.y(y):.1f}' for x, y in points)
    dashes = f' stroke-dasharray="{dash}"' if dash else ''
    yield (f'<polyline points="{path}" fill="none" stroke="{colour}" '
           f'stroke-width="2.5"{dashes}/>')
    if not dash:
        for x, y in points:
            yield (f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" '
                   f'r="3.5" fill="{colour}"/>')


def legend(chart, transports):
    for number, transport in enumerate(transports):
        colour, dash = LOOKS[transport]
        x, y = WIDTH - RIGHT + 12, TOP + 14 + 26 * number
        name = plan.TITLES[transport]
        if transport in chart.limits:
            name, _, more = chart.limits[transport].partition(', ')
            yield text(x + 28, y + 18, more, 'start')
        yield line(x, y, x + 22, y, colour, dash, 2.5)
        yield text(x + 28, y + 4, name, 'start')


def draw(found, chart):
    curves = {t: curve(found, chart, t) for t in LOOKS}
    curves = {t: points for t, points in curves.items() if points}
    points = [point for each in curves.values() for point in each]
    sizes = sorted({size for size, _ in points})
    axes = Axes(points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 22, chart.title, 'start', 16),
        *grid(axes, chart, sizes)]
    for transport, each in curves.items():
        parts += draw_curve(axes, each, LOOKS[transport])
    parts += legend(chart, curves)
    parts += [text(LEFT, HEIGHT - 10, conditions(found), 'start', 11, '#666'),
              '</svg>']
    return '\n'.join(parts) + '\n'


def conditions(found):
    machine, settings = found['machine'], found['settings']
    cpus = f'{machine["cpus"]} virtual CPUs'
    if settings['icount']:
        cpus = '1 virtual CPU whose clock counts instructions'
    return (f'{machine["kernel"]}, {machine["arch"]}, {cpus}, median of '
            f'{found["rounds"]} rounds of {settings["msecs"]} ms, commit '
            f'{settings["commit"]}')


def table(found, chart):
    """The figures of a picture."""
    names = [t for t in LOOKS if curve(found, chart, t)]
    columns = [dict(curve(found, chart, t)) for t in names]
    yield f'| {chart.unit} | ' + ' | '.join(
        plan.TITLES[t] for t in names) + ' |'
    yield '|---' * (len(names) + 1) + '|'
    for size in sorted(set().union(*columns)):
        cells = [report.number(column[size]) if size in column else ''
                 for column in columns]
        yield f'| {report.size_text(size)} | ' + ' | '.join(cells) + ' |'


def latencies(found):
    """Percentiles of round trips, which the picture does not show."""
    rows = sorted((row for row in found['rows'] if row['case'] == 'trip'),
                  key=lambda row: row['size'])
    names = [t for t in LOOKS if any(row['cells'].get(t) for row in rows)]
    yield '| us | ' + ' | '.join(plan.TITLES[t] for t in names) + ' |'
    yield '|---' * (len(names) + 1) + '|'
    for row in rows:
        cells = [row['cells'][t] for t in names]
        yield (f'| {report.size_text(row["size"])} | ' + ' | '.join(
            ' / '.join(report.number(each[name]['median'] / 1e3)
                       for name in ('p50', 'p99', 'p999')) if each else ''
            for each in cells) + ' |')


def page(found):
    load = ' to '.join(f'{each:.1f}'
                       for each in found['settings']['host_load'])
    yield from ('# Latest results', '',
                conditions(found) + f'. Host load: {load}.', '',
                'Made by `make bench-plot`. The latest table of `make bench` '
                'is in', '[sockets.txt](sockets.txt). The CPUs are emulated: '
                'compare curves, not machines.')
    for chart in CHARTS:
        yield from ('', f'## {chart.title}', '',
                    f'![{chart.title}]({chart.case}.svg)', '',
                    *table(found, chart))
    yield from ('', '## Round trip, percentiles: p50 / p99 / p99.9', '',
                *latencies(found))


def write(folder, name, content):
    with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
        file.write(content)


def main():
    source, folder = sys.argv[1:]
    with open(source, encoding='ascii') as file:
        found = json.load(file)
    os.makedirs(folder, exist_ok=True)
    for chart in CHARTS:
        write(folder, chart.case + '.svg', draw(found, chart))
    found.pop('goals', None)    # of other cases
    write(folder, 'sizes.json', json.dumps(found, indent=1) + '\n')
    write(folder, 'README.md', '\n'.join(page(found)) + '\n')
    print(f'written: {os.path.relpath(folder)}')


if __name__ == '__main__':
    main()
