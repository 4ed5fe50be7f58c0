#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Can those who have the right manage devices with dibs(8), and nobody else?
#
#   this namespace      red                 blue
#   --------------      -----------------   ------------------
#   lo (shared)         lo                  lo
#   room                crimson (its own)   crimson (if granted)
#
# runs-on: 6.12 6.1 (generic netlink: compat/genl.h)
# soak: debug
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

sees() {
	local netns=$1 dev=$2

	in_netns "$netns" dibs device show "$dev" >/dev/null 2>&1
}

misses() {
	! sees "$@"
}

state_of() {
	dibs device list | awk -v dev="$1" '$1 == dev { print $4, $5 }'
}

state_is() {
	[[ $(state_of "$1") == "$2" ]]
}

differ() {
	[[ -n $1 && -n $2 && $1 != "$2" ]]
}

# --- without the module -------------------------------------------------------

unload_modules || bail_out "modules are in use"
refused "without the module, dibs says how to load it" \
	"module is not loaded .*modprobe dibs_loopback" dibs device list
ok "help needs no module" dibs device --help
ok "a command line without an object prints the usage and ends with status 2" \
	bash -c 'dibs 2>&1 >/dev/null | grep "^  dibs device list$"
		[[ ${PIPESTATUS[*]} == "2 0" ]]'
ok "the version needs no module" dibs --version

modprobe dibs || bail_out "no module dibs"
ok "the module of a type is loaded when a device of this type is added" \
	dibs device add first
ok "a device whose type was loaded for it is deleted" dibs device del first
ok "the module of that type can be unloaded" unload_modules

# --- listing ------------------------------------------------------------------

modprobe dibs || bail_out "no module dibs"
json "without devices the list is empty" "d == []" dibs device list --json
modprobe dibs_loopback || bail_out "no module dibs_loopback"
netns_add red
netns_add blue

json "lo is listed with its properties" \
	"[x['name'] for x in d] == ['lo'] and d[0]['enabled'] and
	d[0]['shared'] and d[0]['usable'] and d[0]['owned'] and
	d[0]['maps'] and d[0]['fabric_id'] == 0xffff and
	d[0]['max_dmb_len'] >= 16 << 20 and len(d[0]['gid']) == 36" \
	dibs --json device list
ok "the table for people has lo" \
	bash -c 'dibs device list | grep -qE "^lo .*enabled +shared +0xffff"'
json "one device is shown by name" "d['name'] == 'lo'" \
	dibs device show lo --json
index=$(dibs device show lo --json | python3 -c \
	'import json, sys; print(json.load(sys.stdin)["index"])')
json "one device is shown by index" "d['name'] == 'lo'" \
	dibs device show index "$index" --json
ok "people get details of a device" \
	bash -c 'dibs device show lo | grep -q "max dmbs"'
json "the list of clients is a list" "isinstance(d, list)" \
	dibs client list --json
json "the list of DMBs is empty" "d == []" dibs dmb list --json
json "the list of DMBs of a device is empty" "d == []" \
	dibs dmb list dev lo --json
json "the counters of a device are a list" "isinstance(d, list)" \
	dibs stats lo --json
refused "a device that does not exist cannot be shown" "no such device" \
	dibs device show nowhere
refused "counters of a device that does not exist cannot be shown" \
	"[Nn]o such device" dibs stats nowhere
refused "DMBs of a device that does not exist cannot be listed" \
	"[Nn]o such device" \
	dibs dmb list dev index 4000000000

# --- adding and deleting ------------------------------------------------------

ok "a device is added" dibs device add room
json "a new device is private to its namespace" \
	"d['owned'] and not d['shared'] and d['type'] == 'loopback' and
	d['enabled']" dibs device show room --json
ok "a device with limits is added" \
	dibs device add small type loopback max-dmbs 10 max-len 64K
json "a device has the limits that were asked for" \
	"d['max_dmbs'] == 10 and d['max_dmb_len'] == 65536" \
	dibs device show small --json
ok "a device is deleted" dibs device del small
refused "a deleted device is gone" "no such device" dibs device show small
refused "a device cannot be deleted twice" "no such device" \
	dibs device del small
