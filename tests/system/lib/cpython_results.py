# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs CPython's tests and writes those that passed to FILE, one per line.

  cpython_results.py FILE SECONDS MODULE...

A line is written as soon as its case has ended, so that a case that hangs
hides no other. After SECONDS the program ends with a traceback.
"""

import faulthandler
import sys
import unittest


class Passed(unittest.TextTestResult):
    def addSuccess(self, test):
        super().addSuccess(test)
        print(test.id(), file=results, flush=True)


results = open(sys.argv[1], 'w')
faulthandler.dump_traceback_later(int(sys.argv[2]), exit=True)
suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[3:])
runner = unittest.TextTestRunner(resultclass=Passed, verbosity=2)
runner.run(suite)
print('done', file=results, flush=True)
