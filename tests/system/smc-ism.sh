#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# SMC-D over two simulated ISM adapters, one per network namespace, and adapters
# that fail: connections end with the error that TCP would give, nobody hangs,
# and nonsense from an adapter is never believed.
#
#	red, ism0, 10.1.0.1 ----- veth ----- 10.1.0.2, ism1, blue
#
#   smc-ism.sh [MEGABYTES]	only whether they arrive, with rings of each size
#
# runs-on: 6.12
# soak: debug

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/ism.bash
. "$repo/tests/system/lib/ism.bash"

patience=60
megabytes=${1-10}
[[ -z ${DIBS_DEBUG-} ]] || patience=200 megabytes=${1-2}

sees_alone() {
	json_holds "[v['name'] for v in d if v['usable']] == ['$2']" \
		in_netns "$1" dibs --json device list
}

# transfer OPTION...: sends bytes from red to blue and back
transfer() {
	local options=(-a 10.1.0.2 -w "$patience" "$@")

	connections_serve blue "${options[@]}" || return
	in_netns red "$integrity" connect "${options[@]}" && wait "$server"
}

# carried COMMAND...: true if none of the connections of COMMAND falls back
carried() {
	local before after

	before=$(fallen)
	"$@" || return
	after=$(fallen)
	echo "fallen back: $before, $after"
	[[ $before == "$after" ]]
}

default_ring() {
	in_netns red sysctl -n net.smc.rmem | grep -qx 4194304 || return
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

# by_both RING: all bytes arrive unchanged, and both adapters moved them
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

# agree_on EID: do the link groups of both ends have an EID that begins so?
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

# netlink EXPRESSION: evaluates it with smc_netlink.py as "n", prints JSON
netlink() {
	PYTHONPATH=$lib python3 -B -c \
		"import json, smc_netlink as n; print(json.dumps($1))"
}

# shows_seid True|False: is the system EID shown, and whether it is enabled?
shows_seid() {
	local seid=IBM-SYSZ-ISMSEID0000000000018561

	json_holds "(d['system_eid'], d['system_eid_enabled']) ==
		('$seid', $1)" dibs --json smc info &&
		json_holds "d == [[['seid', '$seid']], '$seid', int($1)]" \
			netlink "[[i for i in n.dump('sys_info')[0].items()
				if i[0] == 'seid'],
				*n.dump('seid')[0].values()]"
}

# switch enable|disable: enables or disables the system EID
switch() {
	netlink "n.change('$1_seid')"
}

# agree_anew_on EID: like agree_on, with a new link group: one keeps its EID
agree_anew_on() {
	echo ism1 >"$bus/del_device"
	echo "ism1 15a0000000000002 0100" >"$bus/new_device"
	keep_to ism1 blue && agree_on "$1"
}

# With an adapter of another machine, which is removed afterwards.
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

# again NAME GID: adds an adapter again that was removed
again() {
	[[ -e $bus/devices/$1 ]] || echo "$1 $2 0100" >"$bus/new_device"
}

# Restores the initial state and checks that it works.
mended() {
	again ism0 15a0000000000001 && again ism1 15a0000000000002 &&
		state ism0 ok && state ism1 ok && ism_hand_out &&
		carried transfer -c 2 -b 100000
}

# True if the next connections fall back.
falls_back() {
	local before

	before=$(fallen)
	transfer -c 3 -b 100000 && [[ $(fallen) == $((before + 3)) ]]
}

# complaints MARK: counts complaints of the driver in the log after MARK
complaints() {
	dmesg | sed "1,/$1/d" |
		grep -c 'ism1: ISM adapter .*, removing its device'
}

