#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does the simulated firmware (simulators/ism) refuse what its README says it
# does? Commands and moves are given to it as root, beside the driver, which
# would never say them. For any POSIX shell: no bash where big-endian guests are.
#
#	fw0, fw1	on one fabric
#	fw2		on another, with the GID of fw1
#	fw3		as fw0, but of version 1
#
# runs-on: 6.12 s390x

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

# hex DIGITS NUMBER: of so many digits
hex() {
	printf "%0$1x" "$2"
}

# request CMD LEN BODY: with any length in its header
request() {
	printf '%08x0000%04x%s' "$1" "$2" "$3"
}

# command ADAPTER CMD BODY: BODY in hexadecimal; the answer is in $answer
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

# moves STATEMENT REASON ADAPTER ADDRESS DATA: REASON "" is that it succeeds
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

# field FROM TO: hexadecimal digits of the answer, in bytes
field() {
	echo "$answer" | cut -c$((2 * $1 + 1))-$((2 * $2))
}

said() {
	dmesg | grep -c ' ism_sim: '
}

# made STATUS LINE: is that the status of asking for such an adapter? Whatever is
# refused is refused with a line in the log.
made() {
	before=$(said)
	if echo "$2" 2>/dev/null >$bus/new_device; then
		status=made
	else
		status="refused $(($(said) - before))"
	fi
	result "an adapter like \"$2\" is ${1% *}" "$status" "$1"
}

# fabric STATUS new|del CHID: likewise
fabric() {
	before=$(said)
	if echo "$3" 2>/dev/null >"$bus/$2_fabric"; then
		status=made
	else
		status="refused $(($(said) - before))"
	fi
	result "$2_fabric $3 is ${1% *}" "$status" "$1"
}

gid0=15a00000000000f0
gid1=15a00000000000f1
gid3=15a00000000000f3

modprobe ism_sim none=1 max_adapters=4 || {
	echo "Bail out! no module ism_sim"
	exit 1
}

# --- adapters --------------------------------------------------------------------

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
result "fabric 0100 is there" "$(cat $bus/fabrics)" 0100
fabric made new 0200
made made "fw2 $gid1 0200"
fabric "refused 1" new 0200
fabric "refused 1" new ff00
fabric "refused 1" new 10000
fabric made new feff
fabric "refused 1" del 0300
fabric "refused 1" del ff00
fabric "refused 1" del 0200
result "there are three" "$(xargs <$bus/fabrics)" "0100 0200 feff"
fabric made del feff
made "refused 1" "fw3 $gid3 feff"
made made "fw3 $gid3 0100 -"
made "refused 1" "fw4 15a00000000000f4 0100"

# --- any command --------------------------------------------------------------------

gives "READ_GID is answered" 0000 fw0 3
result "with the GID" "$(field 8 16)" $gid0
result "and the length of that" "$(field 6 8)" 0010
for cmd in 0 12 13 15 16 19 4294967295; do
	gives "command $cmd is unknown" 0001 fw0 $cmd
done
result "and has no body" "$(field 6 8)" 0008
for cmd in 3 6 7 8 17 18; do
	gives "command $cmd is refused with a body" 0002 fw0 $cmd \
		0000000000000000
done
for cmd in 1 2 4 5 9 10 11 14; do
	gives "command $cmd is refused without its body" 0002 fw0 $cmd
done
command_raw fw0 "$(request 4 16 '')"
result "a body that was not stored is missed" "$code" 0002
command_raw fw0 "$(request 3 8 0000000000000000)"
result "a body that is not announced is too much" "$code" 0002
command_raw fw0 0000000300010008
result "a header's second field has to be 0" "$code" 0003

# loads HOW OFFSET: is a load from there taken, or refused?
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

# stores HOW OFFSET DATA: is a store there taken, or refused? DATA is not executed
# where it is refused.
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
	result "a store of $((${#3} / 2)) at 0x$2 of 256 is $1" $is "$1"
}

# executed COMMAND: how often was it?
executed() {
	sed -n "s/^$1 //p" $bus/devices/fw0/stats/commands
}

eight=0102030405060708
asked=$(executed read_gid)
stores taken 0 0000000300000008
result "one at 0 executes" "$(executed read_gid)" $((asked + 1))
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
result "what is refused is not executed" "$(executed read_gid)" "$asked"
gives "nothing of that is in the driver's next command" 0000 fw0 3

# --- what it knows ----------------------------------------------------------------------

gives "QUERY_INFO is answered" 0000 fw0 8
result "with its version" "$(field 8 12)" 00000002
result "the length of a DMB" "$(field 12 16)" 00100000
result "its state" "$(field 16 24)" 0102030405060708
result "the GID" "$(field 24 32)" $gid0
result "the event queue's length" "$(field 48 52)" 00000200
result "nothing where nothing is known of" "$(field 52 56)" 00000000
result "no DMBs" "$(field 56 64)" 0000000000000000
result "VLANs that are not required" "$(field 64 68)" 00000000
result "and none" "$(field 68 72)" 00000000
sba=$(field 32 40)
ieq=$(field 40 48)
gives "so is that of version 1" 0000 fw3 8
result "which says so" "$(field 8 12)" 00000001
sba3=$(field 32 40)
ieq3=$(field 40 48)

