#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Two simulated ISM adapters at their worst for ten minutes: random commands,
# moves, events, refusals, nonsense, delays, error states, unplugs and replugs,
# while connections run over them in both directions. Each connection ends with
# all its bytes right or with a reset; nothing hangs; and in the end everything
# works as if nothing had happened.
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue
#
#   ism-faults.sh [MINUTES] [SEED]       10, or DIBS_ISM_MINUTES
#
# runs-on: debug
# memory: 2G
# minutes: 30

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=../system/lib/ism.bash
. "$repo/tests/system/lib/ism.bash"

minutes=${1:-${DIBS_ISM_MINUTES:-10}}
RANDOM=$((${2:-$EPOCHSECONDS} % 32768))
patience=300
gid=(15a0000000000001 15a0000000000002)
commands=(reg_sba reg_ieq read_gid add_vlan del_vlan query_info query_rgid
	reg_dmb unreg_dmb signal_ieq unreg_sba unreg_ieq)
lies=(long short longer shorter cmd zeros ones)

# pick WORD...: sets $one to one of them
pick() {
	local choices=("$@")

	one=${choices[RANDOM % $#]}
}

# random BELOW: sets $one; BELOW is at most 2^30
random() {
	one=$((((RANDOM << 15) | RANDOM) % $1))
}

# fault FILE TEXT: writes to a file of an adapter that may be gone and may
# refuse
fault() {
	[[ ! -e $bus/devices/$name ]] ||
		echo "${@:2}" 2>/dev/null >"$bus/devices/$name/$1"
}

make_again() {
	local i

	for i in 0 1; do
		if [[ ! -e $bus/devices/ism$i ]]; then
			echo "ism$i ${gid[i]} 0100" 2>/dev/null \
				>"$bus/new_device"
		elif [[ ! -e /sys/class/dibs/ism$i ]]; then
			echo ok 2>/dev/null >"$bus/devices/ism$i/state"
		fi
	done
	ism_hand_out >/dev/null 2>&1
}

# Without the commands that would register memory that nobody owns.
raw_command() {
	local code body

	pick 3 4 5 7 8 9 11 14 0 12 19 4294967295
	code=$one
	random 5
	body=$(head -c $((8 * one)) /dev/urandom | od -An -v -tx1 | tr -d ' \n')
	fault command "$(printf '%08x0000%04x%s' "$code" \
		$((8 + ${#body} / 2)) "$body")"
}

# Prints a line per DMB: device, token, index
dmbs() {
	local name

	for name in red blue; do
		in_netns "$name" dibs dmb list 2>/dev/null |
			awk 'NR > 1 { print $1, $NF, $2 }'
	done
}

# a_dmb: picks one of these: sets $owner, $token, $index
a_dmb() {
	local lines

	mapfile -t lines < <(dmbs)
	((${#lines[@]})) || return
	pick "${lines[@]}"
	read -r owner token index <<<"$one"
	printf -v token %016x "$token"
}

# Prints the number of refused moves, without those into DMBs that do not exist.
refused_moves() {
	awk '/^(bad_move|not_dedicated|outside) / { n += $2 } END { print n + 0 }' \
		"$bus/devices/$name/stats/refusals" 2>/dev/null
}

# aimed_move [STRANGER]: a move that is wrong in one respect: who moves (the
# owner, unless a stranger is named), how much, or where to. With and without a
# signal.
aimed_move() {
	local address before data length

	a_dmb || return
	case $((RANDOM % 5)) in
	0 | 1) name=${1:-$owner} address=0 length=8 ;;
	2) address=7ffff8 length=8 ;;
	3) address=ff8 length=16 ;;
	4) address=$((RANDOM % 7 + 1)) length=$((RANDOM % 3 * 2 + 3)) ;;
	esac
	data=$(head -c "$length" /dev/urandom | od -An -v -tx1 | tr -d ' \n')
	before=$(refused_moves)
	fault move "$(printf '%08x0%x%06x %s' "0x${token:0:8}" \
		$((RANDOM % 16)) $((0x$address | RANDOM % 2 << 23)) "$data")"
	(($(refused_moves) > before)) && echo "$name $token" >>"$scratch/refused"
}

raw_move() {
	if ((RANDOM % 4)); then
		aimed_move
	else
		fault move "$(od -An -N16 -tx8 /dev/urandom)"
	fi
}

raw_signal() {
	if ((RANDOM % 2)) && a_dmb; then
		name=$owner
		fault signal "$index $((RANDOM * 2))"
	else
		fault signal "$((RANDOM % 1920)) $((RANDOM * 2))"
	fi
}

wrong_answer() {
	local cmd

	pick "${commands[@]}"
	cmd=$one
	if ((RANDOM % 2)); then
		random 65534
		fault fail_command "$cmd $((one + 1)) $((RANDOM % 3 + 1))"
	else
		pick "${lies[@]}"
		fault bad_answer "$cmd $one $((RANDOM % 3 + 1))"
	fi
}

wrong_event() {
	local type code

	pick 0 1 2 3
	type=$one
	pick 1 2 3 4 5 6 7 8 128
	code=$one
	# An event about an adapter itself is its end.
	pick "0x${gid[0]}" "0x${gid[1]}" "$RANDOM" "$RANDOM" "$RANDOM"
	fault event "$type $code $one $RANDOM"
}

slowness() {
	random 20000
	fault delay_us "$one"
	random 100000
	fault irq_delay_us "$one"
}

device_goes() {
	case $((RANDOM % 7)) in
	0) fault state error ;;
	1) fault state disabled ;;
	2) echo "$name" 2>/dev/null >"$bus/unplug_device" ;;
	3) echo "$name" 2>/dev/null >"$bus/del_device" ;;
	4) fault state ok ;;
	5) dibs device disable "$name" && dibs device enable "$name" ;;
	6) fault state silent ;;
	esac >/dev/null 2>&1
}

