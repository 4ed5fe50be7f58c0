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
python3 -c 'import test.test_asyncio' 2>/dev/null || {
	skip "CPython's tests" "no libpython3-testsuite (tests/vm/setup programs)"
	done_testing
}
enter_own_netns "$@"
ip link set lo up
modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"

# Of test_asyncio what makes sockets, and of its event loops the one that Linux
# has by default: the rest has nothing to compare, or the same a third time.
asyncio=(events.EPollEventLoopTests server sock_lowlevel streams sendfile
	buffered_proto)
modules=(test.test_{selectors,httplib,ftplib,smtplib}
	"${asyncio[@]/#/test.test_asyncio.test_}")
limit=240

# run CARRIER PROGRAM...: what passed lands in $scratch/CARRIER
run() {
	local carrier=$1 runner=$PWD/tests/system/cpython_results.py

	shift
	(
		mkdir "$scratch/$carrier.dir"
		cd "$scratch/$carrier.dir" || exit
		"$@" /usr/bin/python3 "$runner" "$scratch/$carrier" $limit \
			"${modules[@]}" >"$scratch/$carrier.out" 2>&1
	)
}

passed() {
	grep "^$2[._]" "$scratch/$1" | sort >"$scratch/$1.passed"
}

same_passed() {
	passed tcp "$1"
	passed smc "$1"
	echo "over TCP $(wc -l <"$scratch/tcp.passed") passed"
	if [[ -s $scratch/tcp.passed ]] &&
		diff "$scratch/tcp.passed" "$scratch/smc.passed"; then
		return
	fi
	tail -30 "$scratch/smc.out"
	return 1
}

came_to_an_end() {
	tail -20 "$scratch/$1.out"
	grep -qx "done" "$scratch/$1"
}

watch_sockets "$scratch/sockets" &
watcher=$!
run tcp env &
python=$!
run smc dibs run --
wait $python
kill $watcher
wait $watcher 2>/dev/null
ok "the tests came to an end over TCP" came_to_an_end tcp
ok "the tests came to an end over SMC" came_to_an_end smc
for suite in test_selectors test_httplib test_ftplib test_smtplib \
	test_asyncio; do
	ok "$suite passes over SMC what it passes over TCP" \
		same_passed "test.$suite"
done
ok "there were SMC sockets" grep -q '"state": "LISTEN"' "$scratch/sockets"
done_testing
