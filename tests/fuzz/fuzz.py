#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs fuzzers, as many at once as there are CPUs, and prints TAP.

  fuzz.py [--minutes N | --seconds N] [--jobs N] FOLDER TARGET=LENGTH...

--seconds: each fuzzer runs for that long. --minutes: each runs until it has
used that much CPU time without reaching a new branch; if it is interrupted,
the next run continues with the time used so far, provided the fuzzer is
unchanged. FOLDER/fuzz_TARGET is the fuzzer; no input is longer than LENGTH.
New inputs go to FOLDER/found/TARGET, those that break it to FOLDER/broken.
"""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
INTERRUPTED = 72        # exit status of a fuzzer that is interrupted
TICKS = os.sysconf('SC_CLK_TCK')


class Fuzzer:
    """One target, and what is known about its run."""

    def __init__(self, folder, name, length):
        self.name = name
        self.process = None
        self.lines = []
        self.runs = self.branches = self.inputs = 0
        self.used = self.grew = 0.0     # seconds of CPU time
        self.runs_before = self.used_before = 0
        self.enough = False             # nothing new for long
        self.fuzzer = f'{folder}/fuzz_{name}'
        self.notes = f'{folder}/found/{name}.json'
        self.command = [
            self.fuzzer, f'-max_len={length}',
            '-print_final_stats=1',
            f'-artifact_prefix={folder}/broken/{name}-',
            f'-interrupted_exitcode={INTERRUPTED}',
            f'{folder}/found/{name}', f'{HERE}/corpus/{name}']

    def go_on(self):
        """Continues from the notes of an earlier run of the same fuzzer."""
        try:
            if os.path.getmtime(self.notes) < os.path.getmtime(self.fuzzer):
                return
            with open(self.notes, encoding='ascii') as file:
                notes = json.load(file)
        except OSError:
            return      # no notes
        self.runs = self.runs_before = notes['runs']
        self.used = self.used_before = notes['used']
        self.grew, self.branches = notes['grew'], notes['branches']

    def note(self):
        with open(self.notes + '.new', 'w', encoding='ascii') as file:
            json.dump({'runs': self.runs, 'used': self.used,
                       'grew': self.grew, 'branches': self.branches}, file)
        os.replace(self.notes + '.new', self.notes)

    def forget(self):
        if os.path.exists(self.notes):
            os.unlink(self.notes)

    def note_time(self):
        try:
            with open(f'/proc/{self.process.pid}/stat') as file:
                fields = file.read().rpartition(')')[2].split()
        except OSError:
            return      # the process has ended
        self.used = (self.used_before
                     + (int(fields[11]) + int(fields[12])) / TICKS)

    def feed(self, line):
        self.lines.append(line)
        del self.lines[:-60]
        match = re.match(r'stat::number_of_executed_units: (\d+)', line)
        if match:
            self.runs = self.runs_before + int(match[1])
        match = re.match(r'#(\d+)\s.*cov: (\d+) ft: \d+ corp: (\d+)', line)
        if not match:
            return
        runs, cov, self.inputs = map(int, match.groups())
        self.runs = self.runs_before + runs
        if cov > self.branches:
            self.branches = cov
            self.note_time()
            self.grew = self.used

    def watch(self, patience):
        """Ends the process if there was nothing new for too long."""
        while self.process.poll() is None:
            self.note_time()
            self.note()
            if self.used - self.grew > patience:
                self.enough = True
                self.process.send_signal(signal.SIGINT)
                return
            time.sleep(1)

    def run(self, seconds, patience):
        """Returns whether nothing broke."""
        if patience:
            self.go_on()
        command = list(self.command)
        if seconds:
            command.insert(1, f'-max_total_time={seconds}')
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors='replace')
        if patience:
            threading.Thread(target=self.watch, args=(patience,)).start()
        for line in self.process.stderr:
            self.feed(line.rstrip('\n'))
        status = self.process.wait()
        good = status == (INTERRUPTED if self.enough else 0)
        return good and self.runs > 0

    def figures(self):
        return (f'{self.name}: {self.runs} executions, {self.branches} '
                f'branches, the last new one after {self.grew:.0f} of '
                f'{self.used:.0f} s of CPU time, {self.inputs} inputs')


def arguments():
    parser = argparse.ArgumentParser(prog='fuzz.py')
    parser.add_argument('--seconds', type=int, default=0)
    parser.add_argument('--minutes', type=float, default=0)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('folder')
    parser.add_argument('target', nargs='+')
    return parser.parse_args()


def main():
    args = arguments()
    fuzzers = [Fuzzer(args.folder, *each.split('=')) for each in args.target]
    print(f'1..{len(fuzzers)}')
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(each.run, args.seconds, args.minutes * 60)
                for each in fuzzers]
    how = f'for {args.seconds} s'
    if args.minutes:
        how = f'until nothing is new for {args.minutes:g} min of CPU time'
    failed = False
    for number, (fuzzer, run) in enumerate(zip(fuzzers, runs), 1):
        good = run.result()
        failed |= not good
        if not good:
            for line in fuzzer.lines:
                print('# ' + line)
        print('# ' + fuzzer.figures())
        print(f'{"ok" if good else "not ok"} {number} - the code behind '
              f'"{fuzzer.name}" survives fuzzing {how}')
    for fuzzer in fuzzers:
        fuzzer.forget()     # all have ended: the next run starts from scratch
    sys.exit(failed)


main()
