#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does an administrator see what SMC-D does? What carries each connection, over
# which device, in which state; how many there were; why others are TCP's; and
# the EIDs. On the mapped path.
#
#   namespace green: client --- lo ---> server      the device is lo, too
#   namespace red:   no connections, to see that it sees none of green's
#
# runs-on: 6.12 6.1
# soak: debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

views=$PWD/smc_views.py
events=/sys/kernel/tracing/events/smc
trace=/sys/kernel/tracing/trace

in_green() {
	in_netns green "$@"
}

dibs_in_green() {
	in_green dibs "$@" --json
}

# start_pair HOST [tcp]: $port and $client_port are its; tell it by "tell"
start_pair() {
	coproc pair { in_green python3 "$views" pair "$@"; }
	# Bash forgets it when it ends, which is what ends it.
	pair_in=${pair[1]} pair_out=${pair[0]} pair_id=$!
	read -r -t 120 port client_port <&"$pair_out"
}

tell() {
	local answer=

	echo "$1" >&"$pair_in"
	read -r -t 120 answer <&"$pair_out"
	[[ $answer == "done" ]]
}

end_pair() {
	exec {pair_in}>&-
	wait "$pair_id"
}

# list WHAT PYTHON: of the client's socket c, the server's s, the listener l
list() {
	json "$1" "(lambda c, s, l: $2)(
		*[([r for r in d if r['local'].endswith(':$client_port')] + [{}])[0],
		  ([r for r in d if r['peer'].endswith(':$client_port')] + [{}])[0],
		  ([r for r in d if r['state'] == 'LISTEN'] + [{}])[0]])" \
		dibs_in_green smc list
}

# A sum of "smc fallbacks": count ROLE CARRIER [REASON]
counted() {
	echo "sum(r['count'] for r in d if r['role'] == '$1' and
		r['carrier'] == '$2' and '${3-}' in ('', r['reason']))"
}

# What people read of each view, of the first connection.
declare -A lines=(
	[show]='^  sent +0000:00000064$'
	[linkgroups]='^[0-9a-f]{8} +lo +server +1 '
	[info]='^version +2\.1$'
	[eid]='^DIBS-DEFAULT +yes'
	[pnetid]='^PNETID +INTERFACE +DEVICE'
	[fallbacks]='^client +SMC-D +1 +-$'
)

says_in_lines() {
	# shellcheck disable=SC2016 # the other shell's
	ok "people read \"dibs smc $1\" in lines" in_green bash -c \
		'dibs smc "$1" | tee /dev/stderr | grep -E "$2"' - \
		"$1" "${lines[$1]}"
}

modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_smc || bail_out "no module dibs_smc"
netns_add green
netns_add red
in_green ip link set lo up
in_netns red ip link set lo up
mountpoint -q /sys/kernel/tracing ||
	mount -t tracefs tracefs /sys/kernel/tracing ||
	bail_out "no tracefs"

# --- what carries a connection ---------------------------------------------------

json "no sockets, an empty list" "d == []" dibs_in_green smc list
json "no connections, counters of zero" \
	"[r['count'] for r in d] == [0, 0]" dibs_in_green smc fallbacks

