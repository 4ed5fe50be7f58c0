#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# CPython's own tests of what uses sockets pass over SMC sockets where they pass
# over TCP. Both runs go on at once: most of the time they wait.

# shellcheck disable=SC2317 # functions are called by name
# shellcheck source=program.bash
. "$(dirname "$0")/program.bash"

only_on_release_kernel "CPython's tests"
needs "CPython's tests" python3 || done_testing
python3 -c 'import test.test_asyncio' 2>/dev/null || {
	skip "CPython's tests" "no libpython3-testsuite (tests/vm/setup programs)"
	done_testing
}
enter_own_netns "$@"
ip link set lo up
modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"

suites=(test_asyncio test_selectors test_httplib test_ftplib test_smtplib)

# run CARRIER PROGRAM...: its results land in $scratch/CARRIER.xml
run() {
	local carrier=$1

	shift
	mkdir "$scratch/$carrier"
	"$@" /usr/bin/python3 -m test --timeout 200 \
		--tempdir "$scratch/$carrier" --junit-xml "$scratch/$carrier.xml" \
		"${suites[@]}" >"$scratch/$carrier.out" 2>&1
}

# passed CARRIER TEST: the names of the cases of TEST which passed
passed() {
	python3 - "$scratch/$1.xml" "$2" <<'END_OF_PROGRAM'
import sys
import xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter('testcase'):
    name = case.get('name')
    failed = any(child.tag in ('failure', 'error', 'skipped') for child in case)
    if f'test.{sys.argv[2]}.' in name and not failed:
        print(name)
END_OF_PROGRAM
}

same_passed() {
	passed tcp "$1" | sort >"$scratch/tcp.passed"
	passed smc "$1" | sort >"$scratch/smc.passed"
	[[ -s $scratch/tcp.passed ]] || return 1
	diff "$scratch/tcp.passed" "$scratch/smc.passed" ||
		{ tail -40 "$scratch/smc.out"; return 1; }
}

watch_sockets "$scratch/sockets" &
watcher=$!
run tcp env &
python=$!
run smc dibs run --
wait $python
kill $watcher
for suite in "${suites[@]}"; do
	ok "$suite passes over SMC what it passes over TCP" same_passed "$suite"
done
ok "there were SMC sockets" grep -q '"state": "LISTEN"' "$scratch/sockets"
done_testing
