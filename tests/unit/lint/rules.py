# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Do tests/lint/floors, reasons and columns find what they are for?"""

import os
import subprocess
import sys
import tempfile

LINT = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../lint')
HEADER = """#define DIBS_SMC_REASONS(X) \\
	X(MEMORY, 0x01010000, "no memory") \\
	X({name}, {code}, "configuration")
#define DIBS_SMC_STATES(X) \\
	X(ACTIVE, 1)
"""
results = []


def ok(statement, holds):
    results.append(holds)
    print(f'{"" if holds else "not "}ok {len(results)} - {statement}')


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    return path


def says(check, *arguments):
    return subprocess.run([os.path.join(LINT, check), *arguments],
                          stdout=subprocess.PIPE, text=True,
                          check=False).stdout


def compiled(path, text):
    source = write(path, text)
    subprocess.run(['gcc', '-c', '-o', path[:-2] + '.o', source], check=True)


def test_floors(folder):
    compiled(folder + '/state/sock.c', 'int smc_sock(void) { return 0; }\n')
    compiled(folder + '/conn/conn.c',
             'int smc_sock(void);\nint smc_conn(void) { return smc_sock(); }\n')
    ok('a call to a floor below is accepted',
       says('floors', folder, folder) == '')
    compiled(folder + '/clc/io.c',
             'int smc_conn(void);\nint io(void) { return smc_conn(); }\n')
    ok('a call to a floor above is refused',
       says('floors', folder, folder) ==
       'clc/io.o needs smc_conn from conn/\n')
    os.remove(folder + '/clc/io.o')
    write(folder + '/clc/io.c', '#include "conn/conn.h"\n')
    ok('an include of a floor above is refused',
       says('floors', folder, folder) ==
       f'{folder}/clc/io.c:1: #include "conn/conn.h"\n')


def test_reasons(folder):
    user = write(folder + '/user.c', 'return DIBS_SMC_REASON_MEMORY;\n')
    good = write(folder + '/good.h',
                 HEADER.format(name='CONFIG', code='0x03000000'))
    twice = write(folder + '/twice.h',
                  HEADER.format(name='CONFIG', code='0x01010000'))
    ok('a reason code taken from the header is accepted',
       says('reasons', good, user) == '')
    ok('a reason code defined twice is refused',
       '0x01010000 stands 2 times' in says('reasons', twice, user))
    write(user, 'if (code == 0x01010000)\n')
    ok('a reason code that is spelled out is refused',
       f'{user}:1: 0x01010000' in says('reasons', good, user))
    write(user, 'return "ACTIVE";\n')
    ok("a state's name that is spelled out is refused",
       f'{user}:1: "ACTIVE"' in says('reasons', good, user))


def test_columns(folder):
    file = write(folder + '/columns.c', '\t' * 9 + '12345678\n')
    ok('a line of 80 columns is accepted', says('columns', file) == '')
    write(file, '\t' * 9 + '123456789\n')
    ok('a line of 81 columns is refused',
       says('columns', file) == f'{file}:1: 81 columns\n')
    write(file, '\t\tpr_err("' + 'a message that can be found by grep ' * 3 +
          '");\n')
    ok('a message is not broken to fit', says('columns', file) == '')


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_floors(folder)
        test_reasons(folder)
        test_columns(folder)
    print(f'1..{len(results)}')
    sys.exit(not all(results))


main()
