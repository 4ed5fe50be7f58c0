#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Can devices be managed by dibs(8), by those who may, and by nobody else?
#
#   this namespace      red                 blue
#   --------------      -----------------   ------------------
#   lo (shared)         lo                  lo
#   room                crimson (its own)   crimson (when granted)
#
# runs-on: 6.12 6.1
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

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

# --- without the module ----------------------------------------------------------

unload_modules || bail_out "modules are in use"
refused "without the module it says how to load it" \
	"module is not loaded .*modprobe dibs_loopback" dibs device list
ok "help needs no module" dibs device --help
ok "the version needs no module" dibs --version

# --- listing -----------------------------------------------------------------------

modprobe dibs || bail_out "no module dibs"
json "without devices the list is empty" "d == []" dibs device list --json
modprobe dibs_loopback || bail_out "no module dibs_loopback"
netns_add red
netns_add blue

json "lo is listed" \
	"[x['name'] for x in d] == ['lo'] and d[0]['enabled'] and
	d[0]['shared'] and d[0]['usable'] and d[0]['owned'] and
	d[0]['maps'] and d[0]['fabric_id'] == 0xffff and
	d[0]['max_dmb_len'] >= 16 << 20 and len(d[0]['gid']) == 36" \
	dibs --json device list
ok "the table for people has it too" \
	bash -c 'dibs device list | grep -qE "^lo .*enabled +shared +0xffff"'
json "one device is shown by name" "d['name'] == 'lo'" \
	dibs device show lo --json
index=$(dibs device show lo --json | python3 -c \
	'import json, sys; print(json.load(sys.stdin)["index"])')
json "one device is shown by index" "d['name'] == 'lo'" \
	dibs device show index "$index" --json
ok "details for people" bash -c 'dibs device show lo | grep -q "max dmbs"'
json "the list of clients is a list" "isinstance(d, list)" \
	dibs client list --json
json "the list of DMBs is a list" "d == []" dibs dmb list --json
json "the list of DMBs of a device" "d == []" dibs dmb list dev lo --json
json "counters are a list" "isinstance(d, list)" dibs stats lo --json
refused "a device that is not there" "no such device" dibs device show nowhere
refused "counters of a device that is not there" "[Nn]o such device" \
	dibs stats nowhere
refused "DMBs of a device that is not there" "[Nn]o such device" \
	dibs dmb list dev index 4000000000

# --- adding and deleting --------------------------------------------------------------

ok "a device is added" dibs device add room
json "it is private to this namespace" \
	"d['owned'] and not d['shared'] and d['type'] == 'loopback' and
	d['enabled']" dibs device show room --json
ok "a device with limits is added" \
	dibs device add small type loopback max-dmbs 10 max-len 64K
json "limits are as asked for" \
	"d['max_dmbs'] == 10 and d['max_dmb_len'] == 65536" \
	dibs device show small --json
ok "a device is deleted" dibs device del small
refused "a deleted device is gone" "no such device" dibs device show small
refused "deleting it again" "no such device" dibs device del small
refused "a name that exists" "exists" dibs device add room
refused "a name that a shared device has" "exists" dibs device add lo
for name in 'Bad' 'a b' '' 'sixteen-letters-' '../etc' $'a\nb'; do
	refused "the bad name '${name//$'\n'/\\n}'" "1 to 15" \
		dibs device add "$name"
done
refused "an unknown type" "no such type" dibs device add x type nonsense
refused "a bad type" "1 to 15" dibs device add x type '../../x'
refused "a limit that is no number" "not a number" \
	dibs device add x max-dmbs many
refused "a limit of zero" "at least 1" dibs device add x max-len 0
refused "a limit beyond what the type has" "too long|too many" \
	dibs device add x max-len 3G
refused "a word that has no meaning" "unknown word" \
	dibs device add x colour red
refused "a command that does not exist" "unknown command" dibs device paint
refused "an object that does not exist" "unknown object" dibs house list
refused "a word too many" "unexpected" dibs device del room now
refused "deleting what its driver brings" "driver" dibs device del lo

# --- enabling and disabling ---------------------------------------------------------

ok "a device is disabled" dibs device disable room
ok "the list says so" state_is room "disabled own"
ok "disabling twice does no harm" dibs device disable room
ok "a device is enabled" dibs device enable room
ok "the list says so again" state_is room "enabled own"

# --- namespaces ------------------------------------------------------------------------

ok "another namespace sees lo" sees red lo
ok "another namespace does not see a private device" misses red room
ok "a namespace makes a device of its own" \
	in_netns red dibs device add crimson
ok "which has a name of its own namespace" in_netns red dibs device add room
ok "two devices of one name are two" differ \
	"$(dibs device show room)" "$(in_netns red dibs device show room)"