one_fault() {
	pick ism0 ism1
	name=$one
	case $((RANDOM % 13)) in
	0 | 1) raw_command ;;
	2 | 12) raw_move ;;
	3 | 4) wrong_answer ;;
	5) wrong_event ;;
	6) fault ieq_idx $((RANDOM % 18)) ;;
	7) raw_signal ;;
	8) fault interrupt 1 ;;
	9) fault fail_moves $((RANDOM % 4)) ;;
	10) slowness ;;
	11) device_goes ;;
	esac
	# Most of the time there have to be devices to break.
	((RANDOM % 6)) || make_again
}

# Injects faults until $scratch/stop exists; prints how many.
faults() {
	local count=0

	while [[ ! -e $scratch/stop ]]; do
		one_fault
		count=$((count + 1))
	done
	echo "$count faults"
}

# ends_well LOG: did all its connections end well, or with a reset?
ends_well() {
	grep -E '^done [0-9]+ cut 0 reset [0-9]+ silent 0 broken 0 wrong 0 ' "$1" |
		tail -1
}

# transfer FROM TO ADDRESS PORT OPTION...: returns 0 if all went as it should,
# else 1
transfer() {
	local from=$1 log=$scratch/log$4 server
	local options=(-a "$3" -p "$4" -w "$patience" "${@:5}")

	rm -f "$scratch/f$4"
	mkfifo "$scratch/f$4"
	nsenter --net="/run/netns/$2" "$integrity" serve "${options[@]}" \
		>"$scratch/f$4" 2>&1 &
	server=$!
	exec 7<"$scratch/f$4"
	read -r <&7
	timeout $((patience * 2)) nsenter --net="/run/netns/$from" \
		"$integrity" connect "${options[@]}" >"$log.c" 2>&1
	case $? in
	2)	# not all connections were made, and the server waits for them
		kill "$server"
		wait "$server"
		grep -E 'connect|recv|send' "$log.c"
		return ;;
	124)
		cat "$log.c"
		return 1 ;;
	esac
	wait "$server"
	cat <&7 >"$log.s"
	ends_well "$log.c" && ends_well "$log.s" && return
	cat "$log.c" "$log.s"
	return 1
}

