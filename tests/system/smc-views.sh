#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Does an administrator see what SMC-D does? What carries each connection, over
# which device, in which state; how many there were; why others fell back to
# TCP; and the EIDs. On the mapped path.
#
#   namespace green: client --- lo ---> server      the device is lo, too
#   namespace red:   no connections; must not see those of green
#
# runs-on: 6.12 6.1 (sock_diag and netlink differ)
# soak: debug
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

views=$lib/smc_views.py
events=/sys/kernel/tracing/events/smc
trace=/sys/kernel/tracing/trace

in_green() {
	in_netns green "$@"
}

dibs_in_green() {
	in_green dibs "$@" --json
}

# start_pair HOST [tcp]: connects a pair, sets $port and $client_port; commands
# are given by "tell"
start_pair() {
	coproc pair { in_green python3 "$views" pair "$@"; }
	# Bash unsets "pair" when the process ends, and closing pair_in ends it.
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

# list STATEMENT PYTHON: an expression of the client's socket c, the server's s
# and the listener l
list() {
	json "$1" "(lambda c, s, l: $2)(
		*[([r for r in d if r['local'].endswith(':$client_port')] + [{}])[0],
		  ([r for r in d if r['peer'].endswith(':$client_port')] + [{}])[0],
		  ([r for r in d if r['state'] == 'LISTEN'] + [{}])[0]])" \
		dibs_in_green smc list
}

# counted ROLE CARRIER [REASON]: an expression, a sum of "smc fallbacks"
counted() {
	echo "sum(r['count'] for r in d if r['role'] == '$1' and
		r['carrier'] == '$2' and '${3-}' in ('', r['reason']))"
}

# What people read in each view about the first connection.
declare -A lines=(
	[show]='^  sent +0000:00000064$'
	[linkgroups]='^[0-9a-f]{8} +lo +server +1 '
	[info]='^version +2\.1$'
	[eid]='^DIBS-DEFAULT +yes'
	[pnetid]='^PNETID +INTERFACE +DEVICE'
	[fallbacks]='^client +SMC-D +1 +-$'
)

