#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What ends while SMC sockets live: processes, namespaces, the module. And what
# there is without the module. Leaks and complaints are for the kernel to find
# (tests/vm/run fails for them).

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

traffic=$PWD/smc_traffic.py
rounds=3
loaders=()
[[ -z ${DIBS_DEBUG-} ]] || rounds=2

smc_loaded() {
	[[ -d /sys/module/dibs_smc ]]
}

# What a closed socket leaves behind may need a moment. Whether anything leaked
# is looked for once, at the end of the guest.
unload_smc() {
	within 60 /sbin/rmmod dibs_smc
}

# hold KIND: a process that keeps one; $keeper is it
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

# load NAMESPACE: sockets at work there, in a process group of their own
load() {
	local answer=

	mkfifo "$scratch/fifo"
	# Behind everything else, or a slow machine sees nothing but load.
	setsid nice -n 19 nsenter --net="/run/netns/$1" \
		python3 "$traffic" load \
		>"$scratch/fifo" 2>"$scratch/load.$1" &
	loaders+=($!)
	read -r answer <"$scratch/fifo"
	rm "$scratch/fifo"
	[[ $answer == busy ]] && within 60 have_connected "$1" 20
}

# have_connected NAMESPACE TIMES: so often were connections made there
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

# They are in sessions of their own and would keep the module busy.
trap 'kill_loaders; _clean_up' EXIT

no_wrong_bytes() {
	! grep -H . "$scratch"/load.*
}

# low_port WANTED COMMAND...: what binding to port 80 gives
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

# --- the module ---------------------------------------------------------------------

ok "the module loads" modprobe dibs_smc
ok "connections work" python3 "$traffic" once
ok "ports below 1024 are not for users" low_port EACCES \
	setpriv --reuid 65534 --regid 65534 --clear-groups
ok "but for the administrator" low_port bound env
for kind in socket listener connection; do
	ok "the module stays while there is a $kind" refuses_removal $kind
	let_go
done
ok "the module goes when all sockets have" unload_smc

# --- under load -----------------------------------------------------------------------

# First by TCP alone, then through DMBs.
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
	ok "round $round: the module loads" modprobe dibs_smc
	for name in life-a life-b; do
		netns_add $name
		in_netns $name ip link set lo up
		ok "round $round: there is load in $name" load $name
	done
	ok "round $round: the module stays while there is load" \
		cannot_unload_smc
	# Names first in every other round: sockets outlive them.
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
	ok "round $round: no wrong bytes" no_wrong_bytes
	ok "round $round: the module goes" unload_smc
done

# --- without the module -----------------------------------------------------------------

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
		grep -q '^dibs: no SMC here' "$scratch/stderr" && ! smc_loaded
}

ends_with() {
	local wanted=$1

	shift
	"$@"
	(($? == wanted))
}

# The first socket makes the kernel load the module by its alias.
loads_by_alias() {
	dibs run -v python3 -c 'import socket
print(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))' 2>&1 |
		grep -q 'SMC over IPv4' && smc_loaded
}

ok "without the module: one warning, and TCP" one_warning_and_tcp
ok "the module is loaded when a socket asks for it" loads_by_alias
ok "a missing program is status 127" ends_with 127 dibs run /no/such/program
ok "a file that cannot be run is status 126" ends_with 126 dibs run /etc/passwd
ok "the program's status is the command's" \
	ends_with 9 dibs run -- sh -c 'exit 9'
ok "no program is status 125" ends_with 125 dibs run
ok "the module goes again" unload_smc

# --- beside the distribution's -------------------------------------------------------------

refuses_beside_smc() {
	dmesg --clear
	! modprobe dibs_smc && dmesg && ! smc_loaded &&
		dmesg | grep -qE 'dibs_smc.*\bsmc\b'
}

if modprobe smc 2>/dev/null; then
	ok "beside the distribution's smc the module says what to do" \
		refuses_beside_smc
	ok "the distribution's smc goes" within 20 rmmod smc
	ok "then the module loads" modprobe dibs_smc
	ok "and works" python3 "$traffic" once
	ok "and goes" unload_smc
else
	skip "beside the distribution's smc" "this kernel has none"
fi
done_testing
