# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For system tests: TAP, network namespaces, connections, capabilities, and
# waiting. A suite is a script that sources this, states facts, and ends with
# "done_testing". It runs as root in a guest; whatever it made with these
# functions is removed when it ends.
#
# A folder of suites (tests/system, tests/faults, tests/guests, tests/soak)
# holds suites and nothing else. Whatever a suite sources, imports or runs is in
# the folder's lib/, named for the suite if it belongs to one alone; what suites
# of several folders share is here. No suite is a library of another.
#
#   ok STATEMENT COMMAND...               passes if COMMAND succeeds
#   refused STATEMENT PATTERN COMMAND...  passes if COMMAND fails like dibs(8)
#   json STATEMENT EXPRESSION COMMAND...  passes if COMMAND prints JSON d, for
#                                         which the Python EXPRESSION holds
#   skip STATEMENT REASON                 cannot be tested here
#
# A statement is a whole sentence with a subject (tests/lint/statements): it is
# read alone when it fails.

set -u

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=0
failed=0
finished=
scratch=$(mktemp -d)
namespaces=()
children=()
judge=
ask=
told=

_result() {
	local status=$1 statement=$2

	tests=$((tests + 1))
	if ((status == 0)); then
		echo "ok $tests - $statement"
	else
		sed 's/^/# /' "$scratch/out" "$scratch/err"
		echo "not ok $tests - $statement"
		failed=$((failed + 1))
	fi
}

ok() {
	local statement=$1

	shift
	"$@" >"$scratch/out" 2>"$scratch/err"
	_result $? "$statement"
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# COMMAND prints one line that says what is wrong, and exits with status 1.
_refuses() {
	local pattern=$1 status

	shift
	"$@" >"$scratch/out" 2>"$scratch/err"
	status=$?
	echo "exit status $status" >>"$scratch/out"
	((status == 1)) && (($(wc -l <"$scratch/err") == 1)) &&
		grep -qE "^dibs: .*($pattern)" "$scratch/err"
}

refused() {
	local statement=$1

	shift
	_refuses "$@"
	_result $? "$statement"
}

# Starts the process that evaluates expressions: one for all of them, since
# Python is slow to start.
_judge_start() {
	[[ -p $scratch/ask ]] || mkfifo "$scratch/ask" "$scratch/told"
	python3 -c '
import json, sys, traceback
out, expression, err = sys.argv[1:]
for _ in sys.stdin:
    try:
        with open(out) as file:
            d = json.load(file)
        with open(expression) as file:
            holds = eval("(" + file.read() + ")")
    except Exception:
        holds = False
        with open(err, "a") as file:
            traceback.print_exc(file=file)
    print(int(not holds), flush=True)' \
		"$scratch/out" "$scratch/expression" "$scratch/err" \
		<"$scratch/ask" >"$scratch/told" &
	judge=$!
	exec {ask}>"$scratch/ask" {told}<"$scratch/told"
}

# json_holds EXPRESSION COMMAND...: like json, but prints no result
json_holds() {
	local status

	echo "$1" >"$scratch/expression"
	shift
	[[ -n $ask ]] || _judge_start
	"$@" >"$scratch/out" 2>"$scratch/err"
	echo >&"$ask"
	read -r status <&"$told" && return "$status"
}

json() {
	local statement=$1

	shift
	json_holds "$@"
	_result $? "$statement"
}

# within SECONDS COMMAND...: true as soon as COMMAND succeeds
within() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || return 1
		sleep 0.1
	done
}

# --- network namespaces -------------------------------------------------------

# netns_add NAME: like "ip netns add"
netns_add() {
	mkdir -p /run/netns
	: >"/run/netns/$1"
	unshare --net="/run/netns/$1" true || bail_out "no network namespaces"
	namespaces+=("$1")
}

# Removes only the name: sockets and processes keep a namespace alive.
netns_del() {
	umount "/run/netns/$1" && rm "/run/netns/$1"
}

# in_netns NAME COMMAND...
in_netns() {
	local name=$1

	shift
	nsenter --net="/run/netns/$name" "$@"
}

# netns_pair NAME NAME NETWORK: two namespaces joined by veth, with the
# addresses NETWORK.1 and NETWORK.2
netns_pair() {
	netns_add "$1"
	netns_add "$2"
	ip link add "${1}0" netns "$1" type veth peer name "${2}0" netns "$2" ||
		bail_out "no veth"
	ip -n "$1" addr add "$3.1/24" dev "${1}0"
	ip -n "$2" addr add "$3.2/24" dev "${2}0"
	ip -n "$1" link set "${1}0" up
	ip -n "$2" link set "${2}0" up
}