says_in_lines() {
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

# --- what carries a connection ------------------------------------------------

json "the list is empty without sockets" "d == []" dibs_in_green smc list
json "the counters are zero without connections" \
	"[r['count'] for r in d] == [0, 0]" dibs_in_green smc fallbacks

for host in 127.0.0.1 ::1; do
	name=$host
	[[ $host == *:* ]] && name="[$host]"
	ok "$host: two ends connect" start_pair $host
	list "$host: both ends are carried by SMC-D over lo" \
		"[(r['carrier'], r['device']) for r in (c, s)] ==
		 [('SMC-D', 'lo')] * 2"
	list "$host: the listener has no carrier" \
		"l['carrier'] is None and 'device' not in l and
		 l['local'] == '$name:$port'"
	list "$host: SMC-D connections have no reason" \
		"(c['reason'], s['reason']) == (None, None)"
	list "$host: addresses and ports are those of TCP" \
		"c['local'] == s['peer'] == '$name:$client_port' and
		 s['local'] == c['peer'] == '$name:$port'"
	list "$host: both ends are ACTIVE" \
		"(c['state'], s['state']) == ('ACTIVE', 'ACTIVE')"
	list "$host: each end's token is the other's peer token" \
		"c['token'] == s['peer_token'] != s['token'] and
		 s['token'] == c['peer_token'] is not None"
	list "$host: all GIDs are those of the device" \
		"{c['gid'], s['gid'], c['peer_gid'], s['peer_gid']} ==
		 {'$(cat /sys/class/dibs/lo/gid)'}"
	list "$host: each end's ring is the other's send buffer" \
		"c['receive_buffer'] == s['send_buffer'] > 16000 and
		 s['receive_buffer'] == c['send_buffer'] > 16000"
	ok "$host: bytes arrive" tell send
	inode=$(in_green dibs smc list --json | python3 -c "
import json, sys
print([r['inode'] for r in json.load(sys.stdin)
       if r['local'].endswith(':$client_port')][0])")
	json "$host: one socket can be shown with the cursors of its rings" \
		"len(d) == 1 and d[0]['inode'] == $inode and
		 (d[0]['sent'], d[0]['read'], d[0]['shutdown']) ==
		 ('0000:00000064', '0000:00000000', 'no')" \
		dibs_in_green smc show "$inode"
	json "$host: all sockets can be shown with their cursors" \
		"len(d) == 3 and 'sent' in d[0] | d[1] | d[2]" \
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
	list "$host: the states say which end has still to close" \
		"(c['state'], s['state']) ==
		 ('PEERCLOSEWAIT1', 'APPCLOSEWAIT1')"
	ok "$host: people read device and carrier in one column" \
		bash -c "nsenter --net=/run/netns/green dibs smc list |
			 grep -E '^APPCLOSEWAIT1 .* SMC-D lo +-\$'"
	json "$host: another namespace sees no socket" "d == []" \
		in_netns red dibs smc list --json
	[[ $host == *:* ]] || end_pair
done
refused "an inode that no SMC socket has is refused" \
	"no SMC socket has inode" in_green dibs smc show 1
refused "an inode that is not a number is refused" "inode 'x'" \
	in_green dibs smc show x
json "the system speaks version 2.1 and limits no handshakes" \
	"(d['version'], d['host'], d['handshakes_limited'],
	 d['system_eid']) == ('2.1', '$(uname -n)', False, None)" \
	dibs_in_green smc info

# --- what others may not see --------------------------------------------------

holds_lines() {
	local wanted=$1

	shift
	[[ $("$@" | tee "$scratch/lines" | sort -u) == "$wanted" ]] &&
		(($(wc -l <"$scratch/lines") == 2))
	local status=$?
	cat "$scratch/lines"
	return "$status"
}

ok "an administrator reads the tokens of both ends" holds_lines \
	"hole 0 gids True tokens some some info 76" \
	in_green python3 "$views" read
ok "tokens are zero without CAP_NET_ADMIN, and the rest is shown" holds_lines \
	"hole 0 gids True tokens none none info 76" \
	in_green "${without_caps[@]}" python3 "$views" read
json "dibs shows no tokens without CAP_NET_ADMIN" \
	"[r['token'] for r in d if r['carrier']] == [None, None]" \
	in_green "${without_caps[@]}" dibs smc list --json
ok "root of a user namespace of its own reads no tokens" holds_lines \
	"hole 0 gids True tokens none none info 76" \
	in_green unshare --user --map-root-user python3 "$views" read
end_pair

json "closed sockets are not listed" "d == []" dibs_in_green smc list

# --- counters -----------------------------------------------------------------

json "each connection was counted at both ends" \
	"$(counted client SMC-D) == $(counted server SMC-D) == 2" \
	dibs_in_green smc fallbacks
json "the statistics have each connection, with calls and bytes" \
	"d['connections'] == dict(client=2, server=2) and
	 (d['sent']['calls'], d['sent']['bytes']) == (2, 200) and
	 d['sent']['calls_up_to']['8K'] == 2 and
	 d['received']['bytes'] == 200 and d['received']['rings_made'] == 4 and
	 d['sent']['ring_bytes'] == d['received']['ring_bytes'] == 0 and
	 d['broken_handshakes'] == dict(client=0, server=0)" \
	dibs_in_green smc stats
ok "people read \"dibs smc stats\" in lines" \
	bash -c "nsenter --net=/run/netns/green dibs smc stats |
		 grep -E '^  calls up to 8K +2\$'"
json "no connection was counted as fallen back" \
	"$(counted client TCP) == $(counted server TCP) == 0" \
	dibs_in_green smc fallbacks
ok "a TCP client connects" start_pair 127.0.0.1 tcp
list "a TCP client's server fell back because the peer has no SMC" \
	"(s['carrier'], s['reason']) == ('TCP', '03010000') and
	 s['state'] == 'ACTIVE' and 'device' not in s"
list "a TCP client is not listed" "c == {}"
end_pair
json "a fallback is counted with its reason" \
	"$(counted server TCP 03010000) == $(counted server TCP) == 1 and
	 $(counted client TCP) == 0" dibs_in_green smc fallbacks
in_green sysctl -qw net.smc.enabled=0
ok "two ends connect in a namespace with net.smc.enabled=0" \
	start_pair 127.0.0.1
list "both ends fell back because of the configuration" \
	"[(r['carrier'], r['reason']) for r in (c, s)] ==
	 [('TCP', '03000000')] * 2"
end_pair
in_green sysctl -qw net.smc.enabled=1
in_green dibs device leave lo
ok "two ends connect in a namespace without a device" start_pair 127.0.0.1
list "both ends fell back because there is no device" \
	"[(r['carrier'], r['reason']) for r in (c, s)] ==
	 [('TCP', '03030000')] * 2"
end_pair
in_green dibs device join lo
json "fallbacks do not change the count of SMC-D" \
	"$(counted client SMC-D) == $(counted server SMC-D) == 2" \
	dibs_in_green smc fallbacks
json "another namespace has counted nothing" \
	"[r['count'] for r in d] == [0, 0]" in_netns red dibs smc fallbacks --json

# --- EIDs ---------------------------------------------------------------------

# eids STATEMENT EID...: the list has these and then the default
eids() {
	local statement=$1

	shift
	json "$statement" "[r['eid'] for r in d if not r['default']] ==
		'$*'.split() and [r['default'] for r in d] ==
		[False] * $# + [True]" dibs smc eid list --json
}

eids "there is a default EID and no other"
ok "an EID is added" dibs smc eid add A.1-B
eids "an added EID is listed" A.1-B
refused "an EID cannot be added twice" "already exists" \
	dibs smc eid add A.1-B
for bad in a-b .A 'A B' A_B '' "$(printf 'A%.0s' {1..33})"; do
	refused "'$bad' is refused as a UEID" "not a UEID" \
		dibs smc eid add "$bad"
done
eids "EIDs that were refused are not listed" A.1-B
long=$(printf 'Z%.0s' {1..32})
for eid in B C "$long"; do
	ok "EID $eid is added" dibs smc eid add "$eid"
done
refused "a fifth EID is refused" "4 UEIDs" dibs smc eid add FIFTH
eids "all four EIDs are listed" A.1-B B C "$long"
refused "an EID that does not exist cannot be deleted" "no such UEID" \
	dibs smc eid del NOBODY
ok "an EID is deleted" dibs smc eid del "$long"
eids "the other EIDs stay" A.1-B B C
for command in "add X" "del B" flush; do
	# shellcheck disable=SC2086 # two words
	refused "without CAP_NET_ADMIN, \"smc eid $command\" is refused" \
		"not permitted" "${without_caps[@]}" dibs smc eid $command
done
refused "root of another user namespace cannot change EIDs" "not permitted" \
	unshare --user --net --map-root-user dibs smc eid flush
eids "refused commands change no EID" A.1-B B C
json "anybody may list EIDs" "len(d) == 4" \
	"${without_caps[@]}" dibs smc eid --json
ok "two ends connect with EIDs of an administrator" start_pair 127.0.0.1
list "SMC-D carries connections with EIDs of an administrator" \
	"c['carrier'] == s['carrier'] == 'SMC-D'"
end_pair
ok "all EIDs are deleted" dibs smc eid flush
eids "the default EID stays"
refused "\"smc eid add\" without an EID is refused" "no EID given" \
	dibs smc eid add
refused "\"smc eid add\" with two EIDs is refused" "" dibs smc eid add A B
refused "an unknown command of \"smc eid\" is refused" "unknown command" \
	dibs smc eid burn

# --- PNETIDs ------------------------------------------------------------------

json "there is no PNETID" "d == []" dibs_in_green smc pnetid
ok "an interface gets a PNETID" \
	in_green dibs smc pnetid add net1 interface lo
ok "a device gets a PNETID" in_green dibs smc pnetid add NET1 device lo
json "the interface and the device are listed with their PNETID" \
	"d == [dict(pnetid='NET1', interface='lo', device=None),
	 dict(pnetid='NET1', interface=None, device='lo')]" \
	dibs_in_green smc pnetid list