ok "nobody else sees it" misses blue crimson
for change in disable enable del unshare; do
	refused "what all share is its owner's alone to $change" \
		"another network namespace" in_netns red dibs device $change lo
done
ok "a device is granted by name" in_netns red dibs device grant crimson blue
ok "then it is seen" sees blue crimson
json "but not owned" "d['usable'] and not d['owned']" \
	in_netns blue dibs device show crimson --json
for change in "del crimson" "disable crimson" "share crimson" \
	"grant crimson red" "revoke crimson red"; do
	# shellcheck disable=SC2086
	refused "who was granted it cannot ${change%% *} it" \
		"another network namespace" in_netns blue dibs device $change
done
refused "granting twice" "already" in_netns red dibs device grant crimson blue
ok "what was granted is revoked" in_netns red dibs device revoke crimson blue
ok "then it is not seen" misses blue crimson
refused "revoking twice" "not granted" \
	in_netns red dibs device revoke crimson blue
ok "a device is granted by path" \
	in_netns red dibs device grant crimson /run/netns/blue
ok "and revoked" in_netns red dibs device revoke crimson blue
refused "a namespace that is not there" "nowhere" \
	in_netns red dibs device grant crimson nowhere
refused "a file that is no namespace" "no network namespace" \
	in_netns red dibs device grant crimson /dev/null
refused "granting what all share" "share" dibs device grant lo red

background "$scratch/sleep" nsenter --net=/run/netns/blue sleep 1000
child=$!
within 10 test "/proc/$child/ns/net" -ef /run/netns/blue
ok "a device is granted by process" \
	in_netns red dibs device grant crimson $child
ok "then it is seen there" sees blue crimson

ok "a namespace leaves lo" in_netns red dibs device leave lo
json "it can use it no more" "not d['usable']" \
	in_netns red dibs device show lo --json
json "others can" "d['usable']" dibs device show lo --json
ok "it joins again" in_netns red dibs device join lo
json "and can use it" "d['usable']" in_netns red dibs device show lo --json
refused "a private device is not left" "not shared" dibs device leave room

refused "a device that goes with its namespace is not shared" \
	"goes with its network namespace" in_netns red dibs device share crimson
ok "it is deleted" in_netns red dibs device del crimson
ok "the host keeps lo to itself" dibs device unshare lo
ok "then others do not see it" misses red lo
ok "it shares it again" dibs device share lo
ok "then they do" sees red lo

ok "a device is granted to another namespace" bash -c '
	nsenter --net=/run/netns/red dibs device add going &&
	nsenter --net=/run/netns/red dibs device grant going blue'
netns_del red
ok "it goes with the namespace that made it" within 20 misses blue going

# --- DMBs ----------------------------------------------------------------------------------

selftest=/sys/module/dibs_selftest/parameters/do

tell_client() {
	echo "$*" >"$selftest"
}

if modprobe dibs_selftest run= 2>/dev/null && [[ -w $selftest ]]; then
	ok "a client has a DMB" tell_client register lo 100000
	json "it is listed with its token" \
		"len(d) == 1 and d[0]['len'] == 100000 and
		d[0]['device'] == 'lo' and d[0]['state'] == 'waiting' and
		int(d[0]['token'], 16)" dibs dmb list --json
	json "without rights, without token" "len(d) == 1 and 'token' not in d[0]" \
		"${without_caps[@]}" dibs dmb list dev lo --json
	json "not to other namespaces" "d == []" \
		in_netns blue dibs dmb list --json
	json "not with another device" "d == []" \
		dibs dmb list dev room --json
	ok "its peer attaches it" tell_client attach
	json "the list says so" "d[0]['state'] == 'attached'" \
		dibs dmb list --json
	ok "its peer writes" tell_client move
	json "it has memory now" "d[0]['memory'] >= 100000" \
		dibs dmb list --json
	json "counters tell" "[x['counters']['move_bytes'] for x in d if
		x['counters']['dmbs'] == 1] == [100000]" dibs stats lo --json
	json "and all of them together" "[x['total']['move_bytes'] for x in d if
		x['counters']['dmbs'] == 1] == [100000]" dibs stats lo --json
	json "without rights, only those of the namespace" \
		"d and not any('total' in x for x in d) and
		sum(x['counters']['dmbs'] for x in d) == 1" \
		"${without_caps[@]}" dibs stats --json
	json "other namespaces have theirs" \
		"d and not any('total' in x for x in d) and
		sum(x['counters']['dmbs'] for x in d) == 0" \
		in_netns blue dibs stats lo --json
	json "clients are listed" "all(x['devices'] == 2 for x in d) and d" \
		dibs client list --json
	ok "the DMB goes" tell_client unregister
	json "and is listed no more" "d == []" dibs dmb list --json
	rmmod dibs_selftest
else
	skip "DMBs and counters" "no module dibs_selftest"
fi