# --- VLANs ---------------------------------------------------------------------------------

for vlan in 0 4095 4096 8190 8192; do
	gives "VLAN $vlan is none" 000a fw0 4 "$(hex 16 $vlan)"
done
gives "VLAN 0x1fff is one" 0000 fw0 4 0000000000001fff
gives "and can be left" 0000 fw0 5 0000000000001fff
gives "but is none in version 1" 000a fw3 4 0000000000001fff
gives "VLAN 7 is joined" 0000 fw0 4 0000000000000007
gives "but once" 000b fw0 4 0000000000000007
gives "VLAN 8 was not" 000c fw0 5 0000000000000008
gives "fw1 is not in VLAN 7" 000e fw0 9 ${gid1}0000000100000007
gives "fw1 joins" 0000 fw1 4 0000000000000007
gives "fw1 is in VLAN 7" 0000 fw0 9 ${gid1}0000000100000007
gives "a flag is 0 or 1" 0003 fw0 9 ${gid1}0000000200000007
gives "VLANs are required" 0000 fw1 6
gives "QUERY_INFO of fw1" 0000 fw1 8
result "says that" "$(field 64 68)" 00000001
result "and one VLAN" "$(field 68 72)" 00000001
gives "without one, fw1 is not reached" 000e fw0 9 ${gid1}0000000000000000
gives "VLANs are not required any more" 0000 fw1 7
gives "QUERY_INFO of fw1" 0000 fw1 8
result "says that, too" "$(field 64 68)" 00000000
gives "without one, fw1 is reached" 0000 fw0 9 ${gid1}0000000000000000
vlan=100
while [ $vlan -lt 163 ]; do
	command_raw fw0 "$(request 4 16 "$(hex 16 $vlan)")"
	vlan=$((vlan + 1))
done
result "VLAN 64 of 64 is joined" "$code" 0000
gives "and no other" 000d fw0 4 "$(hex 16 $vlan)"
gives "QUERY_INFO says so" 0000 fw0 8
result "64" "$(field 68 72)" 00000040
result "in order" "$(field 72 76)$(field 198 200)" 0007006400a2

# --- peers ------------------------------------------------------------------------------------

gives "it reaches itself" 0000 fw0 9 ${gid0}0000000000000000
gives "no GID that is not there" 000f fw0 9 15a00000000000ff0000000000000000
gives "none of another fabric" 000f fw2 9 ${gid0}0000000000000000
gives "an event reaches it" 0000 fw0 14 ${gid1}00000001000000170000000000000001
gives "its flag is 0 or 1" 0003 fw0 14 ${gid1}00000002000000170000000000000001
gives "none reaches nobody" 000f fw0 14 \
	15a00000000000ff00000001000000170000000000000001
gives "fw3 loses its event queue" 0000 fw3 18
gives "but once" 0009 fw3 18
gives "and is deaf" 0010 fw0 14 ${gid3}00000001000000170000000000000001

# --- areas ------------------------------------------------------------------------------------

gives "an SBA can be registered once" 0005 fw0 1 "$sba"
gives "so can an event queue" 0008 fw0 2 "${ieq}0000000000000200"
gives "fw3 has no event queue of another length" 0003 fw3 2 \
	"${ieq}0000000000000208"
gives "nor in the middle of a page" 0004 fw3 2 \
	"$(hex 16 $((0x$ieq + 8)))0000000000000200"
gives "nor where no memory is" 0004 fw3 2 0ffffffffffff0000000000000000200
gives "fw3 loses its SBA" 0000 fw3 17
gives "but once" 0006 fw3 17
gives "fw3 has none in the middle of a page" 0004 fw3 1 \
	"$(hex 16 $((0x$sba + 8)))"
gives "nor where no memory is" 0004 fw3 1 0ffffffffffff000

# --- DMBs ---------------------------------------------------------------------------------------

# dmb ADDRESS LEN INDEX [VLAN RGID]: a body; RGID is fw1's
dmb() {
	printf '%016x%08x%08x%s%s' "$1" "$2" "$3" "${4:-0000000000000000}" \
		"${5:-$gid1}"
}

# The driver's event queue has a page of its own and needs an eighth of it.
page=0x$ieq
gives "a DMB without SBA" 0006 fw3 10 "$(dmb "$page" 4096 40)"
gives "fw3 gets its SBA back" 0000 fw3 1 "$sba3"
gives "and its event queue" 0000 fw3 2 "${ieq3}0000000000000200"
gives "a DMB of 0 bytes" 0011 fw0 10 "$(dmb "$page" 0 40)"
gives "a DMB of 1 MiB and 1" 0011 fw0 10 "$(dmb $((page & ~0xfffff)) 1048577 40)"
gives "a DMB across 1 MiB" 0012 fw0 10 \
	"$(dmb $(((page & ~0xfffff) + 0xff000)) 8192 40)"