for host in 127.0.0.1 ::1; do
	name=$host
	[[ $host == *:* ]] && name="[$host]"
	ok "$host: two ends connect" start_pair $host
	list "$host: both ends are carried by SMC-D over lo" \
		"[(r['carrier'], r['device']) for r in (c, s)] ==
		 [('SMC-D', 'lo')] * 2"
	list "$host: the listener is carried by nobody" \
		"l['carrier'] is None and 'device' not in l and
		 l['local'] == '$name:$port'"
	list "$host: there is no reason for SMC-D" \
		"(c['reason'], s['reason']) == (None, None)"
	list "$host: addresses and ports are those of TCP" \
		"c['local'] == s['peer'] == '$name:$client_port' and
		 s['local'] == c['peer'] == '$name:$port'"
	list "$host: both are ACTIVE" \
		"(c['state'], s['state']) == ('ACTIVE', 'ACTIVE')"
	list "$host: each one's token is the peer's of the other" \
		"c['token'] == s['peer_token'] != s['token'] and
		 s['token'] == c['peer_token'] is not None"
	list "$host: GIDs are the device's" \
		"{c['gid'], s['gid'], c['peer_gid'], s['peer_gid']} ==
		 {'$(cat /sys/class/dibs/lo/gid)'}"
	list "$host: each one's ring is the other's send buffer" \
		"c['receive_buffer'] == s['send_buffer'] > 16000 and
		 s['receive_buffer'] == c['send_buffer'] > 16000"
	ok "$host: bytes arrive" tell send
	inode=$(in_green dibs smc list --json | python3 -c "
import json, sys
print([r['inode'] for r in json.load(sys.stdin)
       if r['local'].endswith(':$client_port')][0])")
	json "$host: one socket can be shown, with how far its rings are" \
		"len(d) == 1 and d[0]['inode'] == $inode and
		 (d[0]['sent'], d[0]['read'], d[0]['shutdown']) ==
		 ('0000:00000064', '0000:00000000', 'no')" \
		dibs_in_green smc show "$inode"
	json "$host: or all" "len(d) == 3 and 'sent' in d[0] | d[1] | d[2]" \
		dibs_in_green smc show
	json "$host: both ends have a link group, over lo" \
		"sorted((g['role'], g['device'], g['connections'],
		 g['version'], g['eid'], g['peer_system']) for g in d) ==
		 [(r, 'lo', 1, '2.1', 'DIBS-DEFAULT', 'Linux')
		  for r in ('client', 'server')]" \
		dibs_in_green smc linkgroups
	for view in show linkgroups info eid pnetid fallbacks; do
		[[ $host == *:* ]] || says_in_lines $view
	done
	ok "$host: the client shuts down" tell shutdown
	list "$host: the states say who has still to close" \
		"(c['state'], s['state']) ==
		 ('PEERCLOSEWAIT1', 'APPCLOSEWAIT1')"
	ok "$host: people read device and carrier in one column" \
		bash -c "nsenter --net=/run/netns/green dibs smc list |
			 grep -E '^APPCLOSEWAIT1 .* SMC-D lo +-\$'"
	json "$host: another namespace sees nothing of it" "d == []" \
		in_netns red dibs smc list --json
	[[ $host == *:* ]] || end_pair
done
refused "an inode that is no socket's is said" "no SMC socket has inode" \
	in_green dibs smc show 1
refused "an inode is a number" "inode 'x'" in_green dibs smc show x
json "SMC is of version 2.1 here, and nothing is limited" \
	"(d['version'], d['host'], d['handshakes_limited'],
	 d['system_eid']) == ('2.1', '$(uname -n)', False, None)" \
	dibs_in_green smc info

# --- what others may not see -------------------------------------------------------

holds_lines() {
	local wanted=$1

	shift
	[[ $("$@" | tee "$scratch/lines" | sort -u) == "$wanted" ]] &&
		(($(wc -l <"$scratch/lines") == 2))
	local status=$?
	cat "$scratch/lines"
	return "$status"
}

ok "an administrator gets the tokens of both ends" holds_lines \
	"hole 0 gids True tokens some some info 76" \
	in_green python3 "$views" read
ok "without CAP_NET_ADMIN tokens are zero, the rest is there" holds_lines \
	"hole 0 gids True tokens none none info 76" \
	in_green "${without_caps[@]}" python3 "$views" read
json "nor does dibs show them then" \
	"[r['token'] for r in d if r['carrier']] == [None, None]" \
	in_green "${without_caps[@]}" dibs smc list --json
ok "root in a user namespace of its own has no say here" holds_lines \
	"hole 0 gids True tokens none none info 76" \
	in_green unshare --user --map-root-user python3 "$views" read
end_pair

json "closed sockets are gone" "d == []" dibs_in_green smc list

# --- counters -----------------------------------------------------------------------

json "each connection was counted, at either end" \
	"$(counted client SMC-D) == $(counted server SMC-D) == 2" \
	dibs_in_green smc fallbacks