# --- rights ------------------------------------------------------------------------------

json "without rights devices are seen" "'lo' in [x['name'] for x in d]" \
	"${without_caps[@]}" dibs device list --json
json "and counters" "isinstance(d, list)" "${without_caps[@]}" dibs stats --json
for change in "add x" "del room" "enable lo" "disable lo" "share room" \
	"unshare lo" "grant room blue" "revoke room blue" "leave lo" "join lo"; do
	# shellcheck disable=SC2086
	refused "without rights: $change" "CAP_NET_ADMIN" \
		"${without_caps[@]}" dibs device $change
done
ok "nothing changed" state_is room "enabled own"
json "nobody made a device" "{x['name'] for x in d} == {'lo', 'room'}" \
	dibs device list --json
refused "rights in another user namespace are none here" "CAP_NET_ADMIN" \
	unshare --user --map-root-user dibs device add x
ok "but they are in its own network namespace" \
	unshare --user --map-root-user --net dibs device add x
refused "they do not reach shared devices" "another network namespace" \
	unshare --user --map-root-user --net dibs device disable lo
refused "nor do they make shared ones" "goes with its network namespace" \
	unshare --user --map-root-user --net \
	bash -c 'dibs device add x && dibs device share x'
ok "they leave lo for themselves" \
	unshare --user --map-root-user --net dibs device leave lo
json "for nobody else" "d['usable']" dibs device show lo --json

# The host's root is root there, too, whatever it has given up.
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# limits_are_kept COMMAND...: with which none of them can be written
limits_are_kept() {
	local file

	for file in mem_max netns_mem_max; do
		file=/proc/sys/net/dibs/$file
		! "$@" sh -c "echo 1 >$file" 2>"$scratch/refusal" || return
		cat "$scratch/refusal"
		grep -q "Permission denied" "$scratch/refusal" || return
	done
}

ok "limits of memory can be read by all" \
	"${without_caps[@]}" sysctl net.dibs.mem_max net.dibs.netns_mem_max
ok "not written by a user" limits_are_kept "${user[@]}"
ok "who is root of a user namespace of its own, neither" limits_are_kept \
	"${user[@]}" unshare --user --map-root-user
ok "nor are they there in another network namespace" \
	in_netns blue test ! -e /proc/sys/net/dibs

# --- monitor ----------------------------------------------------------------------------------

saw() {
	grep -q -- "$1" "$scratch/monitor"
}

background "$scratch/monitor" dibs monitor --json
monitor=$!
ok "the monitor listens" within 10 listens $monitor
dibs device add seen
ok "it sees a device come" within 10 saw '"added".*"seen".*"enabled":true'
dibs device disable seen
ok "it sees a device change" within 10 saw '"changed".*"seen"'
ok "it sees what happens on the fabric" within 10 saw '"fabric".*"seen"'
ok "by the number that it always had, and by name" \
	saw '"type":"device","code":1,.*"what":"disabled"'
dibs device del seen
ok "it sees a device go" within 10 saw '"deleted".*"seen"'
in_netns blue dibs device add unseen
dibs device add last
within 10 saw '"added".*"last"'
ok "it sees nothing of other namespaces" bash -c \
	"! grep -q unseen '$scratch/monitor'"
dibs device del last
within 10 saw '"deleted".*"last"'
ok "every line of it is JSON" python3 -c '
import json, sys
for line in open(sys.argv[1]):
    assert json.loads(line)["object"]' "$scratch/monitor"

background "$scratch/monitor-unprivileged" "${without_caps[@]}" dibs monitor
ok "without rights it listens, too" within 10 listens $!
background "$scratch/monitor-text" dibs monitor
within 10 listens $!
dibs device disable room
ok "who has them reads what happened by its name" within 10 \
	grep -q "^fabric event on room: device, disabled, gid" \
	"$scratch/monitor-text"
ok "without rights it sees devices" within 10 grep -q "^device room changed: .*disabled" \
	"$scratch/monitor-unprivileged"
ok "but not what others do on the fabric" bash -c \
	"! grep -q fabric '$scratch/monitor-unprivileged'"

# Whoever may make a user namespace may not give this one devices.
exec 9</proc/self/ns/net
ok "granting needs rights in the other namespace too" \
	unshare -Urn bash -c 'dibs device add mine type loopback &&
		! dibs device grant mine /proc/self/fd/9 2>/run/refusal &&
		grep -q "no rights in the other" /run/refusal'
exec 9<&-

# --- modules -------------------------------------------------------------------------------------

for pid in "${children[@]}"; do
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
ok "the modules can be unloaded with devices there" unload_modules
modprobe dibs
ok "a type's module is loaded when it is needed" dibs device add room
json "and brings lo" "{x['name'] for x in d} == {'lo', 'room'}" \
	dibs device list --json
ok "all goes" unload_modules

done_testing
