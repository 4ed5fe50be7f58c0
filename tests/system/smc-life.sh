#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Processes, namespaces and the module end while SMC sockets exist. And what
# works without the module? The kernel finds leaks and complains about bugs, for
# which tests/vm/run fails.
#
# in-check:
# runs-on: 6.12 6.1 debug (references of sockets and namespaces)

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

traffic=$lib/smc_traffic.py
rounds=3
loaders=()
[[ -z ${DIBS_DEBUG-} ]] || rounds=2

smc_loaded() {
	[[ -d /sys/module/dibs_smc ]]
}

# A closed socket may need a moment to go. This is plain rmmod: leaks are
# searched for once, at the end of the guest.
unload_smc() {
	within 60 /sbin/rmmod dibs_smc
}

# hold KIND: starts a process, $keeper, that keeps a socket of that kind
hold() {
	mkfifo "$scratch/fifo"
	python3 "$traffic" hold "$1" >"$scratch/fifo" &
	keeper=$!
	children+=("$keeper")
	read -r <"$scratch/fifo"
	rm "$scratch/fifo"
}

let_go() {
	kill -9 "$keeper"
	wait "$keeper" 2>/dev/null
	return 0
}

cannot_unload_smc() {
	! /sbin/rmmod dibs_smc && smc_loaded
}

refuses_removal() {
	hold "$1"
	cannot_unload_smc
}

# load NAMESPACE: starts socket load there, in a process group of its own
load() {
	local answer=

	mkfifo "$scratch/fifo"
	# With the lowest priority, or a slow machine does nothing but load.
	setsid nice -n 19 nsenter --net="/run/netns/$1" \
		python3 "$traffic" load \
		>"$scratch/fifo" 2>"$scratch/load.$1" &
	loaders+=($!)
	read -r answer <"$scratch/fifo"
	rm "$scratch/fifo"
	[[ $answer == busy ]] && within 60 have_connected "$1" 20
}

# have_connected NAMESPACE TIMES: were that many connections made there?
have_connected() {
	in_netns "$1" awk -v wanted="$2" '$1 == "Tcp:" { opened = $7 }
		END { exit opened < wanted }' /proc/net/snmp
}

kill_loaders() {
	local pid

	for pid in "${loaders[@]}"; do
		kill -9 -- "-$pid"
		wait "$pid" 2>/dev/null
	done
	loaders=()
	return 0
}

# Loaders are in sessions of their own and would keep the module busy.
trap 'kill_loaders; _clean_up' EXIT

no_wrong_bytes() {
	! grep -H . "$scratch"/load.*
}

# low_port WANTED COMMAND...: does binding to port 80 give WANTED?
low_port() {
	local wanted=$1 answer

	shift
	answer=$("$@" python3 -c 'import errno, socket
try:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 256).bind(("", 80))
    print("bound")
except OSError as error:
    print(errno.errorcode[error.errno])')
	echo "$answer"
	[[ $answer == "$wanted" ]]
}

# --- the module ---------------------------------------------------------------

ok "the module can be loaded" modprobe dibs_smc
ok "connections work" python3 "$traffic" once
ok "an unprivileged user cannot bind to a port below 1024" low_port EACCES \
	setpriv --reuid 65534 --regid 65534 --clear-groups
ok "an administrator can bind to a port below 1024" low_port bound env
for kind in socket listener connection; do
	ok "the module cannot be unloaded while there is a $kind" \
		refuses_removal $kind
	let_go
done
ok "the module can be unloaded when all sockets are closed" unload_smc

# --- under load ---------------------------------------------------------------

# The first round uses TCP alone, the others DMBs.
choose_devices() {
	if (($1 == 1)); then
		/sbin/rmmod dibs_loopback 2>/dev/null
		[[ ! -d /sys/module/dibs_loopback ]]
	else
		modprobe dibs_loopback
	fi
}

for ((round = 1; round <= rounds; round++)); do
	ok "round $round: the devices are as wanted" choose_devices "$round"
	ok "round $round: the module can be loaded" modprobe dibs_smc
	for name in life-a life-b; do
		netns_add $name
		in_netns $name ip link set lo up
		ok "round $round: there is load in $name" load $name
	done
	ok "round $round: the module cannot be unloaded under load" \
		cannot_unload_smc
	# Every other round deletes the names first: sockets outlive them.
	if ((round % 2)); then
		netns_del life-a
		netns_del life-b
		kill_loaders
	else
		kill_loaders
		netns_del life-a
		netns_del life-b
	fi
	namespaces=()
	ok "round $round: no bytes are wrong" no_wrong_bytes
	ok "round $round: the module can be unloaded" unload_smc
done

# --- without the module -------------------------------------------------------

one_warning_and_tcp() {
	echo blacklist dibs_smc >/etc/modprobe.d/no-dibs.conf
	dibs run python3 -c 'import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL))
sys.exit(42)' >"$scratch/stdout" 2>"$scratch/stderr"
	local status=$?

	rm /etc/modprobe.d/no-dibs.conf
	cat "$scratch/stdout" "$scratch/stderr"
	((status == 42)) && [[ $(<"$scratch/stdout") == 6 ]] &&
		(($(wc -l <"$scratch/stderr") == 1)) &&
		grep -q '^dibs: SMC unavailable' "$scratch/stderr" && ! smc_loaded
}

ends_with() {
	local wanted=$1

	shift
	"$@"
	(($? == wanted))
}

# The first socket makes the kernel load the module through its alias.
loads_by_alias() {
	dibs run -v python3 -c 'import socket
print(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))' 2>&1 |
		grep -q 'SMC over IPv4' && smc_loaded
}

ok "without the module, dibs run warns once and uses TCP" one_warning_and_tcp
ok "the module is loaded when a socket asks for it" loads_by_alias
ok "dibs run of a missing program exits with 127" \
	ends_with 127 dibs run /no/such/program
ok "dibs run of a file that cannot be run exits with 126" \
	ends_with 126 dibs run /etc/passwd
ok "dibs run exits with the status of the program" \
	ends_with 9 dibs run -- sh -c 'exit 9'
ok "dibs run without a program exits with 125" ends_with 125 dibs run
ok "a module that was loaded by its alias can be unloaded" unload_smc

# --- beside the distribution's ------------------------------------------------

refuses_beside_smc() {
	dmesg --clear
	! modprobe dibs_smc && dmesg && ! smc_loaded &&
		dmesg | grep -qE 'dibs_smc.*\bsmc\b'
}

if modprobe smc 2>/dev/null; then
	ok "the module refuses to load beside the distribution's smc" \
		refuses_beside_smc
	ok "the distribution's smc can be unloaded" within 20 rmmod smc
	ok "the module can be loaded after the distribution's smc" \
		modprobe dibs_smc
	ok "connections work after the distribution's smc" \
		python3 "$traffic" once
	ok "the module can be unloaded after the distribution's smc" unload_smc
else
	skip "the module refuses to load beside the distribution's smc" \
		"this kernel has none"
fi
done_testing