# transfers FROM TO ADDRESS PORT: one after the other while faults are injected
transfers() {
	local count=0

	while [[ ! -e $scratch/stop ]]; do
		transfer "$@" -c 5 -b $((RANDOM * 30 + 1)) -u -e reset ||
			return
		count=$((count + 1))
	done >"$scratch/last$4"
	echo "$count transfers"
}

all_at_once() {
	local pids=() pid status=0

	faults &
	pids+=($!)
	transfers red blue 10.1.0.2 7001 &
	pids+=($!)
	transfers blue red 10.1.0.1 7002 &
	pids+=($!)
	sleep $((minutes * 60))
	touch "$scratch/stop"
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	cat "$scratch"/last700?
	return "$status"
}

# carried_by SMC-D|TCP: prints how many connections of red it carried
carried_by() {
	in_netns red dibs smc fallbacks |
		awk -v by="$1" '$2 == by { n += $3 } END { print n + 0 }'
}

# With other faults, connections come and go too fast to aim at. Here they are
# held, between ism0 and itself, and their bytes stay right.
refused_each() {
	local try

	ip -n red link set lo up
	connections_hold red 10 || return
	: >"$scratch/refused"
	for ((try = 0; try < 20; try++)); do
		pick ism0 ism1
		name=$one
		aimed_move ism1
	done
	connections_end || return
	wc -l <"$scratch/refused"
	(($(wc -l <"$scratch/refused") == 20))
}

# ISM adapters are the only devices.
most_by_ism() {
	echo "by ISM $(carried_by SMC-D), by TCP $(carried_by TCP)"
	(($(carried_by SMC-D) > 20))
}

# No injected fault is pending, and both namespaces have devices.
calm() {
	local command name file

	for name in ism0 ism1; do
		for command in "${commands[@]}"; do
			fault fail_command "$command 1 0"
			fault bad_answer "$command cmd 0"
		done
		for file in fail_moves delay_us irq_delay_us; do
			fault "$file" 0
		done
	done
	make_again
}

# As the adapters count. DMBs that they refused to unregister are unregistered
# again when other connections come and go.
none_left() {
	ism_has_no_dmbs && return
	transfer red blue 10.1.0.2 7004 -c 5 -b 1000
	transfer blue red 10.1.0.1 7004 -c 5 -b 1000
	false
}

no_dmbs() {
	calm
	cat "$bus"/devices/ism[01]/dmbs
	within 300 none_left
}

# New adapters, which know nothing about the faults of the old ones.
good_as_new() {
	local before bytes=500000 name

	echo ism0 >"$bus/del_device"
	echo ism1 >"$bus/del_device"
	echo "ism0 ${gid[0]} 0100" >"$bus/new_device" || return
	echo "ism1 ${gid[1]} 0100" >"$bus/new_device" || return
	ism_hand_out >/dev/null 2>&1
	before=$(carried_by TCP)
	transfer red blue 10.1.0.2 7003 -c 5 -b $((bytes / 5)) || return
	cat "$bus"/devices/ism[01]/stats/bytes
	for name in ism0 ism1; do
		(($(<"$bus/devices/$name/stats/bytes") >= bytes)) || return
	done
	grep -q '^done 5 ' "$scratch/log7003.c" &&
		[[ $(carried_by TCP) == "$before" ]]
}

[[ -x $integrity ]] || bail_out "tests/integrity is not built"
echo "# seed ${2:-random}, $minutes minutes"
ism_set_up
ok "bytes are right or connections are reset, whatever adapters do" all_at_once
grep -E '(faults|transfers)$' "$scratch/out" | sed 's/^/# /'
ok "many connections used ISM" most_by_ism
sed 's/^/# /' "$scratch/out"
ok "no DMB is left" no_dmbs
ok "new adapters work as if nothing had happened" good_as_new
ok "moves that are wrong in one respect do nothing" refused_each
for name in red blue; do
	netns_del "$name"
done
ok "the modules can be unloaded" modprobe -r dibs_smc ism_sim
done_testing