json "so it is among the figures, with calls and bytes" \
	"d['connections'] == dict(client=2, server=2) and
	 (d['sent']['calls'], d['sent']['bytes']) == (2, 200) and
	 d['sent']['calls_up_to']['8K'] == 2 and
	 d['received']['bytes'] == 200 and d['received']['rings_made'] == 4 and
	 d['sent']['ring_bytes'] == d['received']['ring_bytes'] == 0 and
	 d['broken_handshakes'] == dict(client=0, server=0)" \
	dibs_in_green smc stats
ok "people read them in lines" \
	bash -c "nsenter --net=/run/netns/green dibs smc stats |
		 grep -E '^  calls up to 8K +2\$'"
json "none fell back" \
	"$(counted client TCP) == $(counted server TCP) == 0" \
	dibs_in_green smc fallbacks
ok "a TCP client connects" start_pair 127.0.0.1 tcp
list "its server is TCP's because the peer has no SMC" \
	"(s['carrier'], s['reason']) == ('TCP', '03010000') and
	 s['state'] == 'ACTIVE' and 'device' not in s"
list "it is no SMC socket" "c == {}"
end_pair
json "that is counted with its reason" \
	"$(counted server TCP 03010000) == $(counted server TCP) == 1 and
	 $(counted client TCP) == 0" dibs_in_green smc fallbacks
in_green sysctl -qw net.smc.enabled=0
ok "two ends connect in a namespace with net.smc.enabled=0" \
	start_pair 127.0.0.1
list "both say that it is the configuration" \
	"[(r['carrier'], r['reason']) for r in (c, s)] ==
	 [('TCP', '03000000')] * 2"
end_pair
in_green sysctl -qw net.smc.enabled=1
in_green dibs device leave lo
ok "two ends connect in a namespace without a device" start_pair 127.0.0.1
list "both say that there is none" \
	"[(r['carrier'], r['reason']) for r in (c, s)] ==
	 [('TCP', '03030000')] * 2"
end_pair
in_green dibs device join lo
json "SMC-D's count has not changed" \
	"$(counted client SMC-D) == $(counted server SMC-D) == 2" \
	dibs_in_green smc fallbacks
json "another namespace has counted nothing" \
	"[r['count'] for r in d] == [0, 0]" in_netns red dibs smc fallbacks --json

# --- EIDs -----------------------------------------------------------------------------

# eids STATEMENT EID...: the list is these, and then the default
eids() {
	local statement=$1

	shift
	json "$statement" "[r['eid'] for r in d if not r['default']] ==
		'$*'.split() and [r['default'] for r in d] ==
		[False] * $# + [True]" dibs smc eid list --json
}

eids "there is a default EID and no other"
ok "an EID is added" dibs smc eid add A.1-B
eids "it is there" A.1-B
refused "the same again is refused" "there already" dibs smc eid add A.1-B
for bad in a-b .A 'A B' A_B '' "$(printf 'A%.0s' {1..33})"; do
	refused "'$bad' is no UEID" "not a UEID" dibs smc eid add "$bad"
done
eids "what was refused is not there" A.1-B
long=$(printf 'Z%.0s' {1..32})
for eid in B C "$long"; do
	ok "EID $eid is added" dibs smc eid add "$eid"
done
refused "a fifth is refused" "4 UEIDs" dibs smc eid add FIFTH
eids "all four are there" A.1-B B C "$long"
refused "one that is not there cannot be deleted" "no such UEID" \
	dibs smc eid del NOBODY
ok "one is deleted" dibs smc eid del "$long"
eids "the others stay" A.1-B B C
for command in "add X" "del B" flush; do
	# shellcheck disable=SC2086 # two words
	refused "without CAP_NET_ADMIN: no eid $command" "not permitted" \
		"${without_caps[@]}" dibs smc eid $command
done
refused "nor as root of another user namespace" "not permitted" \
	unshare --user --net --map-root-user dibs smc eid flush
eids "nothing has changed by that" A.1-B B C
json "anybody may list them" "len(d) == 4" \
	"${without_caps[@]}" dibs smc eid --json