refused "a PNETID of 17 characters is refused" "not a PNETID" \
	in_green dibs smc pnetid add 12345678901234567 device lo
refused "a second PNETID for a device is refused" "already has a PNETID" \
	in_green dibs smc pnetid add NET2 device lo
refused "a PNETID for nothing is refused" "no interface or device given" \
	in_green dibs smc pnetid add NET2
for command in "add X device x" "del NET1" flush; do
	# shellcheck disable=SC2086 # several words
	refused "without CAP_NET_ADMIN, \"smc pnetid $command\" is refused" \
		"not permitted" \
		in_green "${without_caps[@]}" dibs smc pnetid $command
done
ok "all entries with one PNETID are deleted" \
	in_green dibs smc pnetid del NET1
refused "a PNETID that does not exist cannot be deleted" \
	"no interface or device has it" in_green dibs smc pnetid del NET1
ok "a device with any bytes in its name gets a PNETID" \
	in_green dibs smc pnetid add NET3 device $'e\xff\e[2J'
json "a device with any bytes in its name is listed" \
	"[row['device'] for row in d] == ['e?\x1b[2J']" \
	dibs_in_green smc pnetid
ok "a device's name does nothing to a terminal" in_green bash -c \
	"dibs smc pnetid | grep -q 'e??\[2J'"
in_green dibs smc pnetid flush
json "no PNETID is left after a flush" "d == []" dibs_in_green smc pnetid
refused "an unknown command of \"smc pnetid\" is refused" \
	"unknown command" in_green dibs smc pnetid burn

# --- tracepoints --------------------------------------------------------------

# traced PATTERN...: does the trace have a line for each?
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
ok "the trace shows that both ends agreed" traced \
	"smc_handshake: .* client $to agreed reason=00000000" \
	"smc_handshake: .* server $from agreed reason=00000000"
ok "the trace shows what was sent and received" traced \
	"smc_tx_sendmsg: .* $to len=100 " "smc_rx_recvmsg: .* $from len=100 "
ok "the trace shows how states change" traced \
	"smc_state: .* $to INIT -> ACTIVE" \
	"smc_state: .* $to ACTIVE -> PEERCLOSEWAIT1" \
	"smc_state: .* $from ACTIVE -> APPCLOSEWAIT1"
echo >"$trace"
start_pair 127.0.0.1 tcp
end_pair
ok "the trace shows why a connection fell back" traced \
	"smc_switch_to_fallback: .* reason=03010000"
# The interface has no PNETID.
in_green dibs smc pnetid add NET1 device lo
echo >"$trace"
start_pair 127.0.0.1
to="sport=$client_port dport=$port" from="sport=$port dport=$client_port"
end_pair
in_green dibs smc pnetid flush
ok "the trace shows which end declined, and why" traced \
	"smc_handshake: .* client $to decline reason=03030000" \
	"smc_handshake: .* server $from fallback reason=05000000 peer_reason=03030000" \
	"smc_switch_to_fallback: .* client $to reason=03030000"
echo 0 >"$events/enable"

done_testing
