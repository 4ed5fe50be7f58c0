#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does the simulated firmware (simulators/ism) refuse what its README says it
# refuses? Root issues commands and moves directly, besides the driver, which
# would never issue these. For any POSIX shell: big-endian guests have no bash.
#
#	fw0, fw1	on one fabric
#	fw2		on another fabric, with the GID of fw1
#	fw3		like fw0, but of version 1
#
# runs-on: 6.12 s390x (byte order)
# cpus: 1

bus=/sys/bus/ism_sim
count=0
failed=0

result() {
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $count - $1"
	else
		echo "# is $2, wanted $3"
		echo "not ok $count - $1"
		failed=1
	fi
}

# hex DIGITS NUMBER: prints NUMBER with that many digits
hex() {
	printf "%0$1x" "$2"
}

# request CMD LEN BODY: LEN is what the header says
request() {
	printf '%08x0000%04x%s' "$1" "$2" "$3"
}

# command_raw ADAPTER REQUEST: REQUEST in hexadecimal; sets $answer and $code
command_raw() {
	echo "$2" >"$bus/devices/$1/command" || return
	answer=$(cat "$bus/devices/$1/command")
	code=$(echo "$answer" | cut -c9-12)
}

# gives STATEMENT CODE ADAPTER CMD [BODY]
gives() {
	body=${5:-}
	command_raw "$3" "$(request "$4" $((8 + ${#body} / 2)) "$body")"
	result "$1" "$code" "$2"
}

refusals() {
	sed -n "s/^$2 //p" "$bus/devices/$1/stats/refusals"
}

# moves STATEMENT REASON ADAPTER ADDRESS DATA: REASON "" means success
moves() {
	before=$(refusals "$3" "${2:-bad_move}")
	if echo "$4 $5" 2>/dev/null >"$bus/devices/$3/move"; then
		moved=yes
	else
		moved=no
	fi
	after=$(refusals "$3" "${2:-bad_move}")
	if [ -z "$2" ]; then
		result "$1" "$moved $((after - before))" "yes 0"
	else
		result "$1" "$moved $((after - before))" "no 1"
	fi
}

# field FROM TO: prints bytes FROM to TO of the answer, in hexadecimal
field() {
	echo "$answer" | cut -c$((2 * $1 + 1))-$((2 * $2))
}

said() {
	dmesg | grep -c ' ism_sim: '
}

# made STATUS LINE: does adding the adapter LINE have that status? Each refusal
# prints a line to the log.
made() {
	before=$(said)
	if echo "$2" 2>/dev/null >$bus/new_device; then
		status=made
	else
		status="refused $(($(said) - before))"
	fi
	result "adding the adapter \"$2\" is ${1% *}" "$status" "$1"
}

# fabric STATUS new|del CHID: the same for fabrics
fabric() {
	before=$(said)
	if echo "$3" 2>/dev/null >"$bus/$2_fabric"; then
		status=made
	else
		status="refused $(($(said) - before))"
	fi
	result "writing $3 to $2_fabric is ${1% *}" "$status" "$1"
}

gid0=15a00000000000f0
gid1=15a00000000000f1
gid3=15a00000000000f3

modprobe ism_sim none=1 max_adapters=4 || {
	echo "Bail out! no module ism_sim"
	exit 1
}

# --- the driver's instructions ------------------------------------------------

# PCISTG of the kernel, which is not known to work with these functions.
module=$(find "/lib/modules/$(uname -r)/" -follow -name ism.ko | head -n 1)
result "the driver does not store by PCISTG" \
	"$(grep -acw __zpci_store "$module")" 0

# --- adapters -----------------------------------------------------------------

made "refused 1" "fw0 $gid0"
made "refused 1" "fw0 0 0100"
made "refused 1" "fw0 $gid0 ff00"
made "refused 1" "Fw0 $gid0 0100"
made "refused 1" "fw0fw0fw0fw0fw00 $gid0 0100"
made "refused 1" "fw0 $gid0 0100 SHORT"
made made "fw0 $gid0 0100"
made "refused 1" "fw0 $gid1 0100"
made "refused 1" "fw1 $gid0 0100"
made made "fw1 $gid1 0100"
made "refused 1" "fw2 $gid1 0200"
result "fabric 0100 exists" "$(cat $bus/fabrics)" 0100
fabric made new 0200
made made "fw2 $gid1 0200"
fabric "refused 1" new 0200
fabric "refused 1" new ff00
fabric "refused 1" new 10000
fabric made new feff
fabric "refused 1" del 0300
fabric "refused 1" del ff00
fabric "refused 1" del 0200
result "there are three fabrics" "$(xargs <$bus/fabrics)" "0100 0200 feff"
fabric made del feff
made "refused 1" "fw3 $gid3 feff"
made made "fw3 $gid3 0100 -"
made "refused 1" "fw4 15a00000000000f4 0100"

