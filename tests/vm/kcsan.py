# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Whose is a data race that KCSAN reports?

The kernel that looks for them is strict (kcsan.config), and the kernel's own
code has many that its people know and live with. A report is ours when code of
ours takes part in it by an access that is not marked. Not ours is, besides
races between the kernel's functions:

  ours (marked) / the kernel's (plain)    we did what can be done, READ_ONCE();
                                          the other side is not ours to mark

One that KCSAN was told to look for (assert, also by kfree()) is ours in any
case. KCSAN_MADE is a race that tests/kernel makes to see that one is found.

A report:

  BUG: KCSAN: data-race in one [dibs_smc] / other

  write to 0xffff8881030c4a40 of 8 bytes by task 123 on cpu 0:
   one+0x1b/0x20 [dibs_smc]
   its_caller+0x...
  <empty>
  read (marked) to 0xffff8881030c4a40 of 8 bytes by interrupt on cpu 1:
   ...
  Reported by Kernel Concurrency Sanitizer on:
"""

import re

TITLE = 'BUG: KCSAN: '
END = 'Reported by Kernel Concurrency Sanitizer'
LONGEST = 200           # lines
KCSAN_MADE = 'dibs_race_on_purpose'

ACCESS = re.compile(r'(?:^|with )(read|write|read-write|assert)\b([^:]*) to '
                    r'0x[0-9a-f]+ of \d+ bytes by .*:$')
FRAME = re.compile(r'^ (\S+)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(\w+)\])?$')
OUR_MODULE = re.compile(r'dibs(_\w+)?|ism|ism_sim')
# Whatever these do they do in their caller's name.
HELPER = re.compile(r'_*(copy_(to|from)_\w+|iov_iter_\w+|mem(cpy|set|move)\w*|'
                    r'list_\w+|rb_\w+|k\w*free\w*|slab_free\w*)')


class Access:
    """One side of a race."""

    def __init__(self, words):
        self.marked = 'marked' in words
        self.asserts = words.startswith('assert')
        self.frames = []        # (function, module), innermost first

    def ours(self):
        for function, module in self.frames:
            if HELPER.fullmatch(function) and not module:
                continue
            return bool(module and OUR_MODULE.fullmatch(module))
        return False


def accesses(lines):
    """Both sides, or the one that is known."""
    found = []
    inside = False
    for line in lines[1:LONGEST]:
        if END in line:
            break
        header = ACCESS.search(line)
        frame = FRAME.match(line)
        if header:
            found.append(Access(header[1] + header[2]))
            inside = True
        elif frame and inside:
            found[-1].frames.append((frame[1], frame[2]))
        elif not line.strip():
            inside = False
    return found


def is_ours(lines):
    """Of a report, whose lines have no time stamps."""
    if KCSAN_MADE in lines[0]:
        return False
    sides = accesses(lines)
    if not sides:
        return True             # not understood: somebody has to look
    ours = [side for side in sides if side.ours()]
    if any(side.asserts for side in sides):
        return bool(ours)
    return any(not side.marked for side in ours)