refused "a name that exists is refused" "exists" dibs device add room
refused "the name of a shared device is refused" "exists" dibs device add lo
for name in 'Bad' 'a b' '' 'sixteen-letters-' '../etc' $'a\nb'; do
	refused "the bad name '${name//$'\n'/\\n}' is refused" "1 to 15" \
		dibs device add "$name"
done
refused "an unknown type is refused" "no such type" \
	dibs device add x type nonsense
refused "a malformed type is refused" "1 to 15" \
	dibs device add x type '../../x'
refused "a limit that is not a number is refused" "not a number" \
	dibs device add x max-dmbs many
refused "a limit of zero is refused" "at least 1" dibs device add x max-len 0
refused "a limit beyond that of the type is refused" "too long|too many" \
	dibs device add x max-len 3G
refused "an unknown parameter is refused" "unknown parameter" \
	dibs device add x colour red
refused "an unknown command is refused" "unknown command" dibs device paint
refused "an unknown object is refused" "unknown object" dibs house list
refused "a surplus argument is refused" "unexpected argument" \
	dibs device del room now
refused "a device that its driver made cannot be deleted" "driver" \
	dibs device del lo

# --- enabling and disabling ---------------------------------------------------

ok "a device is disabled" dibs device disable room
ok "the list shows that the device is disabled" state_is room "disabled own"
ok "disabling a device twice does no harm" dibs device disable room
ok "a device is enabled" dibs device enable room
ok "the list shows that the device is enabled" state_is room "enabled own"

# --- namespaces ---------------------------------------------------------------

ok "another namespace sees lo" sees red lo
ok "another namespace does not see a private device" misses red room
ok "a namespace can add a device of its own" \
	in_netns red dibs device add crimson
ok "a name in use in one namespace is free in another" \
	in_netns red dibs device add room
ok "two devices of one name in two namespaces differ" differ \
	"$(dibs device show room)" "$(in_netns red dibs device show room)"
ok "a third namespace does not see a private device" misses blue crimson
for change in disable enable del unshare; do
	refused "only the owner's namespace can $change a shared device" \
		"another network namespace" in_netns red dibs device $change lo
done
ok "a device is granted by name" in_netns red dibs device grant crimson blue
ok "a namespace sees a device that was granted to it" sees blue crimson
json "a namespace does not own a device that was granted to it" \
	"d['usable'] and not d['owned']" \
	in_netns blue dibs device show crimson --json
for change in "del crimson" "disable crimson" "share crimson" \
	"grant crimson red" "revoke crimson red"; do
	# shellcheck disable=SC2086
	refused "a namespace cannot ${change%% *} a device granted to it" \
		"another network namespace" in_netns blue dibs device $change
done
refused "a device cannot be granted twice" "already" \
	in_netns red dibs device grant crimson blue
ok "a grant is revoked" in_netns red dibs device revoke crimson blue
ok "a namespace does not see a device that was revoked" misses blue crimson
refused "a grant cannot be revoked twice" "not granted" \
	in_netns red dibs device revoke crimson blue
ok "a device is granted by path" \
	in_netns red dibs device grant crimson /run/netns/blue
ok "a grant by path is revoked by name" \
	in_netns red dibs device revoke crimson blue
refused "a device cannot be granted to a namespace that does not exist" \
	"nowhere" in_netns red dibs device grant crimson nowhere
refused "a device cannot be granted to a file that is not a namespace" \
	"no network namespace" in_netns red dibs device grant crimson /dev/null
refused "a shared device cannot be granted" "share" dibs device grant lo red

background "$scratch/sleep" nsenter --net=/run/netns/blue sleep 1000
child=$!
within 10 test "/proc/$child/ns/net" -ef /run/netns/blue
ok "a device is granted by process" \
	in_netns red dibs device grant crimson $child
ok "the namespace of that process sees the device" sees blue crimson

ok "a namespace leaves lo" in_netns red dibs device leave lo
json "a namespace that left lo cannot use it" "not d['usable']" \
	in_netns red dibs device show lo --json
json "a namespace that did not leave lo can use it" "d['usable']" \
	dibs device show lo --json
ok "a namespace joins lo again" in_netns red dibs device join lo
json "a namespace that joined lo again can use it" "d['usable']" \
	in_netns red dibs device show lo --json
refused "a private device cannot be left" "not shared" dibs device leave room

refused "a device that goes with its namespace cannot be shared" \
	"goes with its network namespace" in_netns red dibs device share crimson