# --- any command --------------------------------------------------------------

gives "READ_GID is answered" 0000 fw0 3
result "READ_GID's answer has the GID" "$(field 8 16)" $gid0
result "READ_GID's answer has the length of a GID" "$(field 6 8)" 0010
for cmd in 0 12 13 15 16 19 4294967295; do
	gives "command $cmd is unknown" 0001 fw0 $cmd
done
result "the answer to an unknown command has no body" "$(field 6 8)" 0008
for cmd in 3 6 7 8 17 18; do
	gives "command $cmd is refused with a body" 0002 fw0 $cmd \
		0000000000000000
done
for cmd in 1 2 4 5 9 10 11 14; do
	gives "command $cmd is refused without its body" 0002 fw0 $cmd
done
command_raw fw0 "$(request 4 16 '')"
result "a request without the body that it announces is refused" "$code" 0002
command_raw fw0 "$(request 3 8 0000000000000000)"
result "a request with a body that it does not announce is refused" "$code" 0002
command_raw fw0 0000000300010008
result "a header whose second field is not 0 is refused" "$code" 0003

# loads HOW OFFSET: HOW is "taken" or "refused"
loads() {
	before=$(refusals fw0 bad_access) dead=$(refusals fw0 dead)
	if ! echo "$2" >"$bus/devices/fw0/load" ||
		[ "$(refusals fw0 dead)" != "$dead" ]; then
		is=impossible
	elif [ "$(refusals fw0 bad_access)" = "$before" ]; then
		is=taken
	else
		is=refused
	fi
	result "a load at $2 of 256 is $1" $is "$1"
}

loads taken 0
loads taken 248
loads refused 4
loads refused 252
loads refused 256
loads refused 4294967288

# stores HOW OFFSET DATA: HOW is "taken" or "refused"; what is refused is not
# executed
stores() {
	before=$(refusals fw0 bad_access) dead=$(refusals fw0 dead)
	if ! echo "$2 $3" >"$bus/devices/fw0/store" ||
		[ "$(refusals fw0 dead)" != "$dead" ]; then
		is=impossible
	elif [ "$(refusals fw0 bad_access)" = "$before" ]; then
		is=taken
	else
		is=refused
	fi
	result "a store of $((${#3} / 2)) bytes at 0x$2 of 256 is $1" $is "$1"
}

# executed COMMAND: prints how often COMMAND was executed
executed() {
	sed -n "s/^$1 //p" $bus/devices/fw0/stats/commands
}

eight=0102030405060708
asked=$(executed read_gid)
stores taken 0 0000000300000008
result "a store at 0 executes the command" "$(executed read_gid)" $((asked + 1))
stores taken 8 $eight
stores taken f8 $eight
stores taken f0 $eight$eight
asked=$(executed read_gid)
stores refused 0 000000030000
stores refused 4 $eight
stores refused 8 01020304
stores refused 8 ${eight}01020304
stores refused f8 $eight$eight
stores refused 100 $eight
stores refused fffffff8 $eight
result "refused stores execute nothing" "$(executed read_gid)" "$asked"
gives "refused stores leave nothing in the driver's next command" 0000 fw0 3

# --- QUERY_INFO ---------------------------------------------------------------

