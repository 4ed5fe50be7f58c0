# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Which statements does tests/lint/statements find and refuse?"""

import os
import subprocess
import sys
import tempfile

REPO = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
CHECK = os.path.join(REPO, 'tests/lint/statements')

SHELL = '''#!/bin/bash
ok() {{
	local statement=$1
}}
prefixed() {{
	ok "mapped: $1" "$2"
}}
# ok "and a comment is none" true
{call} \\
	true
'''
PYTHON = '''
class Tap:
    def same(self, statement, wanted):
        print(statement)


CASES = (({case!r}, 1), ('a row is found', 2))
for number, (statement, wanted) in enumerate(CASES, 1):
    Tap().same(statement, wanted)
'''
PYTHON_CALL = '''
def check(good, statement):
    print(statement)


check(True, {case})
'''
PYTHON_TABLE = '''
def state(statements):
    pass


ROWS = [({case!r}, None)]
state(ROWS)
'''
C_CASE = '''static const struct test accept_tests[] = {{
	CASE_FLAGS(accept_it, ONLY_V4, "{case}"),
}};
'''
C_ROW = '''const struct act acts[] = {{
	{{ "{case}", run, 0 }},
}};
'''
C_CALL = '''	ok(!memcmp(a, "x", 1) &&
	   b, "{case}");
'''
C_FUNCTION = '''	cmocka_unit_test({case}),
'''


def found(name, text, *args):
    """The statements that the check prints about a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        said = subprocess.run([CHECK, *args, path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    return [line.removeprefix(path + ':').partition(': ')[2]
            for line in said.splitlines()]


def refuses(name, text, wanted):
    return found(name, text) == [wanted]


def accepts(name, text, wanted):
    return found(name, text) == [] and \
        wanted in found(name, text, '--list')


def shell(call):
    return 'suite.sh', SHELL.format(call=call)


def c_row(case):
    return 'rows.c', C_ROW.format(case=case)


BAD = ('it is closed', 'and works again', 'so does a stream', 'but only once',
       'which is shown', 'none of them', 'what closed is there',
       'both say that', 'that is counted', 'all are deleted',
       'one is deleted', 'this works', 'some of them are there',
       'mapped: nor do others', 'their bytes arrive', 'whatever it is')
GOOD = ('a connection is closed', 'both ends are closed',
        'this kernel has no SMC', 'all bytes arrive', 'one device is shown',
        'each of 41 devices is listed once', 'no DMB is left',
        'mapped: the device is gone', 'nobody else gets a byte',
        'without a device, TCP carries the bytes')

CASES = (
    ('a call of a function with a statement in shell is refused',
     lambda: refuses(*shell('ok "and works"'), 'and works')),
    ('a good call of a function with a statement in shell is accepted',
     lambda: accepts(*shell('ok "a test works"'), 'a test works')),
    ('a function that passes its statement on is found, too',
     lambda: refuses(*shell('prefixed "it works"'), 'it works')),
    ('a row of a table in Python is refused',
     lambda: refuses('a.py', PYTHON.format(case='then it works'),
                     'then it works')),
    ('a good row of a table in Python is accepted',
     lambda: accepts('a.py', PYTHON.format(case='a test works'),
                     'a test works')),
    ('a call of a function with a statement in Python is refused',
     lambda: refuses('a.py', PYTHON_CALL.format(case="f'they {1}'"),
                     'they {}')),
    ('a table that is passed to a function in Python is refused',
     lambda: refuses('a.py', PYTHON_TABLE.format(case='or not'), 'or not')),
    ('a case in C is refused',
     lambda: refuses('a.c', C_CASE.format(case='it is closed'),
                     'it is closed')),
    ('a good case in C is accepted',
     lambda: accepts('a.c', C_CASE.format(case='a socket is closed'),
                     'a socket is closed')),
    ('the last string of a call in C is refused',
     lambda: refuses('a.c', C_CALL.format(case='also with x'),
                     'also with x')),
    ('a row of a table in C is refused',
     lambda: refuses(*c_row('none of it'), 'none of it')),
    ("a function's name in C is refused",
     lambda: refuses('a.c', C_FUNCTION.format(case='it_is_closed'),
                     'it is closed')),
    ("a function's name in C on a line of its own is refused",
     lambda: refuses('a.c', C_FUNCTION.format(case='\n\t\tit_is_closed'),
                     'it is closed')),
    ("a function's good name in C is accepted",
     lambda: accepts('a.c', C_FUNCTION.format(case='a_cursor_wraps'),
                     'a cursor wraps')),
    ('each beginning with a pronoun or a conjunction is refused',
     lambda: [each for each in BAD
              if not refuses(*c_row(each), each)] == []),
    ('each sentence with a subject is accepted',
     lambda: [each for each in GOOD
              if not accepts(*c_row(each), each)] == []),
)


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, (statement, holds) in enumerate(CASES, 1):
        right = holds()
        failed += not right
        print('ok' if right else 'not ok', number, '-', statement)
    return failed > 0


sys.exit(main())
