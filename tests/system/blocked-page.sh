#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# A program moves its memory into a DMB, or reads a DMB into its memory, and a
# page fault in that memory is not resolved: the page belongs to a FUSE file
# whose server does not answer, or to userfaultfd. Does that delay the removal
# of the device?
#
#   program --write--> /dev/dibs_selftest ==move==> DMB on device "stuck"
#      | fault                                              | "device del"
#      v                                                    v
#   FUSE server, silent until the device is gone         must end
#
# runs-on: 6.12 6.1 debug (copies from user pages: compat/iter.h)

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

blocked() {
	dibs device add stuck || return
	echo use stuck >/sys/module/dibs_selftest/parameters/do
	timeout 100 python3 -B "$lib/blocked_page.py" "$@"
}

unload_modules || bail_out "modules are in use"
modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_selftest run= || bail_out "no module dibs_selftest"
grep -qw fuse /proc/filesystems || modprobe fuse 2>/dev/null

if grep -qw fuse /proc/filesystems; then
	ok "a device is deleted while a mover waits for a FUSE page" \
		blocked fuse write
else
	skip "a device is deleted while a mover waits for a FUSE page" \
		"no FUSE in this kernel"
fi
ok "a device is deleted while a mover waits for userfaultfd" \
	blocked userfaultfd write
ok "a device is deleted while a reader waits for userfaultfd" \
	blocked userfaultfd read
ok "modules can be unloaded" unload_modules

done_testing