gives "QUERY_INFO is answered" 0000 fw0 8
result "QUERY_INFO has the version" "$(field 8 12)" 00000002
result "QUERY_INFO has the largest length of a DMB" "$(field 12 16)" 00100000
result "QUERY_INFO has the state" "$(field 16 24)" 0102030405060708
result "QUERY_INFO has the GID" "$(field 24 32)" $gid0
result "QUERY_INFO has the event queue's length" "$(field 48 52)" 00000200
result "QUERY_INFO has 0 in an unknown field" "$(field 52 56)" 00000000
result "QUERY_INFO counts no DMBs" "$(field 56 64)" 0000000000000000
result "QUERY_INFO says that VLANs are not required" "$(field 64 68)" 00000000
result "QUERY_INFO lists the VLAN of version 2" "$(field 68 74)" 000000011fff
sba=$(field 32 40)
ieq=$(field 40 48)
gives "QUERY_INFO is answered by version 1" 0000 fw3 8
result "QUERY_INFO of version 1 has that version" "$(field 8 12)" 00000001
sba3=$(field 32 40)
ieq3=$(field 40 48)

# --- VLANs --------------------------------------------------------------------

for vlan in 0 4095 4096 8190 8192; do
	gives "$vlan is not a VLAN" 000a fw0 4 "$(hex 16 $vlan)"
done
gives "fw1, which has a driver, can be reached in VLAN 0x1fff" 0000 fw0 9 \
	${gid1}0000000100001fff
gives "VLAN 0x1fff can be left" 0000 fw0 5 0000000000001fff
gives "VLAN 0x1fff can be joined" 0000 fw0 4 0000000000001fff
gives "0x1fff is not a VLAN in version 1" 000a fw3 4 0000000000001fff
gives "VLAN 7 can be joined" 0000 fw0 4 0000000000000007
gives "VLAN 7 cannot be joined twice" 000b fw0 4 0000000000000007
gives "a VLAN that was not joined cannot be left" 000c fw0 5 0000000000000008
gives "fw1 is not in VLAN 7" 000e fw0 9 ${gid1}0000000100000007
gives "fw1 joins VLAN 7" 0000 fw1 4 0000000000000007
gives "fw1 is in VLAN 7" 0000 fw0 9 ${gid1}0000000100000007
gives "a query of a peer with a VLAN flag of 2 is refused" 0003 fw0 9 \
	${gid1}0000000200000007
gives "fw1 requires VLANs" 0000 fw1 6
gives "QUERY_INFO is answered by fw1, which requires VLANs" 0000 fw1 8
result "QUERY_INFO says that VLANs are required" "$(field 64 68)" 00000001
result "QUERY_INFO counts two VLANs" "$(field 68 72)" 00000002
gives "fw1 cannot be reached without a VLAN" 000e fw0 9 \
	${gid1}0000000000000000
gives "fw1 no longer requires VLANs" 0000 fw1 7
gives "QUERY_INFO is answered by fw1, which no longer requires VLANs" \
	0000 fw1 8
result "QUERY_INFO says that VLANs are no longer required" \
	"$(field 64 68)" 00000000
gives "fw1 can be reached without a VLAN" 0000 fw0 9 ${gid1}0000000000000000
vlan=100
while [ $vlan -lt 162 ]; do
	command_raw fw0 "$(request 4 16 "$(hex 16 $vlan)")"
	vlan=$((vlan + 1))
done
result "the last of 64 VLANs can be joined" "$code" 0000
gives "a VLAN beyond 64 cannot be joined" 000d fw0 4 "$(hex 16 $vlan)"
gives "QUERY_INFO is answered with all VLANs" 0000 fw0 8
result "QUERY_INFO counts 64 VLANs" "$(field 68 72)" 00000040
result "QUERY_INFO lists VLANs in the order they were joined" \
	"$(field 72 76)$(field 198 200)" 000700641fff

# --- peers --------------------------------------------------------------------

gives "an adapter reaches itself" 0000 fw0 9 ${gid0}0000000000000000
gives "an adapter does not reach a GID that does not exist" 000f fw0 9 \
	15a00000000000ff0000000000000000
gives "an adapter does not reach a GID of another fabric" 000f fw2 9 \
	${gid0}0000000000000000
gives "an event reaches its peer" 0000 fw0 14 \
	${gid1}00000001000000170000000000000001
gives "an event with a flag of 2 is refused" 0003 fw0 14 \
	${gid1}00000002000000170000000000000001
gives "an event for a GID that does not exist is refused" 000f fw0 14 \
	15a00000000000ff00000001000000170000000000000001
gives "an event queue can be unregistered" 0000 fw3 18
gives "an event queue cannot be unregistered twice" 0009 fw3 18
gives "an adapter without an event queue gets no event" 0010 fw0 14 \
	${gid3}00000001000000170000000000000001

