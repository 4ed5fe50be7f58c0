#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# CPython's own tests of modules that use sockets pass over SMC sockets if they
# pass over TCP. The run over TCP takes place beside the first run over SMC,
# since the tests spend part of their time waiting.
#
# runs-on: 6.12
# needs: programs
# cpus: 1

# shellcheck source=lib/program.bash
. "$(dirname "$0")/lib/program.bash"

python3 -c 'import test.test_asyncio' 2>/dev/null || {
	skip "CPython's tests pass over SMC" \
		"no libpython3-testsuite (tests/vm/setup programs)"
	done_testing
}
prepare "$@"

# Only the parts of test_asyncio that create sockets, with Linux's default event
# loop: the rest compares nothing, or the same for a third time.
asyncio=({events,sock_lowlevel,sendfile}.EPollEventLoopTests server streams
	buffered_proto)
modules=(test.test_{selectors,httplib,ftplib,smtplib}
	"${asyncio[@]/#/test.test_asyncio.test_}")
limit=480

# run_cpython FILE SECONDS "NAME..." PROGRAM...: writes the tests that passed to
# FILE
run_cpython() (
	runner=$lib/cpython_results.py
	read -ra names <<<"$3"
	mkdir "$1.folder"
	cd "$1.folder" || exit
	exec "${@:4}" /usr/bin/python3 "$runner" "$1" "$2" "${names[@]}" 2>&1
)

came_to_an_end() {
	tail -20 "$1.out"
	grep -qx "done" "$1"
}

# lost_in FILE [MODULE]: prints the tests that passed over TCP alone
lost_in() {
	grep "^${2-}" "$tcp" | sort >"$scratch/over-tcp"
	grep "^${2-}" "$1" | sort >"$scratch/over-smc"
	comm -23 "$scratch/over-tcp" "$scratch/over-smc"
}

# try_again CARRIER FILE: CPython's tests have races of their own, which they
# lose over TCP, too. Up to two of all tests are repeated, with the others of
# their class.
try_again() {
	local names before=$counted

	names=$(lost_in "$2" | grep -v '^done$')
	[[ -n $names ]] && (($(wc -l <<<"$names") <= 2)) || return
	echo "# once more over SMC: ${names//$'\n'/ }"
	names=$(sed 's/[.][^.]*$//' <<<"$names" | sort -u | xargs)
	run_over_smc "$2.again.out" run_cpython "$2.again" 40 "$names" \
		dibs run --
	carried_by "$1" "$2.again.out.sockets" "$counted" >&2 &&
		cat "$2.again" >>"$2"
	counted=$before
}

# same_passed FILE MODULE
same_passed() {
	local lost

	lost=$(lost_in "$1" "$2[._]") && [[ -s $scratch/over-tcp ]] || return
	echo "over TCP $(wc -l <"$scratch/over-tcp") passed"
	[[ -z $lost ]] && return
	echo "not over SMC: $lost"
	tail -30 "$1.out"
	return 1
}

# check_carrier CARRIER FILE
check_carrier() {
	local how="over SMC carried by $1" module

	ok "CPython's tests come to an end $how" came_to_an_end "$2"
	try_again "$1" "$2"
	for module in test_{selectors,httplib,ftplib,smtplib,asyncio}; do
		ok "$module passes $how as far as over TCP" \
			same_passed "$2" "test.$module"
	done
	ok "CPython's tests had SMC sockets carried by $1" \
		carried_by "$1" "$2.out.sockets" "$counted"
}

tcp=$scratch/tcp
run_cpython "$tcp" $limit "${modules[*]}" env >"$tcp.out" &
reference=$!
# Some tests abort connections while they are being made.
tolerated=50
# The tests take long, and what they test is the same on each path.
for carrier in ${DIBS_CARRIER:-mapped}; do
	choose_carrier "$carrier" || {
		skip "CPython's tests pass over SMC" "no carrier $carrier here"
		continue
	}
	smc=$scratch/smc-$carrier
	run_over_smc "$smc.out" run_cpython "$smc" $limit "${modules[*]}" \
		dibs run --
	wait "$reference"
	check_carrier "$carrier" "$smc"
done
wait "$reference"
ok "CPython's tests come to an end over TCP" came_to_an_end "$tcp"
done_testing