ok "a namespace deletes a device of its own" \
	in_netns red dibs device del crimson
ok "the host unshares lo" dibs device unshare lo
ok "another namespace does not see a device that is no longer shared" \
	misses red lo
ok "the host shares lo again" dibs device share lo
ok "another namespace sees a device that is shared again" sees red lo

ok "a device is granted to another namespace" bash -c '
	nsenter --net=/run/netns/red dibs device add going &&
	nsenter --net=/run/netns/red dibs device grant going blue'
netns_del red
ok "a device goes with the namespace that added it" \
	within 20 misses blue going

# --- DMBs ---------------------------------------------------------------------

selftest=/sys/module/dibs_selftest/parameters/do

tell_client() {
	echo "$*" >"$selftest"
}

if modprobe dibs_selftest run= 2>/dev/null && [[ -w $selftest ]]; then
	ok "a client registers a DMB" tell_client register lo 100000
	json "a DMB is listed with its token" \
		"len(d) == 1 and d[0]['len'] == 100000 and
		d[0]['device'] == 'lo' and d[0]['state'] == 'waiting' and
		int(d[0]['token'], 16)" dibs dmb list --json
	json "without CAP_NET_ADMIN, a DMB is listed without its token" \
		"len(d) == 1 and 'token' not in d[0]" \
		"${without_caps[@]}" dibs dmb list dev lo --json
	json "another namespace does not see the DMB" "d == []" \
		in_netns blue dibs dmb list --json
	json "the list of another device does not have the DMB" "d == []" \
		dibs dmb list dev room --json
	ok "the peer attaches the DMB" tell_client attach
	json "the list shows that the DMB is attached" \
		"d[0]['state'] == 'attached'" dibs dmb list --json
	ok "the peer writes into the DMB" tell_client move
	json "a DMB that was written to has memory" "d[0]['memory'] >= 100000" \
		dibs dmb list --json
	json "the counters have the bytes that were moved" \
		"[x['counters']['move_bytes'] for x in d if
		x['counters']['dmbs'] == 1] == [100000]" dibs stats lo --json
	json "the counters of all namespaces have the bytes that were moved" \
		"[x['total']['move_bytes'] for x in d if
		x['counters']['dmbs'] == 1] == [100000]" dibs stats lo --json
	json "without CAP_NET_ADMIN, only the namespace's counters are shown" \
		"d and not any('total' in x for x in d) and
		sum(x['counters']['dmbs'] for x in d) == 1" \
		"${without_caps[@]}" dibs stats --json
	json "another namespace has counters of its own" \
		"d and not any('total' in x for x in d) and
		sum(x['counters']['dmbs'] for x in d) == 0" \
		in_netns blue dibs stats lo --json
	json "clients are listed" "all(x['devices'] == 2 for x in d) and d" \
		dibs client list --json
	ok "the client unregisters the DMB" tell_client unregister
	json "an unregistered DMB is not listed" "d == []" dibs dmb list --json
	rmmod dibs_selftest
else
	skip "DMBs and counters are shown" "no module dibs_selftest"
fi

# --- capabilities -------------------------------------------------------------

json "without CAP_NET_ADMIN, devices are listed" \
	"'lo' in [x['name'] for x in d]" \
	"${without_caps[@]}" dibs device list --json
json "without CAP_NET_ADMIN, counters are shown" "isinstance(d, list)" \
	"${without_caps[@]}" dibs stats --json
for change in "add x" "del room" "enable lo" "disable lo" "share room" \
	"unshare lo" "grant room blue" "revoke room blue" "leave lo" "join lo"; do
	# shellcheck disable=SC2086
	refused "without CAP_NET_ADMIN, \"device $change\" is refused" \
		"CAP_NET_ADMIN" "${without_caps[@]}" dibs device $change
done
ok "refused commands leave a device as it was" state_is room "enabled own"
json "refused commands add no device" \
	"{x['name'] for x in d} == {'lo', 'room'}" \
	dibs device list --json
refused "root of a user namespace cannot add a device in the host's namespace" \
	"CAP_NET_ADMIN" \
	unshare --user --map-root-user dibs device add x
ok "root of a user namespace can add a device in its own network namespace" \
	unshare --user --map-root-user --net dibs device add x