# --- areas --------------------------------------------------------------------

gives "a second SBA cannot be registered" 0005 fw0 1 "$sba"
gives "a second event queue cannot be registered" 0008 fw0 2 \
	"${ieq}0000000000000200"
gives "an event queue of another length is refused" 0003 fw3 2 \
	"${ieq}0000000000000208"
gives "an event queue in the middle of a page is refused" 0004 fw3 2 \
	"$(hex 16 $((0x$ieq + 8)))0000000000000200"
gives "an event queue at an address without memory is refused" 0004 fw3 2 \
	0ffffffffffff0000000000000000200
gives "an SBA can be unregistered" 0000 fw3 17
gives "an SBA cannot be unregistered twice" 0006 fw3 17
gives "an SBA in the middle of a page is refused" 0004 fw3 1 \
	"$(hex 16 $((0x$sba + 8)))"
gives "an SBA at an address without memory is refused" 0004 fw3 1 \
	0ffffffffffff000

# --- DMBs ---------------------------------------------------------------------

# dmb ADDRESS LEN INDEX [VLAN RGID]: prints a body; the default RGID is that of
# fw1
dmb() {
	printf '%016x%08x%08x%s%s' "$1" "$2" "$3" "${4:-0000000000000000}" \
		"${5:-$gid1}"
}

# The driver's event queue has a page of its own and uses an eighth of it.
page=0x$ieq
gives "a DMB without an SBA is refused" 0006 fw3 10 "$(dmb "$page" 4096 40)"
gives "an SBA can be registered again" 0000 fw3 1 "$sba3"
gives "an event queue can be registered again" 0000 fw3 2 \
	"${ieq3}0000000000000200"
gives "a DMB of 0 bytes is refused" 0011 fw0 10 "$(dmb "$page" 0 40)"
gives "a DMB of 1 MiB and 1 byte is refused" 0011 fw0 10 \
	"$(dmb $((page & ~0xfffff)) 1048577 40)"
gives "a DMB across a boundary of 1 MiB is refused" 0012 fw0 10 \
	"$(dmb $(((page & ~0xfffff) + 0xff000)) 8192 40)"
gives "a DMB in the middle of a page is refused" 0004 fw0 10 \
	"$(dmb $((page + 512)) 512 40)"
gives "a DMB at an address without memory is refused" 0004 fw0 10 \
	"$(dmb 0x0ffffffffff00000 4096 40)"
gives "a DMB with index 31 is refused" 0013 fw0 10 "$(dmb "$page" 4096 31)"
gives "a DMB with index 1920 is refused" 0013 fw0 10 \
	"$(dmb "$page" 4096 1920)"
gives "a DMB for a GID that does not exist is refused" 000f fw0 10 \
	"$(dmb "$page" 4096 40 0000000000000000 15a00000000000ff)"
gives "a DMB in a VLAN that the peer is not in is refused" 000e fw0 10 \
	"$(dmb "$page" 4096 40 0000000100000064)"
gives "a DMB with a VLAN flag of 2 is refused" 0003 fw0 10 \
	"$(dmb "$page" 4096 40 0000000200000064)"
gives "a DMB can be registered" 0000 fw0 10 "$(dmb "$page" 4096 1919)"
token=$(field 8 16)
result "a token is in the upper half of its field" \
	"$(echo "$token" | cut -c9-16)" 00000000
gives "a DMB with an index in use is refused" 0014 fw0 10 \
	"$(dmb "$page" 4096 1919)"
gives "the SBA cannot be unregistered while there are DMBs" 0007 fw0 17
gives "a DMB in a VLAN of both can be registered" 0000 fw0 10 \
	"$(dmb "$page" 4096 40 0000000100000007)"
vlan_token=$(field 8 16)
gives "QUERY_INFO is answered by the owner of DMBs" 0000 fw0 8
result "QUERY_INFO counts two DMBs owned and none written to" \
	"$(field 56 64)" 0000000200000000
gives "a DMB of another adapter cannot be unregistered" 0016 fw1 11 "$token"
gives "a DMB of another fabric cannot be unregistered" 0015 fw2 11 "$token"
gives "a DMB that does not exist cannot be unregistered" 0015 fw0 11 \
	"$(hex 8 $((0x${token%????????} ^ 1)))00000000"

