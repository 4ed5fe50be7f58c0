# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs CPython's tests and writes those that passed to FILE, one per line.

  cpython_results.py FILE SECONDS MODULE...

A line is written as soon as its case has ended, so that a case that hangs
hides no other. A case that takes longer than a minute fails: some wait for ever
when the machine is busy. After SECONDS the program ends with a traceback.
"""

import faulthandler
import signal
import sys
import unittest

LONGEST = 60                # seconds a case may take


def too_long(*_):
    raise TimeoutError(f'took longer than {LONGEST} s')


class Passed(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        signal.alarm(LONGEST)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def addSuccess(self, test):
        super().addSuccess(test)
        print(test.id(), file=results, flush=True)


signal.signal(signal.SIGALRM, too_long)
results = open(sys.argv[1], 'w')
faulthandler.dump_traceback_later(int(sys.argv[2]), exit=True)
suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[3:])
runner = unittest.TextTestRunner(resultclass=Passed, verbosity=2)
runner.run(suite)
print('done', file=results, flush=True)
