# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For system tests: TAP, network namespaces, connections, rights, and waiting. A
# test is a script that sources this, states facts, and ends with "done_testing".
# It runs as root in a guest; whatever it made by these functions goes when it
# ends.
#
#   ok STATEMENT COMMAND...               true if COMMAND succeeds
#   refused STATEMENT PATTERN COMMAND...  true if COMMAND fails as dibs(8) does
#   json STATEMENT EXPRESSION COMMAND...  true if COMMAND prints one JSON value d
#                                         for which the Python EXPRESSION holds
#   skip STATEMENT REASON                 cannot be found out here

set -u

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

# One line that says what is wrong, and exit status 1.
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

# Starts what evaluates expressions: one process, as each takes its time to start.
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

# json_holds EXPRESSION COMMAND...: the same as json, without a result
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

# --- network namespaces --------------------------------------------------------

# netns_add NAME: as "ip netns add" does
netns_add() {
	mkdir -p /run/netns
	: >"/run/netns/$1"
	unshare --net="/run/netns/$1" true || bail_out "no network namespaces"
	namespaces+=("$1")
}

# Its sockets and processes keep it alive, this only takes the name away.
netns_del() {
	umount "/run/netns/$1" && rm "/run/netns/$1"
}

# in_netns NAME COMMAND...
in_netns() {
	local name=$1

	shift
	nsenter --net="/run/netns/$name" "$@"
}

# netns_pair NAME NAME NETWORK: two of them, joined by veth: NETWORK.1, NETWORK.2
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

# keep_to DEVICE NETNS: nobody else may use it
keep_to() {
	dibs device unshare "$1" && dibs device grant "$1" "$2"
}

# --- connections -----------------------------------------------------------------

_built=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/tests
# A program for each end, which knows what bytes must come, and one that has both
# ends of many connections.
integrity=$_built/integrity
many=$_built/many
server=
client=

# connections_transfer NETNS OPTION...: between two programs there; true if all
# came as it should
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

# connections_serve NETNS OPTION...: process $server, whose words descriptor 5 has
connections_serve() {
	mkfifo "$scratch/s"
	nsenter --net="/run/netns/$1" "$integrity" serve "${@:2}" \
		>"$scratch/s" &
	server=$!
	exec 5<"$scratch/s"
	rm "$scratch/s"
	read -r <&5
}

# connections_begin NETNS NETNS OPTION...: $server in the first of them, $client in
# the second, whose words descriptor 6 has; with more to do than they will come to
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

# connections_reset_by COMMAND...: all that began are, at both ends
connections_reset_by() {
	local status=0

	"$@" || status=1
	wait "$server" || status=1
	wait "$client" || status=1
	cat <&5
	cat <&6
	return "$status"
}

# connections_hold NETNS NUMBER: so many within NETNS are open, and each has
# carried bytes; until connections_end
connections_hold() {
	coproc holder { in_netns "$1" "$many" hold "$2"; }
	# Bash forgets them when it ends.
	# shellcheck disable=SC2154 # the coproc's
	held=("${holder[@]}" "$holder_PID")
	_holder_says open
}

# connections_end: each carries bytes once more, then all are closed
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

# --- rights ----------------------------------------------------------------------

# As root without capabilities: "${without_caps[@]}" COMMAND...
# shellcheck disable=SC2034 # used by those who source this
without_caps=(setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all)

# --- in the background -------------------------------------------------------------

# background FILE PROGRAM...: its output goes to FILE; $! is its process
background() {
	local file=$1

	shift
	"$@" >"$file" 2>&1 &
	children+=($!)
}

# Has the process joined a group of generic netlink (protocol 16)?
listens() {
	awk -v pid="$1" '$2 == 16 && $3 == pid && $4 !~ /^0+$/ { found = 1 }
		END { exit !found }' /proc/net/netlink
}

# --- modules ---------------------------------------------------------------------------

# All modules of this project, users before what they use.
unload_modules() {
	local module

	for module in dibs_selftest dibs_loopback dibs; do
		if [[ -d /sys/module/$module ]]; then
			rmmod "$module" || return
		fi
	done
}

# --- the end -----------------------------------------------------------------------------

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
