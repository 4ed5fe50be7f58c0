# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""A file of numbered blocks for a web server, and a client that checks it.

  blocks.py write FILE
  blocks.py download URL MIB

The client downloads the file over one connection until it has MIB, and
compares each block: a checksum would cost an emulated machine more.
"""

import http.client
import random
import sys
from urllib.parse import urlsplit

SIZE = 1 << 20
COUNT = 64          # blocks of a file
RANDOM = random.Random(7).randbytes(SIZE - 8)


def block(number):
    return number.to_bytes(8, 'big') + RANDOM


def write(path):
    with open(path, 'wb') as file:
        for number in range(COUNT):
            file.write(block(number))


def download(url, wanted):
    url = urlsplit(url)
    connection = http.client.HTTPConnection(url.netloc)
    for _ in range(wanted // COUNT):
        connection.request('GET', url.path)
        answer = connection.getresponse()
        for number in range(COUNT):
            if answer.read(SIZE) != block(number):
                sys.exit(f'block {number} is wrong')
        if answer.read():
            sys.exit('there is more than was asked for')


if sys.argv[1] == 'write':
    write(sys.argv[2])
else:
    download(sys.argv[2], int(sys.argv[3]))
