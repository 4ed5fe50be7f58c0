#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What do packet filters, hooks and counters see of a connection whose bytes go
# through memory, and how can an administrator end it, or keep it on TCP?
# docs/security.md says so; each is compared with what it sees of TCP.
#
#   red, the client          blue, the server
#     10.1.0.1 ----- veth ----- 10.1.0.2       both use the device lo
#
# runs-on: 6.12
# needs: network
# cpus: 1

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

bulk=5000000

# gives ANSWER COMMAND...: a command of smc_filter.py
gives() {
	local wanted=$1 answer=

	shift
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
	echo "$*: $answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

set_up() {
	netns_pair red blue 10.1.0
	in_netns red sysctl -qw net.ipv4.tcp_syn_retries=1
	# A qdisc that has counters.
	tc -n red qdisc replace dev red0 root pfifo || bail_out "no tc"
	mkdir "$scratch/bpf"
	mount -t bpf bpf "$scratch/bpf" || bail_out "no BPF"
	coproc python3 -B "$lib/smc_filter.py"
	# Bash unsets COPROC when the process ends.
	ask_in=${COPROC[1]} ask_out=${COPROC[0]}
	children+=("$COPROC_PID")
	gives there drop "$scratch/bpf/drop" || bail_out "no XDP"
}

# Unmount before the folder is removed.
trap 'umount "$scratch/bpf" 2>/dev/null; _clean_up' EXIT

# --- what counters and rules see ----------------------------------------------

# Prints how many bytes the interface in blue has seen, in both directions.
interface() {
	ip -n blue -s -j link show blue0 | python3 -c '
import json, sys
stats = json.load(sys.stdin)[0]["stats64"]
print(stats["rx"]["bytes"] + stats["tx"]["bytes"])'
}

# interface_saw -lt|-gt NUMBER: compares the bytes it saw of a transfer
interface_saw() {
	local before seen

	before=$(interface)
	gives arrived send "$bulk" || return
	seen=$(($(interface) - before))
	echo "the interface saw $seen bytes of $bulk"
	test "$seen" "$@"
}

# Prints how many bytes red's queueing discipline has passed.
queued() {
	tc -n red -s -j qdisc show dev red0 | python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["bytes"])'
}

# tc_saw -lt|-gt NUMBER: compares the bytes it saw of a transfer
tc_saw() {
	local before seen

	before=$(queued)
	gives arrived send "$bulk" || return
	seen=$(($(queued) - before))
	echo "tc saw $seen bytes of $bulk"
	test "$seen" "$@"
}

# Counts packets of connections in blue of which conntrack saw a million bytes.
track() {
	in_netns blue nft -f - <<END
flush ruleset
table ip t {
	counter met { }
	chain c {
		type filter hook input priority 0;
		ip protocol tcp ct bytes > 1000000 counter name met
	}
}
END
}

# tracked CARRIED [KIND] -eq|-gt NUMBER: compares how many packets of a
# connection, from SYN to FIN, met the rule
tracked() {
	local carried=$1 kind=$2

	shift 2
	# shellcheck disable=SC2086 # none or one
	gives "$carried" open $kind && gives arrived send "$bulk" &&
		gives closed close && met "$@"
}

# A stateful firewall in blue, which takes up no connection but by a SYN:
# counts packets of connections that conntrack knows, drops and counts others.
stateful() {
	in_netns blue nft -f - <<END
flush ruleset
table ip t {
	counter known { }
	counter met { }
	chain c {
		type filter hook input priority 0;
		ct state new,established counter name known accept
		ip protocol tcp counter name met drop
	}
}
END
	in_netns blue sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
}

# forget_after SECONDS: how long conntrack keeps what sends no packet
forget_after() {
	in_netns blue sysctl -qw \
		net.netfilter.nf_conntrack_tcp_timeout_established="$1"
}

# more_known NUMBER: waits until conntrack has known so many more packets
more_known() {
	within 60 counted known -gt $(($(count known) + $1 - 1))
}

# While bytes move that conntrack does not see.
kept() {
	gives probing probe 1 && gives arrived send 10000 && more_known 5 &&
		gives arrived send 10000 && met -eq 0
}

