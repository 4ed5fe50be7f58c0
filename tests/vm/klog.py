# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Finds the kernel's complaints about itself in a guest's kernel log."""

import re

import kcsan

START = 'dibs-vm: command starts'
END = 'dibs-vm: command ends'

COMPLAINTS = re.compile('|'.join([
    r'WARNING: ',               # WARN(), lockdep, RCU
    r'BUG: ',                   # KASAN, KCSAN, soft lockup, atomic sleep
    r'kernel BUG at',
    r'Oops',
    r'Kernel panic',
    r'general protection fault',
    r'[Uu]nable to handle kernel',
    r'Internal error: ',
    r'stack segment: ',
    r'UBSAN: ',
    r'INFO: task .* blocked for more than',
    r'INFO: rcu|rcu: INFO|detected stalls?',
    r'INFO: trying to register non-static key',
    r'refcount_t: ',
    r'ODEBUG: ',
    r'DEBUG_LOCKS_WARN_ON',
    r'list_(add|del) corruption',
    r'kmemleak: (leak found|.*new suspected memory leaks)',
    r'leaked reference|ref_tracker: .*(leaked|has )',
    r'unregister_netdevice: waiting for',
    r'Bad page|bad page',
    r'objects? remaining|kmem_cache_destroy',
    r'sysfs: cannot create duplicate',
    r'kobject_add_internal failed',
    r'usercopy: ',
    r'Freeing alive|nobody cared',
]))

# Said by a healthy kernel.
HARMLESS = re.compile('|'.join([
    r'FAULT_INJECTION: ',
    # Out of memory, as tests/faults wants it.
    r'kobject_add_internal failed for .* \(error: -12 ',
    r'command line|Command line',
]))

STAMP = re.compile(r'^\[ *\d+\.\d+\](\[ *\w+\])? ?')
BEFORE, AFTER = 3, 40


def complaint(line):
    """The line is one a healthy kernel does not print."""
    return bool(COMPLAINTS.search(line)) and not HARMLESS.search(line)


def since_start(lines):
    """What the kernel said once the command ran. Boot is not ours to judge,
    unless it is all there is."""
    for number, line in enumerate(lines):
        if START in line:
            return lines[number + 1:]
    return lines


def is_others(lines, number):
    """It is a data race, but none of ours."""
    if kcsan.TITLE not in lines[number]:
        return False
    return not kcsan.is_ours([message(line) for line in
                              lines[number:number + kcsan.LONGEST]])


def find(lines):
    """Numbers of the lines that begin a report; what follows one closely
    belongs to it, unless it is a data race, of which each is one."""
    found = []
    for number, line in enumerate(lines):
        if complaint(line) and not is_others(lines, number) and (
                not found or number > found[-1] + AFTER or
                kcsan.TITLE in line):
            found.append(number)
    return found


def excerpt(lines, number):
    """A report with what surrounds it."""
    return lines[max(0, number - BEFORE):number + AFTER]


def reports(text):
    """Each complaint in a log, as a list of lines."""
    lines = since_start(text.splitlines())
    return [excerpt(lines, number) for number in find(lines)]


def message(line):
    """A line without its time stamp."""
    return STAMP.sub('', line)


def reports_after(text, marker):
    """Each complaint with the rest of the last line before it that has the
    marker: (rest, lines from the complaint on)."""
    lines = since_start(text.splitlines())
    for number in find(lines):
        before = [line for line in lines[:number] if marker in line]
        rest = before[-1].split(marker, 1)[1].strip() if before else ''
        yield rest, lines[number:number + AFTER]
