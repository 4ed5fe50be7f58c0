#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What SMC-D on two systems tell each other by software events: whether a link
# group exists, and that SMC-D ends. An adapter takes the 64-bit event word as a
# number, but its fields are in the sender's byte order:
#
#	32 bits: the sender's id of the group | VLAN | 1: request, 2: response
#
# so the number depends on the byte order. For any POSIX shell: big-endian
# guests have no bash.
#
#	ism0, the only device, for both ends of a program that connects to itself
#
# runs-on: 6.12 s390x (byte order)
# cpus: 1

here=$(dirname "$0")
many=$here/programs/many
[ -x "$many" ] || many=$here/../../build/tests/many
adapter=/sys/bus/ism_sim/devices/ism0
gid=15a00000000000e0
scratch=/tmp/smc-events.$$
listener=
count=0
failed=0

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# ok STATEMENT COMMAND...
ok() {
	statement=$1
	count=$((count + 1))
	shift
	if "$@"; then
		echo "ok $count - $statement"
	else
		sed 's/^/# /' "$scratch/groups" "$scratch/monitor"
		echo "not ok $count - $statement"
		failed=1
	fi
}

# within SECONDS COMMAND...: true as soon as COMMAND succeeds
within() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# word GROUP CODE: prints the number that a system with this byte order gives
# the adapter. GROUP has 8 hexadecimal digits.
word() {
	case $(uname -m) in
	s390x) printf '0x%s0000%04x' "$1" "$2" ;;
	*) printf '0x%04x0000%s' "$2" "$1" ;;
	esac
}

# heard CODE WORD [FILE]: prints how often there was such an event
heard() {
	grep '"ism0"' "${3-$scratch/monitor}" | grep "\"code\":$1[,}]" |
		grep -c "\"$2\""
}

has_heard() {
	[ "$(heard "$@")" != 0 ]
}

# Has the listener joined a multicast group of generic netlink (protocol 16)?
listens() {
	awk -v pid="$listener" '$2 == 16 && $3 == pid && $4 !~ /^0+$/ { found = 1 }
		END { exit !found }' /proc/net/netlink
}

# Prints the ids of the connection's link groups, of 8 hexadecimal digits each.
groups() {
	dibs smc linkgroups >"$scratch/groups" &&
		awk 'NR > 1 && $2 == "ism0" { print $1 }' \
			"$scratch/groups"
}

begin() {
	mkfifo "$scratch/in" "$scratch/out"
	"$many" hold 1 <"$scratch/in" >"$scratch/out" &
	exec 3>"$scratch/in" 4<"$scratch/out"
	read -r line <&4
	[ "$line" = open ] || bail_out "no connection: $line"
}

end() {
	echo >&3
	read -r line <&4
	echo >&3
	[ "$line" = closed ]
}

# The word comes back with the code of a response.
answered() {
	echo "2 0x83 0x$gid $(word 1234abcd 1)" >"$adapter/event" &&
		within 20 has_heard 131 "$(word 1234abcd 2)"
}

# Nobody answers a response. The request behind it is answered, which shows that
# the response was read.
unanswered() {
	echo "2 0x83 0x$gid $(word 1234abce 2)" >"$adapter/event"
	echo "2 0x83 0x$gid $(word 1234abcf 1)" >"$adapter/event"
	within 20 has_heard 131 "$(word 1234abcf 2)" &&
		[ "$(heard 131 "$(word 1234abce 2)")" = 1 ]
}

# The event has the id of one of the groups. The peer is ism0, too: an event may
# arrive before the one about the other group was sent.
told_of() {
	for group in $names; do
		! has_heard 128 "$(word "$group" 1)" || return 0
	done
	return 1
}

# More events may arrive meanwhile, so count in a copy.
all_told() {
	cp "$scratch/monitor" "$scratch/now"
	told=0
	for group in $names; do
		told=$((told + $(heard 128 "$(word "$group" 1)" "$scratch/now")))
	done
	[ "$told" = "$(grep -c '"code":128[,}]' "$scratch/now")" ]
}

clean_up() {
	exec 3>&- 4<&-
	[ -z "$listener" ] || kill "$listener"
	rm -rf "$scratch"
}

mkdir "$scratch" || exit
trap clean_up EXIT
: >"$scratch/groups"
: >"$scratch/monitor"
[ -x "$many" ] || bail_out "tests/integrity is not built"
# Both ends would choose loopback.
! grep -q '^dibs_loopback ' /proc/modules || rmmod dibs_loopback
modprobe ism_sim none=1 || bail_out "no module ism_sim"
modprobe dibs_smc || bail_out "no module dibs_smc"
echo "ism0 $gid 0100" >/sys/bus/ism_sim/new_device || bail_out "no adapter"
ip link set lo up
dibs --json monitor >"$scratch/monitor" &
listener=$!
within 20 listens || bail_out "no monitor"

begin
names=$(groups)
ok "a connection has a link group at each end" \
	[ "$(echo "$names" | grep -cE '^[0-9a-f]{8}$')" = 2 ]
ok "a request whether a link group exists gets its word back as a response" \
	\
	answered
ok "a response gets no answer" unanswered
ok "no event has said yet that SMC-D ends" \
	[ "$(grep -c '"code":128[,}]' "$scratch/monitor")" = 0 ]
ok "the connection still carries bytes, and ends" end
ok "dibs_smc can be unloaded" within 20 rmmod dibs_smc
ok "SMC-D tells the peer of a former link group that it ends" \
	\
	within 20 told_of
ok "SMC-D tells the peer of no other link group" all_told
rmmod ism_sim
echo "1..$count"
exit $failed
