# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs CPython's tests and writes down what passed, one case a line.

  cpython_results.py FILE SECONDS MODULE...

Each line is there as soon as its case has ended, so that one that hangs hides
no other. After SECONDS all ends with the traceback of where it stood.
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