# --- moves --------------------------------------------------------------------

# at OFFSET [TOKEN]: prints an address; the event queue is below 0x200
at() {
	echo "$(echo "${2:-$token}" | cut -c1-8)$(hex 8 $(($1)))"
}

moves "eight bytes can be moved" "" fw1 "$(at 0x200)" $eight
moves "sixteen bytes can be moved" "" fw1 "$(at 0x208)" $eight$eight
moves "one byte can be moved" "" fw1 "$(at 0xfff)" 01
moves "two bytes can be moved" "" fw1 "$(at 0xffe)" 0102
moves "four bytes can be moved" "" fw1 "$(at 0xffc)" 01020304
moves "a move of three bytes is refused" bad_move fw1 "$(at 0x200)" 010203
moves "a move of twelve bytes is refused" bad_move fw1 "$(at 0x200)" \
	010203040506070801020304
moves "a move of eight bytes to a multiple of 4 is refused" bad_move fw1 \
	"$(at 0x204)" $eight
moves "a move of two bytes to an odd offset is refused" bad_move fw1 \
	"$(at 0x201)" 0102
moves "a move across a boundary of 4 KiB is refused" bad_move fw1 \
	"$(at 0xff8)" $eight$eight
moves "a move beyond the end of the DMB is refused" outside fw1 \
	"$(at 0x1000)" $eight
moves "a move with reserved bits set is refused" bad_move fw1 \
	"$(at 0x10000200)" $eight
moves "a move by an adapter that is not the peer is refused" not_dedicated fw3 \
	"$(at 0x200)" $eight
moves "a move by the owner is refused" not_dedicated fw0 "$(at 0x200)" $eight
moves "a move from another fabric is refused" unknown_token fw2 \
	"$(at 0x200)" $eight
moves "a move without a token is refused" unknown_token fw1 \
	0000000000000200 $eight
moves "a move can have a signal" "" fw1 "$(at 0x0f800200)" $eight
result "a signal is counted" "$(cat $bus/devices/fw1/stats/signals)" 1
moves "bytes can be moved in a VLAN" "" fw1 "$(at 0x200 "$vlan_token")" $eight
gives "QUERY_INFO is answered by an adapter that moves" 0000 fw1 8
result "QUERY_INFO counts two DMBs written to" \
	"$(field 56 64)" 0000000000000002
gives "fw1 leaves VLAN 7" 0000 fw1 5 0000000000000007
moves "a move in a VLAN that was left is refused" vlan_mismatch fw1 \
	"$(at 0x200 "$vlan_token")" $eight
echo 1 >$bus/devices/fw1/fail_moves
moves "a move fails if fail_moves says so" injected fw1 "$(at 0x200)" $eight
moves "the move after an injected failure succeeds" "" fw1 \
	"$(at 0x200)" $eight

# --- removal ------------------------------------------------------------------

gives "a DMB can be unregistered" 0000 fw0 11 "$token"
gives "a DMB cannot be unregistered twice" 0015 fw0 11 "$token"
moves "a move into an unregistered DMB is refused" unknown_token fw1 \
	"$(at 0x200)" $eight
echo error >$bus/devices/fw0/state
moves "a move into a DMB of an adapter in error state is refused" \
	unknown_token fw1 "$(at 0x200 "$vlan_token")" $eight
moves "a move by an adapter in error state is refused" dead fw0 \
	"$(at 0x200)" $eight
gives "an adapter in error state cannot be reached" 000f fw1 9 \
	${gid0}0000000000000000
echo ok >$bus/devices/fw0/state
gives "an adapter that recovered can be reached" 0000 fw1 9 \
	${gid0}0000000000000000
gives "QUERY_INFO is answered by an adapter that recovered" 0000 fw0 8
result "an adapter that recovered has lost its DMBs and other VLANs" \
	"$(field 56 72)" 00000000000000000000000000000001
echo fw1 >$bus/unplug_device
gives "an adapter that was unplugged cannot be reached" 000f fw0 9 \
	${gid1}0000000000000000
echo fw2 >$bus/del_device
fabric made del 0200
modprobe -r ism_sim
result "the module can be unloaded with its adapters" \
	"$(ls -d $bus 2>/dev/null)" ""
echo "1..$count"
exit $failed