# disbelieved COMMAND HOW: the adapter answers COMMAND, which the next
# connection needs, with nonsense: TCP carries the connection, the device goes,
# and the log says why, once.
disbelieved() {
	local mark="smc-ism: $1 $2"

	echo "$mark" >/dev/kmsg
	# Fail all three, or one is established and reset when the adapter goes.
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

# Servers of other implementations do not zero their DMBs, and look at nothing
# before they are signalled.
dirty_dmbs() {
	echo 3 >"$bus/devices/ism1/dirty_dmbs"
	carried transfer -c 3 -b 100000 &&
		[[ $(<"$bus/devices/ism1/dirty_dmbs") == 0 ]]
}

merged_interrupts() {
	echo 20000 >"$bus/devices/ism1/irq_delay_us"
	carried transfer -c 5 -b 100000 -u
	local status=$?

	echo 0 >"$bus/devices/ism1/irq_delay_us"
	return "$status"
}

# dmbs_of NETNS COUNT: 1000 connections within NETNS have COUNT DMBs of ism0.
# Each uses two.
dmbs_of() {
	ip -n "$1" link set lo up
	in_netns "$1" sysctl -qw net.smc.rmem=16384
	connections_hold "$1" 1000 || return
	in_netns "$1" dibs --json smc fallbacks | tee "$scratch/fallbacks"
	cat "$bus/devices/ism0/dmbs"
	[[ $(<"$bus/devices/ism0/dmbs") == "$2" ]]
	local status=$?

	connections_end
	return "$status"
}

# This namespace owns both adapters.
all_dmbs() {
	ip netns attach owner $$ && dibs device disable ism1 &&
		dmbs_of owner 1888
	local status=$?

	ip netns delete owner
	dibs device enable ism1
	return "$status"
}

limit_is_told() {
	json_holds "any(r['reason'] == '030d0000' for r in d)" \
		cat "$scratch/fallbacks"
}

# urgent_first: keeps servers from finishing the handshake until clients have
# sent an urgent byte. A client waits for the handshake, not for a reader.
# Within red.
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

# An end of another implementation that marks an urgent byte after everything
# was read waits to be told so. The adapter makes both ends look like that.
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

# What a peer of another implementation gets with an urgent byte: it looks at the
# flag "present" only when the producer moves, and not at all beside "pending".
# Then its program takes that byte, and more can be sent.
stranger_gets_mark() {
	in_netns red python3 - "$bus/devices/ism0/move" <<'END'
import json, socket, subprocess, sys

def new():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 256)

def dibs(*command):
    return json.loads(subprocess.check_output(['dibs', '--json', *command]))

listener = new()
listener.bind(('127.0.0.1', 0))
listener.listen()
client = new()
client.connect(listener.getsockname())
server = listener.accept()[0]
for dmb in dibs('dmb', 'list'):     # the origin
    with open(sys.argv[1], 'w') as file:
        file.write(f'{int(dmb["token"], 16) >> 32:08x}00000004 00000000')
client.send(b'ab', socket.MSG_OOB)
name = '%s:%d' % client.getsockname()
flags, = (row['sent_flags'] for row in dibs('smc', 'show')
          if row['local'] == name)
server.settimeout(20)
client.settimeout(20)
got = server.recv(9),
# With a timeout, Python would wait for bytes that are not urgent.
server.settimeout(None)
got += server.recv(1, socket.MSG_OOB),
# Reads pass the urgent byte, which tells the client that it was taken.
server.settimeout(0)
try:
    got += server.recv(9),
except BlockingIOError:
    pass
server.settimeout(20)
client.send(b'c')
got += server.recv(9),
print(flags, got)
sys.exit((flags, got) != ('20:00', (b'a', b'b', b'c')))
END
}

# ism0 tells blue that SMC-D in red ends.
says_shutdown() {
	echo "2 0x80 0x15a0000000000001 0" >"$bus/devices/ism1/event"
}

# ism0 asks blue whether a link group exists, and checks that blue answered.
ask_and_hear() {
	echo "2 0x83 0x15a0000000000001 0x0001000012345678" \
		>"$bus/devices/ism1/event"
	grep -q "$1" "$scratch/monitor"
}

# The same word comes back as an answer: 2 instead of 1.
answers_test_link() {
	background "$scratch/monitor" dibs --json monitor
	within 20 ask_and_hear '"ism0".*"code":131.*"0x0002000012345678"'
	local status=$?

	kill $!
	cat "$scratch/monitor"
	return "$status"
}

# One of the two tells the other, which then need not tell the first.
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

# Link groups go with an adapter while peers are told about those of the other.
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