refused "root of a user namespace cannot disable a shared device" \
	"another network namespace" \
	unshare --user --map-root-user --net dibs device disable lo
refused "root of a user namespace cannot share a device" \
	"goes with its network namespace" \
	unshare --user --map-root-user --net \
	bash -c 'dibs device add x && dibs device share x'
ok "root of a user namespace can leave lo in its own network namespace" \
	unshare --user --map-root-user --net dibs device leave lo
json "a namespace that leaves lo does not affect others" "d['usable']" \
	dibs device show lo --json

# The host's uid 0 owns these files, whatever capabilities it has given up.
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# limits_are_kept COMMAND...: with COMMAND, none of the limits can be written
limits_are_kept() {
	local file

	for file in mem_max netns_mem_max netns_dev_max; do
		file=/proc/sys/net/dibs/$file
		! "$@" sh -c "echo 1 >$file" 2>"$scratch/refusal" || return
		cat "$scratch/refusal"
		grep -q "Permission denied" "$scratch/refusal" || return
	done
}

ok "anybody can read the memory limits" \
	"${without_caps[@]}" sysctl net.dibs.mem_max net.dibs.netns_mem_max
ok "an unprivileged user cannot write the memory limits" \
	limits_are_kept "${user[@]}"
ok "root of a user namespace cannot write the memory limits" \
	limits_are_kept "${user[@]}" unshare --user --map-root-user
ok "another network namespace does not have the memory limits" \
	in_netns blue test ! -e /proc/sys/net/dibs

# --- monitor ------------------------------------------------------------------

saw() {
	grep -q -- "$1" "$scratch/monitor"
}

background "$scratch/monitor" dibs monitor --json
monitor=$!
ok "the monitor listens" within 10 listens $monitor
dibs device add seen
ok "the monitor reports a new device" \
	within 10 saw '"added".*"seen".*"enabled":true'
dibs device disable seen
ok "the monitor reports a change of a device" within 10 saw '"changed".*"seen"'
ok "the monitor reports fabric events" within 10 saw '"fabric".*"seen"'
ok "the monitor gives a fabric event's number and name" \
	saw '"type":"device","code":1,.*"what":"disabled"'
dibs device del seen
ok "the monitor reports that a device was deleted" \
	within 10 saw '"deleted".*"seen"'
in_netns blue dibs device add unseen
dibs device add last
within 10 saw '"added".*"last"'
ok "the monitor does not report devices of other namespaces" bash -c \
	"! grep -q unseen '$scratch/monitor'"
dibs device del last
within 10 saw '"deleted".*"last"'
ok "every line of the monitor is JSON" python3 -c '
import json, sys
for line in open(sys.argv[1]):
    assert json.loads(line)["object"]' "$scratch/monitor"

background "$scratch/monitor-unprivileged" "${without_caps[@]}" dibs monitor
ok "the monitor listens without CAP_NET_ADMIN" within 10 listens $!
background "$scratch/monitor-text" dibs monitor
within 10 listens $!
dibs device disable room
ok "an administrator reads a fabric event by its name" within 10 \
	grep -q "^fabric event on room: device, disabled, gid" \
	"$scratch/monitor-text"
ok "the monitor reports devices without CAP_NET_ADMIN" within 10 \
	grep -q "^device room changed: .*disabled" "$scratch/monitor-unprivileged"
ok "the monitor reports no fabric events without CAP_NET_ADMIN" bash -c \
	"! grep -q fabric '$scratch/monitor-unprivileged'"

# A user who may create user namespaces may not grant devices to this one.
exec 9</proc/self/ns/net
ok "granting needs CAP_NET_ADMIN in the other namespace, too" \
	unshare -Urn bash -c 'dibs device add mine type loopback &&
		! dibs device grant mine /proc/self/fd/9 2>/run/refusal &&
		grep -q "no rights in the other" /run/refusal'
exec 9<&-

# --- modules ------------------------------------------------------------------

for pid in "${children[@]}"; do
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
ok "the modules can be unloaded while there are devices" unload_modules
modprobe dibs
ok "adding a device loads the module of its type" dibs device add room
json "the module of the type adds lo" \
	"{x['name'] for x in d} == {'lo', 'room'}" \
	dibs device list --json
ok "the modules can be unloaded again" unload_modules

done_testing