ok "connections go on with EIDs of one's own" start_pair 127.0.0.1
list "by SMC-D" "c['carrier'] == s['carrier'] == 'SMC-D'"
end_pair
ok "all are deleted" dibs smc eid flush
eids "the default stays"
refused "an EID is needed" "which EID" dibs smc eid add
refused "one EID is enough" "" dibs smc eid add A B
refused "there is no other command" "unknown command" dibs smc eid burn

# --- PNETIDs ---------------------------------------------------------------------------

json "there is no PNETID" "d == []" dibs_in_green smc pnetid
ok "an interface gets one" in_green dibs smc pnetid add net1 interface lo
ok "a device gets one" in_green dibs smc pnetid add NET1 device lo
json "both are listed" \
	"d == [dict(pnetid='NET1', interface='lo', device=None),
	 dict(pnetid='NET1', interface=None, device='lo')]" \
	dibs_in_green smc pnetid list
refused "17 characters are no PNETID" "not a PNETID" \
	in_green dibs smc pnetid add 12345678901234567 device lo
refused "what has one gets no second" "has a PNETID already" \
	in_green dibs smc pnetid add NET2 device lo
refused "it has to be for something" "for what" \
	in_green dibs smc pnetid add NET2
for command in "add X device x" "del NET1" flush; do
	# shellcheck disable=SC2086 # several words
	refused "without CAP_NET_ADMIN: no pnetid $command" "not permitted" \
		in_green "${without_caps[@]}" dibs smc pnetid $command
done
ok "all with one are deleted" in_green dibs smc pnetid del NET1
refused "what is not there cannot be deleted" "nothing has this one" \
	in_green dibs smc pnetid del NET1
ok "what has one may be named by any bytes" \
	in_green dibs smc pnetid add NET3 device $'e\xff\e[2J'
json "that is listed" "[row['device'] for row in d] == ['e?\x1b[2J']" \
	dibs_in_green smc pnetid
ok "and does nothing to a terminal" in_green bash -c \
	"dibs smc pnetid | grep -q 'e??\[2J'"
in_green dibs smc pnetid flush
json "none is left" "d == []" dibs_in_green smc pnetid
refused "there is no other command" "unknown command" \
	in_green dibs smc pnetid burn

# --- tracepoints --------------------------------------------------------------------------

# traced PATTERN...: there is a line for each
traced() {
	local pattern

	cat "$trace"
	for pattern; do
		grep -qE "$pattern" "$trace" || {
			echo "missing: $pattern"
			return 1
		}
	done
}

echo >"$trace"
echo 1 >"$events/enable"
start_pair 127.0.0.1
tell send
tell shutdown
end_pair
to="sport=$client_port dport=$port" from="sport=$port dport=$client_port"
ok "the trace tells that both ends agreed" traced \
	"smc_handshake: .* client $to agreed reason=00000000" \
	"smc_handshake: .* server $from agreed reason=00000000"
ok "the trace tells what was sent and received" traced \
	"smc_tx_sendmsg: .* $to len=100 " "smc_rx_recvmsg: .* $from len=100 "
ok "the trace tells how states change" traced \
	"smc_state: .* $to INIT -> ACTIVE" \
	"smc_state: .* $to ACTIVE -> PEERCLOSEWAIT1" \
	"smc_state: .* $from ACTIVE -> APPCLOSEWAIT1"
echo >"$trace"
start_pair 127.0.0.1 tcp
end_pair
ok "the trace tells why a connection fell back" traced \
	"smc_switch_to_fallback: .* reason=03010000"
# Its interface is of no network.
in_green dibs smc pnetid add NET1 device lo
echo >"$trace"
start_pair 127.0.0.1
to="sport=$client_port dport=$port" from="sport=$port dport=$client_port"
end_pair
in_green dibs smc pnetid flush
ok "the trace tells which end declined, and why" traced \
	"smc_handshake: .* client $to decline reason=03030000" \
	"smc_handshake: .* server $from fallback reason=05000000 peer_reason=03030000" \
	"smc_switch_to_fallback: .* client $to reason=03030000"
echo 0 >"$events/enable"

done_testing
