#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC-D over two simulated ISM adapters, each for one network namespace, and what
# adapters do that break: connections end with the error that TCP would give,
# nothing waits, and an adapter that makes no sense is never believed.
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue
#
#   smc-ism.sh [MEGABYTES]	only whether so many arrive, by rings of each size
#
# runs-on: 6.12
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=ism.bash
. "$repo/tests/system/ism.bash"

patience=60
megabytes=${1-10}
[[ -z ${DIBS_DEBUG-} ]] || patience=200 megabytes=${1-2}

sees_alone() {
	json_holds "[v['name'] for v in d if v['usable']] == ['$2']" \
		in_netns "$1" dibs --json device list
}

# transfer OPTION...: from end to end
transfer() {
	local options=(-a 10.1.0.2 -w "$patience" "$@")

	connections_serve blue "${options[@]}" || return
	in_netns red "$integrity" connect "${options[@]}" && wait "$server"
}

# carried COMMAND...: it makes connections of which none falls back
carried() {
	local before after

	before=$(fallen)
	"$@" || return
	after=$(fallen)
	echo "fallen back: $before, $after"
	[[ $before == "$after" ]]
}

default_ring() {
	in_netns red sysctl -n net.smc.rmem | grep -qx 1048576 || return
	begin || return
	json_holds "[c for c in d if 'receive_buffer' in c] and all(
		0 < 262144 - c['receive_buffer'] < 64
		for c in d if 'receive_buffer' in c)" \
		in_netns red dibs --json smc list
	local status=$?

	kill "$client" "$server"
	wait "$client" "$server"
	return "$status"
}

fallen() {
	in_netns red dibs smc fallbacks | awk '$2 == "TCP" { n += $3 }
		END { print n + 0 }'
}

# by_both RING: all bytes are right, and both adapters have moved them
by_both() {
	local before after bytes=$((megabytes * 10000)) name

	for name in red blue; do
		in_netns "$name" sysctl -qw "net.smc.rmem=$1"
	done
	before=$(cat "$bus"/devices/ism[01]/stats/bytes | xargs)
	carried transfer -c 50 -b "$bytes" -u -s "$1" || return
	after=$(cat "$bus"/devices/ism[01]/stats/bytes | xargs)
	python3 - "$bytes" "$before" "$after" <<'END'
import sys
wanted = 50 * int(sys.argv[1])
before, after = (map(int, arg.split()) for arg in sys.argv[2:])
moved = [b - a for a, b in zip(before, after)]
print(f'moved {moved}, wanted {wanted} each')
sys.exit(not all(wanted <= n < 2 * wanted for n in moved))
END
}

begin() {
	connections_begin blue red -a 10.1.0.2 -w "$patience"
}

# agree_on EID: the beginning of that of both ends' link group
agree_on() {
	local status=0

	begin || return
	json_holds "len(d) == 1 and d[0]['device'] == 'ism0' and
		d[0]['eid'].startswith('$1')" \
		in_netns red dibs --json smc linkgroups || status=1
	json_holds "len(d) == 1 and d[0]['device'] == 'ism1' and
		d[0]['eid'].startswith('$1')" \
		in_netns blue dibs --json smc linkgroups || status=1
	cat "$scratch/out"
	kill "$client" "$server"
	wait "$client" "$server"
	return "$status"
}

# netlink EXPRESSION: of smc_netlink.py
netlink() {
	PYTHONPATH=$repo/tests/system python3 -B -c \
		"import json, smc_netlink as n; print(json.dumps($1))"
}

# shows_seid True|False: the machine's own EID, and whether it may be used
shows_seid() {
	local seid=IBM-SYSZ-ISMSEID0000000000018561

	json_holds "(d['system_eid'], d['system_eid_enabled']) ==
		('$seid', $1)" dibs --json smc info &&
		json_holds "d == [[['seid', '$seid']], '$seid', int($1)]" \
			netlink "[[i for i in n.dump('sys_info')[0].items()
				if i[0] == 'seid'],
				*n.dump('seid')[0].values()]"
}

