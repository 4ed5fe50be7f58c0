# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For suites that run programs nobody changed, first over TCP and then through
# "dibs run", in a network namespace of their own.
#
# A program is a function. It gets $port and the words "${over[@]}" to put in
# front of each program, and prints what has to be the same over both: exit
# statuses, checksums, counts. Meanwhile somebody watches which sockets are SMC
# sockets, so that the second run cannot pass by using TCP unnoticed.
#
#	program iperf3 5201 run_iperf3

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

port=
over=()
servers=()

# Only the release kernel: programs prove nothing a second time.
only_on_release_kernel() {
	[[ -z ${DIBS_DEBUG-} && ${DIBS_KERNEL-6.12} == 6.12 ]] && return
	skip "$1" "runs on the release kernel 6.12"
	done_testing
}

enter_own_netns() {
	[[ -z ${OWN_NETNS-} ]] || return 0
	trap - EXIT
	OWN_NETNS=1 exec unshare --net --mount --propagation private "$0" "$@"
}

# needs STATEMENT PROGRAM...: false, and a skip, if one is missing
needs() {
	local statement=$1 program

	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$statement" "no $program (tests/vm/setup programs)"
		return 1
	done
}

# serve PROGRAM ARGUMENT...: in the background, until the run is over
serve() {
	"${over[@]}" "$@" >"$scratch/server" 2>&1 &
	servers+=($!)
	within 20 listening
}

listening() {
	awk -v port="$(printf ':%04X' "$port")" \
		'$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6
}

stop_servers() {
	local pid

	for pid in "${servers[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	servers=()
}

# status COMMAND...: quietly; prints how it ended
status() {
	"$@" >"$scratch/client" 2>&1
	echo "$1: status $?"
}

# --- what is an SMC socket? ------------------------------------------------------

watch_sockets() {
	while :; do
		dibs --json smc list
		sleep 0.3
	done >"$1" 2>/dev/null
}

# seen FILE PORT: which kinds of SMC sockets there were
seen() {
	python3 - "$@" <<'END_OF_PROGRAM'
import json, re, sys
text, port = open(sys.argv[1]).read(), ':' + sys.argv[2]
found, decoder, at = set(), json.JSONDecoder(), 0
while True:
    at += len(text[at:]) - len(text[at:].lstrip())
    try:
        sockets, at = decoder.raw_decode(text, at)
    except ValueError:
        break
    for s in sockets:
        if s['local'].endswith(port):
            found.add('listener' if s['state'] == 'LISTEN' else 'accepted')
        if s['peer'].endswith(port):
            found.add('connected')
print(*sorted(found))
END_OF_PROGRAM
}

# --- both runs ---------------------------------------------------------------------

_run_over() {
	local carrier=$1 name=$2 run=$3 watcher

	watch_sockets "$scratch/$name.$carrier.sockets" &
	watcher=$!
	"$run" >"$scratch/$name.$carrier" 2>"$scratch/$name.$carrier.err"
	stop_servers
	kill $watcher
	wait $watcher 2>/dev/null
}

_same_over_both() {
	cat "$scratch/$1.smc.err" >&2
	[[ -s $scratch/$1.tcp ]] && diff "$scratch/$1.tcp" "$scratch/$1.smc" >&2
}

_nothing_failed() {
	cat "$scratch/$1.tcp"
	! grep -qE 'status [^0]|FAILED' "$scratch/$1.tcp"
}

_sockets_were() {
	local found kind

	found=$(seen "$scratch/$1.$2.sockets" "$3")
	echo "SMC sockets seen: $found"
	[[ -n $4 || -z $found ]] || return
	for kind in $4; do
		[[ " $found " == *" $kind "* ]] || return
	done
}

# program NAME PORT FUNCTION [KINDS]: the second run uses PORT + 1
program() {
	local name=$1 run=$3 kinds=${4-accepted connected listener}
	local begin=$SECONDS

	over=()
	port=$2
	_run_over tcp "$name" "$run"
	over=(dibs run --)
	port=$(($2 + 1))
	_run_over smc "$name" "$run"
	ok "$name works over TCP" _nothing_failed "$name"
	ok "$name does the same over SMC" _same_over_both "$name"
	ok "$name had no SMC sockets over TCP" _sockets_were "$name" tcp "$2" ""
	ok "$name had SMC sockets over SMC" _sockets_were "$name" smc "$port" \
		"$kinds"
	echo "# $name: $((SECONDS - begin)) s"
}