# The next probe makes the entry's time-out short, and is the last packet
# before it is over.
forgotten() {
	forget_after 1
	more_known 2 && gives probing probe 3 && within 60 busy_unknown
}

busy_unknown() {
	gives arrived send 10000
	met -gt 0
}

# Which end gives up first is open; it resets the other.
given_up() {
	echo ends >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
	echo "ends: $answer"
	[[ $answer == *E*OUT* || $answer == *ECONNRESET* ]]
}

# xdp drop|off: for packets that arrive in blue
xdp() {
	if [[ $1 == off ]]; then
		ip -n blue link set dev blue0 xdpgeneric off
	else
		ip -n blue link set dev blue0 xdpgeneric \
			pinned "$scratch/bpf/drop"
	fi
}

# rule VERDICT: for TCP packets that arrive in blue, which are counted
rule() {
	in_netns blue nft -f - <<END
flush ruleset
table ip t {
	counter met { }
	chain c {
		type filter hook input priority 0;
		ip protocol tcp counter name met $1
	}
}
END
}

no_rule() {
	in_netns blue nft flush ruleset
}

# Prints how many packets a counter in blue has counted.
count() {
	in_netns blue nft list counter ip t "$1" |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

# counted COUNTER -eq|-gt NUMBER: compares how many packets it has counted
counted() {
	local packets

	packets=$(count "$1")
	echo "$1: $packets packets"
	test "$packets" "${@:2}"
}

# met -eq|-gt NUMBER: compares how many packets met the rule
met() {
	counted met "$@"
}

# Nobody else sends packets here, so the one that met the rule is ours.
dropped_one() {
	rule drop && gives posted post && within 60 met -gt 0 &&
		gives no here
}

# As far as that can be tested: the bytes have not arrived once red has sent
# them.
stopped() {
	local before

	before=$(queued)
	gives posted post && within 60 passed "$before" && gives no here
}

# passed BYTES: has red sent anything since its count was BYTES?
passed() {
	(($(queued) > $1))
}

arrives_without_rule() {
	no_rule && gives arrived fetch
}

probed() {
	gives probing probe && gives "$1" ends
}

killed() {
	in_netns red ss -K dst 10.1.0.2 && gives "$1" ends
}

modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_smc || bail_out "no module dibs_smc"
modprobe -q nf_tables
set_up
if ! rule accept; then
	skip "filters are tested beside SMC-D" "no nft (tests/vm/setup network)"
	done_testing
fi
no_rule

# --- through memory -----------------------------------------------------------

ok "SMC-D carries a connection" gives "SMC-D SMC-D" open
ok "the interface's counters do not see bytes of SMC-D" \
	interface_saw -lt 10000
ok "tc's counters do not see bytes of SMC-D" tc_saw -lt 10000
json "the device's statistics see bytes of SMC-D" \
	"sum(r['counters']['move_bytes'] for r in d) >= $bulk" \
	in_netns red dibs stats --json
ok "a packet capture sees nothing of SMC-D" gives nothing capture
xdp drop
ok "an XDP program that drops all packets does not stop SMC-D" \
	gives arrived send "$bulk"
ok "an XDP program that drops all packets stops new connections" \
	gives ETIMEDOUT refused
xdp off
ok "sockmap refuses a connection of SMC-D" gives EINVAL sockmap
rule drop
ok "a rule that drops all packets does not stop SMC-D" \
	gives arrived send "$bulk"
ok "a rule sees no packet of SMC-D" met -eq 0
ok "a rule that drops all packets stops new connections" \
	gives ETIMEDOUT refused
rule "reject with tcp reset"
ok "a rule that rejects packets refuses new connections" \
	gives ECONNREFUSED refused
ok "a rule that rejects packets does not stop SMC-D" gives arrived send "$bulk"
# The rule also drops the resets that arrive in blue, like TCP's own.
ok "a rejected keepalive probe of TCP resets red's end, and blue's times out" \
	probed "ECONNRESET ETIMEDOUT"
no_rule
ok "a connection that a rule reset is closed" gives closed close
ok "SMC-D carries a connection for ss -K" gives "SMC-D SMC-D" open
ok "ss -K ends both ends of a connection" killed "ECONNABORTED ECONNRESET"
ok "a connection that ss -K ended is closed" gives closed close
ok "SMC-D carries a connection of a namespace that will leave the device" \
	gives "SMC-D SMC-D" open
in_netns red dibs device leave lo
ok "leaving the device ends both ends of a connection, which read" \
	gives "ECONNRESET ECONNRESET" ends
in_netns red dibs device join lo
ok "a connection that leaving the device ended is closed" gives closed close
ok "SMC-D carries a connection over a device that will be unshared" \
	gives "SMC-D SMC-D" open
dibs device unshare lo
ok "unsharing the device ends both ends of a connection" \
	gives "ECONNRESET ECONNRESET" ends
dibs device share lo
ok "a connection that unsharing the device ended is closed" gives closed close
ok "SMC-D carries a connection over a device that will be disabled" \
	gives "SMC-D SMC-D" open
dibs device disable lo
ok "disabling the device ends both ends of a connection" \
	gives "ECONNRESET ECONNRESET" ends
dibs device enable lo
ok "a connection that disabling the device ended is closed" gives closed close
track
ok "conntrack does not see the bytes of SMC-D, from SYN to FIN" \
	tracked "SMC-D SMC-D" "" -eq 0
no_rule
stateful
ok "SMC-D carries a connection through a stateful firewall" \
	gives "SMC-D SMC-D" open
ok "keepalive keeps conntrack's entry of a connection of SMC-D" kept
ok "conntrack forgets a busy connection of SMC-D that sends no packet in time" \
	forgotten
ok "keepalive that conntrack does not know any more ends the connection" \
	given_up
ok "a connection that conntrack forgot is closed" gives closed close
forget_after 432000
no_rule
ok "a cgroup hook that forbids connect() forbids it for SMC sockets" \
	gives EPERM hooked
if gives none landlocked >/dev/null; then
	skip "Landlock forbids connect() of SMC sockets" \
		"no Landlock with rules for ports"
else
	ok "Landlock forbids connect() of SMC sockets" gives EACCES landlocked
fi

# --- by TCP -------------------------------------------------------------------

track
ok "conntrack sees the bytes of plain TCP" tracked "plain plain" tcp -gt 0
no_rule
ok "plain TCP sockets connect" gives "plain plain" open tcp
ok "sockmap takes a connection of plain TCP" gives taken sockmap
ok "a connection in a sockmap is closed" gives closed close
in_netns blue sysctl -qw net.smc.enabled=0
ok "net.smc.enabled=0 keeps connections of a namespace on TCP" \
	gives "03010000 03000000" open
ok "the interface's counters see bytes that fell back to TCP" \
	interface_saw -gt "$bulk"
ok "tc's counters see bytes that fell back to TCP" tc_saw -gt "$bulk"
xdp drop
ok "an XDP program that drops packets stops bytes that fell back to TCP" \
	stopped
xdp off
ok "bytes that XDP stopped arrive when the program is gone" gives arrived fetch
ok "a packet capture sees bytes that fell back to TCP" gives caught capture
ok "a rule that drops packets stops bytes that fell back to TCP" dropped_one
ok "bytes that a rule stopped arrive when the rule is gone" \
	arrives_without_rule
gives closed close >/dev/null
in_netns blue sysctl -qw net.smc.enabled=1
in_netns red dibs device leave lo
ok "leaving the device keeps connections on TCP" \
	gives "03030000 03010000" open
ok "the interface's counters see bytes of a namespace that left the device" \
	interface_saw -gt "$bulk"
gives closed close >/dev/null
in_netns red dibs device join lo
dibs device unshare lo
ok "unsharing the device keeps connections on TCP" \
	gives "03030000 03030000" open
refused "a namespace cannot join a device that is not shared" \
	"no such device" in_netns red dibs device join lo
gives closed close >/dev/null
dibs device share lo
dibs device disable lo
ok "disabling the device keeps connections on TCP" \
	gives "03030000 03030000" open
gives closed close >/dev/null
dibs device enable lo

done_testing
