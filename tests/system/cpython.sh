#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# CPython's own tests of what uses sockets pass over SMC sockets where they pass
# over TCP. The run over TCP goes on beside the first one over SMC: part of the
# time they wait.
#
# runs-on: 6.12
# needs: programs

# shellcheck disable=SC2317 # functions are called by name
# shellcheck source=program.bash
. "$(dirname "$0")/program.bash"

python3 -c 'import test.test_asyncio' 2>/dev/null || {
	skip "CPython's tests" "no libpython3-testsuite (tests/vm/setup programs)"
	done_testing
}
prepare "$@"

# Of test_asyncio what makes sockets, and of its event loops the one that Linux
# has by default: the rest has nothing to compare, or the same a third time.
asyncio=({events,sock_lowlevel,sendfile}.EPollEventLoopTests server streams
	buffered_proto)
modules=(test.test_{selectors,httplib,ftplib,smtplib}
	"${asyncio[@]/#/test.test_asyncio.test_}")
limit=240

# run_cpython FILE "NAME..." PROGRAM...: what passed lands in FILE
run_cpython() (
	runner=$PWD/tests/system/cpython_results.py
	read -ra names <<<"$2"
	mkdir "$1.folder"
	cd "$1.folder" || exit
	exec "${@:3}" /usr/bin/python3 "$runner" "$1" $limit "${names[@]}" 2>&1
)

came_to_an_end() {
	tail -20 "$1.out"
	grep -qx "done" "$1"
}

# passes_again FILE TEST: some have races of their own, which are lost over TCP, too
passes_again() {
	rm -rf "$1.again"*
	echo "once more: $2"
	run_cpython "$1.again" "$2" dibs run -- && grep -qx "$2" "$1.again"
}

# same_passed FILE MODULE: two may need a second try
same_passed() {
	local lost each

	grep "^$2[._]" "$tcp" | sort >"$scratch/over-tcp"
	grep "^$2[._]" "$1" | sort >"$scratch/over-smc"
	echo "over TCP $(wc -l <"$scratch/over-tcp") passed"
	[[ -s $scratch/over-tcp ]] || return
	mapfile -t lost < <(comm -23 "$scratch/over-tcp" "$scratch/over-smc")
	((${#lost[@]} == 0)) && return
	printf 'not over SMC: %s\n' "${lost[@]}"
	((${#lost[@]} <= 2)) || return
	for each in "${lost[@]}"; do
		passes_again "$1" "$each" || return
	done
}

# check_carrier CARRIER FILE
check_carrier() {
	local how="over SMC carried by $1" module

	ok "the tests came to an end $how" came_to_an_end "$2"
	for module in test_{selectors,httplib,ftplib,smtplib,asyncio}; do
		ok "$module passes $how what it passes over TCP" \
			same_passed "$2" "test.$module"
	done
	ok "there were SMC sockets carried by $1" \
		carried_by "$1" "$2.out.sockets" "$counted"
}

tcp=$scratch/tcp
run_cpython "$tcp" "${modules[*]}" env >"$tcp.out" &
reference=$!
# Some break off while they connect.
tolerated=50
# They are long, and what they look at is the same on each path.
for carrier in ${DIBS_CARRIER:-mapped}; do
	choose_carrier "$carrier" || {
		skip "CPython's tests over SMC" "no carrier $carrier here"
		continue
	}
	smc=$scratch/smc-$carrier
	run_over_smc "$smc.out" run_cpython "$smc" "${modules[*]}" dibs run --
	wait "$reference"
	check_carrier "$carrier" "$smc"
done
wait "$reference"
ok "the tests came to an end over TCP" came_to_an_end "$tcp"
done_testing