# switch enable|disable: the machine's own EID
switch() {
	netlink "n.change('$1_seid')"
}

# agree_anew_on EID: link groups keep the one that they began with
agree_anew_on() {
	echo ism1 >"$bus/del_device"
	echo "ism1 15a0000000000002 0100" >"$bus/new_device"
	keep_to ism1 blue && agree_on "$1"
}

# An adapter of another machine, and then no adapter.
agree_on_ueid() {
	echo ism1 >"$bus/del_device"
	echo "ism1 15a0000000000002 0100 IBM-SYSZ-ISMSEID0000000000028561" \
		>"$bus/new_device"
	keep_to ism1 blue && agree_on DIBS-DEFAULT
	local status=$?

	echo ism1 >"$bus/del_device"
	return "$status"
}

# all_reset COMMAND...: while bytes flow
all_reset() {
	begin && connections_reset_by "$@"
}

state() {
	echo "$2" >"$bus/devices/$1/state"
}

# again NAME GID: an adapter that was taken away
again() {
	[[ -e $bus/devices/$1 ]] || echo "$1 $2 0100" >"$bus/new_device"
}

# All is as in the beginning, and works.
mended() {
	again ism0 15a0000000000001 && again ism1 15a0000000000002 &&
		state ism0 ok && state ism1 ok && ism_hand_out &&
		carried transfer -c 2 -b 100000
}

# falls_back: the next connections
falls_back() {
	local before

	before=$(fallen)
	transfer -c 3 -b 100000 && [[ $(fallen) == $((before + 3)) ]]
}

# complaints MARK: of the driver, in the log after that
complaints() {
	dmesg | sed "1,/$1/d" |
		grep -c 'ism1: the ISM adapter .* it is not used any more'
}

# disbelieved COMMAND HOW: what the next connection needs is answered by nonsense:
# TCP carries it, the device goes, and the log says why, once.
disbelieved() {
	local mark="smc-ism: $1 $2"

	echo "$mark" >/dev/kmsg
	# All three, or one is there when the adapter goes, and is reset.
	echo "$1 $2 3" >"$bus/devices/ism1/bad_answer"
	transfer -c 3 -b 100000 || return
	within 20 eval '! dibs device show ism1' || return
	echo "$1 $2 0" >"$bus/devices/ism1/bad_answer"
	dmesg | tail -5
	[[ $(complaints "$mark") == 1 ]]
}

slow_commands() {
	echo 300000 >"$bus/devices/ism0/delay_us"
	carried transfer -c 3 -b 100000
	local status=$?

	echo 0 >"$bus/devices/ism0/delay_us"
	return "$status"
}

merged_interrupts() {
	echo 20000 >"$bus/devices/ism1/irq_delay_us"
	carried transfer -c 5 -b 100000 -u
	local status=$?

	echo 0 >"$bus/devices/ism1/irq_delay_us"
	return "$status"
}

# Each connection within red has two DMBs of ism0.
all_dmbs() {
	ip -n red link set lo up
	in_netns red sysctl -qw net.smc.rmem=16384
	connections_hold red 1000 || return
	in_netns red dibs --json smc fallbacks | tee "$scratch/fallbacks"
	cat "$bus/devices/ism0/dmbs"
	[[ $(<"$bus/devices/ism0/dmbs") == 1888 ]]
	local status=$?

	connections_end
	return "$status"
}

limit_is_told() {
	json_holds "any(r['reason'] == '030d0000' for r in d)" \
		cat "$scratch/fallbacks"
}

# urgent_first: servers are kept from saying what they are until clients have sent
# an urgent byte: that is waited for, not that anybody reads. Between red's ends.
urgent_first() {
	ip -n red link set lo up
	timeout 60 chrt -f 1 taskset -c 1 sh -c 'while :; do :; done' &
	in_netns red chrt -f 2 taskset -c 0 python3 - <<'END'
import socket, sys

def new():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 256)