# Neither adapter answers any more, without a word. Everything that uses them
# goes.
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
ok "a ring has 256 KiB unless net.smc.rmem is set" default_ring
for ring in 16384 262144 1048576; do
	ok "rings of $((ring / 1024)) KiB: both adapters move all bytes right" \
		by_both "$ring"
done
[[ -z ${1-} ]] || { modprobe -r dibs_smc ism_sim; done_testing; }
ok "both ends have a link group with the system EID" \
	agree_on IBM-SYSZ-ISMSEID
ok "the system EID is shown as enabled" shows_seid True
ok "the system EID is disabled" switch disable
ok "the system EID is shown as disabled" shows_seid False
ok "both ends use the default UEID if the system EID is disabled" \
	agree_anew_on DIBS-DEFAULT
dibs smc eid add OF-US.BOTH
ok "both ends use a UEID that an administrator added" agree_anew_on OF-US.BOTH
ok "the system EID is enabled again" switch enable
ok "the system EID is shown as enabled again" shows_seid True
ok "the system EID comes before all UEIDs" agree_anew_on IBM-SYSZ-ISMSEID
dibs smc eid flush
ok "a request whether a link group exists is answered" answers_test_link
ok "a client that sends an urgent byte at once waits for the handshake only" \
	urgent_first
ok "an end of another implementation is told that its urgent byte was read" \
	stranger_is_told
ok "an urgent byte and its mark reach another implementation together" \
	stranger_gets_mark
ok "ends on two machines use a UEID" agree_on_ueid
ok "SMC-D works again after an adapter of another machine" mended
ok "DMBs that servers did not zero carry connections" dirty_dmbs
ok "slow commands make connections slow, not worse" slow_commands
ok "merged interrupts lose nothing" merged_interrupts
ok "connections are reset if their own adapter is in error" \
	all_reset state ism0 error
ok "SMC-D works again after its own adapter was in error" mended
ok "connections are reset if the peer's adapter is in error" \
	all_reset state ism1 error
ok "SMC-D works again after the peer's adapter was in error" mended
ok "connections are reset if their own adapter does not answer" \
	all_reset state ism0 silent
ok "SMC-D works again after its own adapter did not answer" mended
ok "connections are reset if the peer's adapter does not answer" \
	all_reset state ism1 silent
ok "SMC-D works again after the peer's adapter did not answer" mended
ok "connections are reset if the peer's SMC-D says that it ends" \
	all_reset says_shutdown
ok "SMC-D works again after the peer's SMC-D said that it ends" mended
ok "connections are reset if the peer's adapter is disabled" \
	all_reset state ism1 disabled
ok "SMC-D works again after the peer's adapter was disabled" mended
ok "connections are reset if an adapter is unplugged" \
	all_reset eval "echo ism1 >$bus/unplug_device"
ok "SMC-D works again after an adapter was unplugged" mended
ok "connections are reset if an adapter is removed" \
	all_reset eval "echo ism0 >$bus/del_device"
ok "SMC-D works again after an adapter was removed" mended
ok "connections are reset if a device is disabled" \
	all_reset dibs device disable ism1
dibs device enable ism1
ok "SMC-D works again after a device was disabled" mended
for how in long short cmd zeros ones; do
	ok "a nonsensical answer to REG_DMB ends the adapter ($how)" \
		disbelieved reg_dmb "$how"
	ok "SMC-D works again after a nonsensical answer ($how)" mended
done
echo "reg_dmb 0x17 3" >"$bus/devices/ism1/fail_command"
ok "TCP carries connections if REG_DMB is refused" falls_back
ok "SMC-D works again after REG_DMB was refused" mended
ok "a namespace leaves DMBs of an adapter to others" dmbs_of red 708
ok "connections beyond a namespace's part fall back for that reason" \
	limit_is_told
ok "connections of the owner can use all 1888 DMBs of an adapter" all_dmbs
ok "connections beyond 1888 DMBs fall back for that reason" limit_is_told
ok "no DMB is left when all connections are closed" within 60 ism_has_no_dmbs
ok "the other system is told that SMC-D ends" ends_and_tells
ok "SMC-D works again after it ended" mended
ok "SMC-D can end while adapters go" ends_as_adapters_go
ok "processes, namespaces and modules can go if adapters do not answer" \
	ends_silently
done_testing