# keep_to DEVICE NETNS: no other namespace may use the device
keep_to() {
	dibs device unshare "$1" && dibs device grant "$1" "$2"
}

# --- connections --------------------------------------------------------------

_built=$(cd "$lib/../../.." && pwd)/build/tests
# One program runs each end and knows which bytes must arrive; the other runs
# both ends of many connections.
integrity=$_built/integrity
many=$_built/many
server=
client=

# connections_transfer NETNS OPTION...: between two programs in that namespace;
# true if all bytes arrived unchanged
connections_transfer() {
	local name=$1 fifo=$scratch/transfer-$1 status

	shift
	rm -f "$fifo"
	mkfifo "$fifo"
	in_netns "$name" "$integrity" serve "$@" >"$fifo" &
	{
		read -r _
		in_netns "$name" "$integrity" connect "$@"
		status=$?
		cat
	} <"$fifo"
	wait $! && ((status == 0))
}

# connections_serve NETNS OPTION...: starts $server, a process whose output is
# on descriptor 5
connections_serve() {
	mkfifo "$scratch/s"
	nsenter --net="/run/netns/$1" "$integrity" serve "${@:2}" \
		>"$scratch/s" &
	server=$!
	exec 5<"$scratch/s"
	rm "$scratch/s"
	read -r <&5
}

# connections_begin NETNS NETNS OPTION...: starts $server in the first namespace
# and $client, whose output is on descriptor 6, in the second. They have more to
# send than they will get to.
connections_begin() {
	local options=(-c 5 -b 100000000000 -m 20000 -u -e reset "${@:3}")

	connections_serve "$1" "${options[@]}" || return
	mkfifo "$scratch/c"
	nsenter --net="/run/netns/$2" "$integrity" connect "${options[@]}" \
		>"$scratch/c" &
	client=$!
	exec 6<"$scratch/c"
	rm "$scratch/c"
	read -r <&5 && read -r <&6
}

# connections_reset_by COMMAND...: COMMAND resets all connections that
# connections_begin made, at both ends
connections_reset_by() {
	local status=0

	"$@" || status=1
	wait "$server" || status=1
	wait "$client" || status=1
	cat <&5
	cat <&6
	return "$status"
}

# connections_hold NETNS NUMBER: opens that many connections within NETNS, sends
# bytes over each, and keeps them open until connections_end
connections_hold() {
	coproc holder { in_netns "$1" "$many" hold "$2"; }
	# Bash unsets the variables of a coproc when it ends.
	# shellcheck disable=SC2154 # set by coproc
	held=("${holder[@]}" "$holder_PID")
	_holder_says open
}

# connections_end: sends bytes over each connection once more, then closes all
connections_end() {
	echo >&"${held[1]}"
	_holder_says closed || return
	echo >&"${held[1]}"
	wait "${held[2]}"
}

# _holder_says WORD
_holder_says() {
	local said=

	read -r -t 900 said <&"${held[0]}"
	echo "$said"
	[[ $said == "$1" ]]
}

# --- capabilities -------------------------------------------------------------

# Runs as root without capabilities: "${without_caps[@]}" COMMAND...
# shellcheck disable=SC2034 # used by suites
without_caps=(setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all)

# --- in the background --------------------------------------------------------

# background FILE PROGRAM...: redirects its output to FILE; $! is its process id
background() {
	local file=$1

	shift
	"$@" >"$file" 2>&1 &
	children+=($!)
}

# listens PID: has the process joined a multicast group of generic netlink
# (protocol 16)?
listens() {
	awk -v pid="$1" '$2 == 16 && $3 == pid && $4 !~ /^0+$/ { found = 1 }
		END { exit !found }' /proc/net/netlink
}

# --- modules ------------------------------------------------------------------

# Unloads all modules of this project, users before what they use.
unload_modules() {
	local module

	for module in dibs_selftest dibs_loopback dibs; do
		if [[ -d /sys/module/$module ]]; then
			rmmod "$module" || return
		fi
	done
}

# --- the end ------------------------------------------------------------------

bail_out() {
	finished=yes
	echo "Bail out! $*"
	exit 1
}

done_testing() {
	finished=yes
	echo "1..$tests"
	exit $((failed > 0))
}

_clean_up() {
	local name pid

	for pid in "${children[@]}" $judge; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	for name in "${namespaces[@]}"; do
		if [[ -e /run/netns/$name ]]; then
			netns_del "$name"
		fi
	done
	rm -rf "$scratch"
	[[ -n $finished ]] || echo "Bail out! the script ended early"
}

trap _clean_up EXIT
: >"$scratch/out"
: >"$scratch/err"
