#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What do the private devices of a network namespace cost others? Counts what
# the kernel does, by kprobes, instead of measuring how long it takes.
#
#   greedy    as many devices as it may have, made by a user
#   modest    one device, and connections
#   leaver    one connection; leaves the shared device
#
# runs-on: 6.12
# in-check:
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

tracing=/sys/kernel/tracing
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
most=64

# count NAME FUNCTION: begins to count calls of a function of the kernel
count() {
	echo "p:cost/$1 $2" >>"$tracing/kprobe_events" &&
		echo 1 >"$tracing/events/cost/$1/enable"
}

# calls NAME: how many there were
calls() {
	awk -v name="$1" '$1 == name { print $2 }' $tracing/kprobe_profile
}

stop_counting() {
	echo 0 >"$tracing/events/cost/enable"
	echo >"$tracing/kprobe_events"
}

# gives ANSWER COMMAND...: a command of smc_share.py
gives() {
	local wanted=$1 answer=

	shift
	echo "$*" >&"$ask_in"
	read -r -t 60 answer <&"$ask_out"
	echo "$*: $answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

# Prints how often the layer looks at a device for a connection in modest.
looks_of_connection() {
	local before

	before=$(calls visible)
	gives "SMC-D SMC-D" pair modest >&2 || return
	echo $(($(calls visible) - before))
}

no_more_looks() {
	local now

	now=$(looks_of_connection) || return
	echo "looks at devices: $looks before, $now now"
	((now <= looks))
}

# Leaves lo in the namespace "leaver", which has one connection over it, and
# joins it again.
leave_looks_at_few() {
	local before now

	before=$(calls cut)
	in_netns leaver dibs device leave lo &&
		in_netns leaver dibs device join lo || return
	# Whatever looks at connections may do so later.
	sleep 1
	now=$(($(calls cut) - before))
	echo "looks at connections: $now"
	((now <= 8))
}

is_deleted() {
	(($(calls deleted) >= $1))
}

# Prints how many grace periods are waited for when a namespace with $1 devices
# ends, with those that the kernel itself waits for.
graces_of_end() {
	local i before target

	netns_add going
	for ((i = 0; i < $1; i++)); do
		in_netns going dibs device add "d$i" || return
	done
	before=$(calls graces)
	target=$(($(calls deleted) + $1))
	netns_del going || return
	within 60 is_deleted "$target" || return
	echo $(($(calls graces) - before))
}

graces_are_shared() {
	local one many

	one=$(graces_of_end 1) && many=$(graces_of_end 40) || return
	echo "grace periods: $one with 1 device, $many with 40"
	((many < one + 20))
}

adds() {
	in_netns "$1" dibs device add "$2"
}


modprobe -a dibs_loopback dibs_smc || bail_out "no modules"
mountpoint -q $tracing || mount -t tracefs tracefs $tracing
count visible dibs_dev_usable || bail_out "no kprobes"
count deleted dibs_dev_del
count cut dibs_attachment_is_cut
count graces synchronize_rcu
trap 'stop_counting; _clean_up' EXIT
netns_add modest
in_netns modest ip link set lo up
coproc python3 -B "$lib/smc_share.py"
# Bash unsets COPROC when the process ends.
ask_in=${COPROC[1]} ask_out=${COPROC[0]}
children+=("$COPROC_PID")
netns_add leaver
in_netns leaver ip link set lo up
ok "a namespace has 20 connections" gives SMC-D open modest 20
ok "another namespace has one connection" gives SMC-D open leaver 1
ok "a namespace that leaves a device has no connection of others looked at" \
	leave_looks_at_few
ok "the connections of both namespaces end well" eval \
	'gives arrived drain modest && gives arrived drain leaver'
ok "a namespace adds a device" adds modest own
looks=$(looks_of_connection) || bail_out "no connection"

# shellcheck disable=SC2016 # expanded there
background "$scratch/greedy" "${user[@]}" \
	unshare --user --map-root-user --net bash -c '
	for ((n = 0; n < 200; n++)); do
		dibs device add d$n || break
	done 2>&1
	echo "added $n"
	exec sleep 1000'
within 120 grep -q added "$scratch/greedy" || bail_out "no user namespaces"
ok "a user who adds devices is refused when the namespace has $most" \
	grep -qx "added $most" "$scratch/greedy"
ok "a user whose device is refused reads which limit it is" \
	grep -q "too many devices.*net.dibs.netns_dev_max" "$scratch/greedy"
ok "a namespace can add devices while another has as many as it may have" \
	adds modest more
ok "the initial namespace can add more devices than that" bash -c "
	for ((n = 0; n < $most + 1; n++)); do
		dibs device add d\$n || exit
	done"
json "a namespace lists its own devices and the shared ones" \
	"{x['name'] for x in d} == {'own', 'more', 'lo'}" \
	in_netns modest dibs device list --json
in_netns modest dibs device del more
ok "a connection looks at no device of other namespaces" no_more_looks
ok "a device that is granted counts for the namespace that got it" bash -c "
	sysctl -qw net.dibs.netns_dev_max=1 &&
	! dibs device grant d0 modest 2>'$scratch/refusal' &&
	grep -q 'too many devices' '$scratch/refusal'"
ok "a raised limit lets the namespace have another device" bash -c "
	sysctl -qw net.dibs.netns_dev_max=$most &&
	dibs device grant d0 modest"
ok "a namespace that ends waits for all of its devices at once" \
	graces_are_shared
json "devices that were granted by a namespace that stays are still there" \
	"{x['name'] for x in d} == {'own', 'd0', 'lo'}" \
	in_netns modest dibs device list --json
ok "the modules can be unloaded" eval '
	exec {ask_in}>&-; wait "$COPROC_PID"
	within 20 rmmod dibs_smc && unload_modules'

done_testing