gives "a DMB in the middle of a page" 0004 fw0 10 "$(dmb $((page + 512)) 512 40)"
gives "a DMB where no memory is" 0004 fw0 10 "$(dmb 0x0ffffffffff00000 4096 40)"
gives "index 31" 0013 fw0 10 "$(dmb "$page" 4096 31)"
gives "index 1920" 0013 fw0 10 "$(dmb "$page" 4096 1920)"
gives "a DMB for nobody" 000f fw0 10 \
	"$(dmb "$page" 4096 40 0000000000000000 15a00000000000ff)"
gives "a DMB in a VLAN of the owner's alone" 000e fw0 10 \
	"$(dmb "$page" 4096 40 0000000100000064)"
gives "a DMB with a flag of 2" 0003 fw0 10 \
	"$(dmb "$page" 4096 40 0000000200000064)"
gives "a DMB" 0000 fw0 10 "$(dmb "$page" 4096 1919)"
token=$(field 8 16)
result "its token is high" "$(echo "$token" | cut -c9-16)" 00000000
gives "its index is used" 0014 fw0 10 "$(dmb "$page" 4096 1919)"
gives "the SBA is needed" 0007 fw0 17
gives "a DMB in a VLAN of both" 0000 fw0 10 \
	"$(dmb "$page" 4096 40 0000000100000007)"
vlan_token=$(field 8 16)
gives "QUERY_INFO counts them" 0000 fw0 8
result "two, of which it writes into none" "$(field 56 64)" 0000000200000000
gives "a DMB of another's" 0016 fw1 11 "$token"
gives "a DMB of another fabric" 0015 fw2 11 "$token"
gives "a DMB that is none" 0015 fw0 11 "$(hex 8 $((0x${token%????????} ^ 1)))00000000"

# --- moves -----------------------------------------------------------------------------------------

# at OFFSET [TOKEN]: an address; the event queue is before 0x200
at() {
	echo "$(echo "${2:-$token}" | cut -c1-8)$(hex 8 $(($1)))"
}

moves "eight bytes" "" fw1 "$(at 0x200)" $eight
moves "sixteen" "" fw1 "$(at 0x208)" $eight$eight
moves "one" "" fw1 "$(at 0xfff)" 01
moves "two" "" fw1 "$(at 0xffe)" 0102
moves "four" "" fw1 "$(at 0xffc)" 01020304
moves "no three" bad_move fw1 "$(at 0x200)" 010203
moves "no twelve" bad_move fw1 "$(at 0x200)" 010203040506070801020304
moves "no eight at a multiple of 4" bad_move fw1 "$(at 0x204)" $eight
moves "no two at an odd place" bad_move fw1 "$(at 0x201)" 0102
moves "none across 4 KiB" bad_move fw1 "$(at 0xff8)" $eight$eight
moves "none behind the end" outside fw1 "$(at 0x1000)" $eight
moves "no bits that mean nothing" bad_move fw1 "$(at 0x10000200)" $eight
moves "none by others" not_dedicated fw3 "$(at 0x200)" $eight
moves "none by the owner" not_dedicated fw0 "$(at 0x200)" $eight
moves "none from another fabric" unknown_token fw2 "$(at 0x200)" $eight
moves "none without a token" unknown_token fw1 0000000000000200 $eight
moves "one with a signal" "" fw1 "$(at 0x0f800200)" $eight
result "it is counted" "$(cat $bus/devices/fw1/stats/signals)" 1
moves "one in a VLAN" "" fw1 "$(at 0x200 "$vlan_token")" $eight
gives "fw1 uses DMBs" 0000 fw1 8
result "two" "$(field 56 64)" 0000000000000002
gives "fw1 leaves the VLAN" 0000 fw1 5 0000000000000007
moves "none in a VLAN that was left" vlan_mismatch fw1 \
	"$(at 0x200 "$vlan_token")" $eight
echo 1 >$bus/devices/fw1/fail_moves
moves "none that shall fail" injected fw1 "$(at 0x200)" $eight
moves "but that was all" "" fw1 "$(at 0x200)" $eight

# --- and back ----------------------------------------------------------------------------------------

gives "the DMB goes" 0000 fw0 11 "$token"
gives "but once" 0015 fw0 11 "$token"
moves "nothing is moved into it any more" unknown_token fw1 "$(at 0x200)" $eight
echo error >$bus/devices/fw0/state
moves "nor into one of an adapter in error state" unknown_token fw1 \
	"$(at 0x200 "$vlan_token")" $eight
moves "which moves nothing itself" dead fw0 "$(at 0x200)" $eight
gives "and is not reached" 000f fw1 9 ${gid0}0000000000000000
echo ok >$bus/devices/fw0/state
gives "until it is all right again" 0000 fw1 9 ${gid0}0000000000000000
gives "and has forgotten all" 0000 fw0 8
result "DMBs and VLANs" "$(field 56 72)" 00000000000000000000000000000000
echo fw1 >$bus/unplug_device
gives "an adapter that was unplugged is not reached" 000f fw0 9 \
	${gid1}0000000000000000
echo fw2 >$bus/del_device
fabric made del 0200
modprobe -r ism_sim
result "the module goes with its adapters" "$(ls -d $bus 2>/dev/null)" ""
echo "1..$count"
exit $failed