waited = 0
listener = new()
listener.bind(('127.0.0.1', 0))
listener.listen()
listener.settimeout(20)
for _ in range(20):
    client = new()
    client.connect(listener.getsockname())
    client.send(b'a', socket.MSG_OOB)
    client.settimeout(0)
    try:
        client.send(b'b')
    except BlockingIOError:
        waited += 1
    client.settimeout(20)
    client.send(b'c')
    client.close()
    listener.accept()[0].close()
print(waited, 'of 20 had to wait')
sys.exit(not waited)
END
	local status=$?

	kill $!
	wait $!
	return "$status"
}

# What an end of another make does that marks an urgent byte after everything was
# read: it waits to be told so. The adapter makes both ends strangers to the other.
stranger_is_told() {
	in_netns red python3 - "$bus/devices/ism0/move" <<'END'
import json, socket, subprocess, sys, time

def new():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 256)

def move(token, offset, data, signal=0):
    with open(sys.argv[1], 'w') as file:
        file.write(f'{token >> 32:08x}{signal << 23 | offset:08x} {data}')

def dibs(*command):
    return json.loads(subprocess.check_output(['dibs', '--json', *command]))

def known_to_be_read():
    name = '%s:%d' % client.getsockname()
    row, = (row for row in dibs('smc', 'show') if row['local'] == name)
    return row['sent_and_read']

listener = new()
listener.bind(('127.0.0.1', 0))
listener.listen()
client = new()
client.connect(listener.getsockname())
server = listener.accept()[0]
client.send(b'abc')
assert server.recv(9) == b'abc'
before = known_to_be_read()
for dmb in dibs('dmb', 'list'):
    token = int(dmb['token'], 16)
    move(token, 4, '00000000')      # the origin
    move(token, 22, '20', 1)        # SMC_CDC_URGENT_PRESENT
end = time.monotonic() + 20
while (after := known_to_be_read()) == before and time.monotonic() < end:
    time.sleep(0.1)
print(f'known to be read: {before}, {after}')
sys.exit((before, after) != ('0000:00000000', '0000:00000003'))
END
}

# ism0 tells blue that red's SMC-D ends.
says_shutdown() {
	echo "2 0x80 0x15a0000000000001 0" >"$bus/devices/ism1/event"
}

# ism0 asks blue whether a link group is there, until ism0 has heard.
ask_and_hear() {
	echo "2 0x83 0x15a0000000000001 0x0001000012345678" \
		>"$bus/devices/ism1/event"
	grep -q "$1" "$scratch/monitor"
}

# The same words come back, as an answer: 2 instead of 1.
answers_test_link() {
	background "$scratch/monitor" dibs --json monitor
	within 20 ask_and_hear '"ism0".*"code":131.*"0x0002000012345678"'
	local status=$?

	kill $!
	cat "$scratch/monitor"
	return "$status"
}

# One of the two tells the other, which then need not say so, too.
have_told() {
	local gid='"code":128,"gid":"15a00000-0000-000'

	grep -qE "\"ism0\".*${gid}2|\"ism1\".*${gid}1" "$scratch/monitor"
}

ends_and_tells() {
	background "$scratch/monitor" dibs --json monitor
	local monitor=$! status=0

	within 20 listens "$monitor" && within 60 modprobe -r dibs_smc &&
		within 20 have_told || status=1
	kill "$monitor"
	cat "$scratch/monitor"
	modprobe dibs_smc && return "$status"
}

# Link groups go with an adapter, while peers are told of those of the other.
ends_as_adapters_go() {
	local round name status ending

	for round in 1 2 3 4 5; do
		echo "round $round"
		for name in ism0 ism1; do
			echo $((round * 3000)) >"$bus/devices/$name/delay_us"
		done
		within 60 modprobe -r dibs_smc &
		ending=$!
		echo "ism$((round % 2))" >"$bus/del_device"
		wait "$ending"
		status=$?
		modprobe dibs_smc && ((status == 0)) || return
		for name in ism0 ism1; do
			[[ ! -e $bus/devices/$name ]] ||
				echo 0 >"$bus/devices/$name/delay_us"
		done
		mended || return
	done
}

# Neither adapter answers any more, and nobody was told. All that used them goes.
ends_silently() {
	local name

	begin || return
	state ism0 silent
	state ism1 silent
	for name in red blue; do
		netns_del "$name"
	done
	namespaces=()
	kill -9 "$client" "$server"
	wait "$client" "$server"
	within 60 modprobe -r dibs_smc && within 60 modprobe -r ism_sim
}

[[ -x $integrity && -x $many ]] || bail_out "tests/integrity is not built"
ism_set_up
ok "red sees ism0 alone" sees_alone red ism0
ok "blue sees ism1 alone" sees_alone blue ism1
ok "a ring has 256 KiB unless somebody says more" default_ring
for ring in 16384 262144 1048576; do
	ok "rings of $((ring / 1024)) KiB: both adapters move all bytes right" \
		by_both "$ring"
done
[[ -z ${1-} ]] || { modprobe -r dibs_smc ism_sim; done_testing; }
ok "both ends have a link group, and the machine's own EID" \
	agree_on IBM-SYSZ-ISMSEID
ok "which is shown by its name" shows_seid True
ok "it is switched off" switch disable
ok "which is shown, too" shows_seid False
ok "then both ends have the default UEID" agree_anew_on DIBS-DEFAULT
dibs smc eid add OF-US.BOTH
ok "or one that an administrator added" agree_anew_on OF-US.BOTH
ok "it is switched on again" switch enable
ok "which is shown" shows_seid True
ok "then it comes before all UEIDs" agree_anew_on IBM-SYSZ-ISMSEID
dibs smc eid flush
ok "who asks whether a link group is there is answered" answers_test_link
ok "who sends an urgent byte at once waits until the peer is ready, no longer" \
	urgent_first
ok "a stranger that waits until its urgent byte is read is told" \
	stranger_is_told
ok "of another machine, a UEID" agree_on_ueid
ok "and works again" mended
ok "slow commands make connections slow, not worse" slow_commands
ok "merged interrupts lose nothing" merged_interrupts
ok "bytes flow, own adapter in error: reset" all_reset state ism0 error
ok "and works again" mended
ok "bytes flow, peer's adapter in error: reset" all_reset state ism1 error
ok "and works again" mended
ok "bytes flow, own adapter does not answer: reset" all_reset state ism0 silent
ok "and works again" mended
ok "bytes flow, peer's adapter does not answer: reset" \
	all_reset state ism1 silent
ok "and works again" mended
ok "bytes flow, peer's SMC-D says that it ends: reset" all_reset says_shutdown
ok "and works again" mended
ok "bytes flow, peer's adapter disabled: reset" all_reset state ism1 disabled
ok "and works again" mended
ok "bytes flow, an adapter is unplugged: reset" \
	all_reset eval "echo ism1 >$bus/unplug_device"
ok "and works again" mended
ok "bytes flow, an adapter is taken away: reset" \
	all_reset eval "echo ism0 >$bus/del_device"
ok "and works again" mended
ok "bytes flow, a device is disabled: reset" \
	all_reset dibs device disable ism1
dibs device enable ism1
ok "and works again" mended
for how in long short cmd zeros ones; do
	ok "REG_DMB is answered by nonsense: $how" disbelieved reg_dmb "$how"
	ok "and works again" mended
done
echo "reg_dmb 0x17 3" >"$bus/devices/ism1/fail_command"
ok "REG_DMB is refused: TCP carries" falls_back
ok "and works again" mended
ok "1888 DMBs are all there are" all_dmbs
ok "and who got none was told so" limit_is_told
ok "nothing is left" within 60 ism_has_no_dmbs
ok "SMC-D ends: the other system is told" ends_and_tells
ok "and works again" mended
ok "SMC-D ends while adapters go" ends_as_adapters_go
ok "adapters do not answer: processes, namespaces and modules go" ends_silently
done_testing
