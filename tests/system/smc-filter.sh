#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# What do packet filters, hooks and counters see of a connection whose bytes go
# through memory, and how does an administrator end one, or keep it on TCP? As
# docs/security.md says; each beside what it sees of TCP.
#
#   red, the client          blue, the server
#     10.1.0.1 ----- veth ----- 10.1.0.2       both use the device lo
#
# runs-on: 6.12
# needs: network

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

bulk=5000000

# gives ANSWER COMMAND...: of smc_filter.py
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
	# Of which there are counters.
	tc -n red qdisc replace dev red0 root pfifo || bail_out "no tc"
	mkdir "$scratch/bpf"
	mount -t bpf bpf "$scratch/bpf" || bail_out "no BPF"
	coproc python3 -B smc_filter.py
	# Bash forgets it when it ends.
	# shellcheck disable=SC2034 # by name
	ask_in=${COPROC[1]} ask_out=${COPROC[0]}
	children+=("$COPROC_PID")
	gives there drop "$scratch/bpf/drop" || bail_out "no XDP"
}

# Before the folder goes.
trap 'umount "$scratch/bpf" 2>/dev/null; _clean_up' EXIT

# --- what packets tell -----------------------------------------------------------

# Bytes of packets that the interface in blue has seen, both directions.
interface() {
	ip -n blue -s -j link show blue0 | python3 -c '
import json, sys
stats = json.load(sys.stdin)[0]["stats64"]
print(stats["rx"]["bytes"] + stats["tx"]["bytes"])'
}

# interface_saw -lt|-gt NUMBER: of the bytes of a transfer
interface_saw() {
	local before seen

	before=$(interface)
	gives arrived send "$bulk" || return
	seen=$(($(interface) - before))
	echo "the interface saw $seen bytes of $bulk"
	test "$seen" "$@"
}

# So many bytes red's queueing discipline has let pass.
queued() {
	tc -n red -s -j qdisc show dev red0 | python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["bytes"])'
}

# tc_saw -lt|-gt NUMBER: of the bytes of a transfer
tc_saw() {
	local before seen

	before=$(queued)
	gives arrived send "$bulk" || return
	seen=$(($(queued) - before))
	echo "tc saw $seen bytes of $bulk"
	test "$seen" "$@"
}

# Packets of connections in blue that conntrack has seen a million bytes of.
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

# tracked CARRIED [KIND] -eq|-gt NUMBER: packets of a connection, from SYN to FIN
tracked() {
	local carried=$1 kind=$2

	shift 2
	# shellcheck disable=SC2086 # none or one
	gives "$carried" open $kind && gives arrived send "$bulk" &&
		gives closed close && met "$@"
}

# xdp drop|off: what comes to blue
xdp() {
	if [[ $1 == off ]]; then
		ip -n blue link set dev blue0 xdpgeneric off
	else
		ip -n blue link set dev blue0 xdpgeneric \
			pinned "$scratch/bpf/drop"
	fi
}

# rule VERDICT: for the packets of TCP that come to blue; they are counted
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

# met -eq|-gt NUMBER: so many packets met the rule
met() {
	local count

	count=$(in_netns blue nft list counter ip t met |
		sed -n 's/.*packets \([0-9]*\).*/\1/p')
	echo "$count packets met the rule"
	test "$count" "$@"
}

# Nobody else sends packets here.
dropped_one() {
	rule drop && gives posted post && within 60 met -gt 0 &&
		gives no here
}

# As far as can be told: what is sent is not there after a round trip and more.
stopped() {
	local before

	before=$(queued)
	gives posted post && within 60 passed "$before" && gives no here
}

# Red has sent something since.
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
	skip "filters and SMC-D" "no nft (tests/vm/setup network)"
	done_testing
fi
no_rule

# --- through memory ---------------------------------------------------------------

ok "a connection through memory" gives "SMC-D SMC-D" open
ok "the interface's counters do not see its bytes" interface_saw -lt 10000
ok "nor do those of tc" tc_saw -lt 10000
json "the statistics of the device do" \
	"sum(r['counters']['move_bytes'] for r in d) >= $bulk" \
	in_netns red dibs stats --json
ok "a packet capture sees nothing" gives nothing capture
xdp drop
ok "an XDP program that drops all packets does not stop them" \
	gives arrived send "$bulk"
ok "new connections meet it" gives ETIMEDOUT refused
xdp off
ok "sockmap refuses it" gives EINVAL sockmap
rule drop
ok "a rule that drops all packets does not stop them" gives arrived send "$bulk"
ok "it met none" met -eq 0
ok "new connections meet it" gives ETIMEDOUT refused
rule "reject with tcp reset"
ok "or a rule that rejects them" gives ECONNREFUSED refused
ok "the old one goes on" gives arrived send "$bulk"
# The rule takes the resets that come to blue, as it does with TCP's own.
ok "until TCP has a packet to send: a reset ends red's end, then blue's is alone" \
	probed "ECONNRESET ETIMEDOUT"
no_rule
ok "it is closed" gives closed close
ok "another one through memory" gives "SMC-D SMC-D" open
ok "ss -K ends both ends of it" killed "ECONNABORTED ECONNRESET"
ok "it is closed, too" gives closed close
ok "a third one" gives "SMC-D SMC-D" open
in_netns red dibs device leave lo
ok "leaving the device ends both ends of it, which read" \
	gives "ECONNRESET ECONNRESET" ends
in_netns red dibs device join lo
ok "this one, too, is closed" gives closed close
ok "a fourth one" gives "SMC-D SMC-D" open
dibs device unshare lo
ok "the host's keeping the device to itself ends both ends of it" \
	gives "ECONNRESET ECONNRESET" ends
dibs device share lo
ok "it is closed" gives closed close
ok "a fifth one" gives "SMC-D SMC-D" open
dibs device disable lo
ok "so does disabling the device" gives "ECONNRESET ECONNRESET" ends
dibs device enable lo
ok "it is closed, too" gives closed close
track
ok "conntrack does not see the bytes of one, from its SYN to its FIN" \
	tracked "SMC-D SMC-D" "" -eq 0
no_rule
ok "a hook of a cgroup that lets nobody connect does so here" \
	gives EPERM hooked

# --- by TCP -----------------------------------------------------------------------

track
ok "conntrack sees the bytes of plain TCP" tracked "plain plain" tcp -gt 0
no_rule
ok "a connection of plain TCP" gives "plain plain" open tcp
ok "sockmap takes it" gives taken sockmap
ok "it is closed" gives closed close
in_netns blue sysctl -qw net.smc.enabled=0
ok "net.smc.enabled=0 keeps connections of a namespace on TCP" \
	gives "03010000 03000000" open
ok "the interface's counters see their bytes" interface_saw -gt "$bulk"
ok "so do those of tc" tc_saw -gt "$bulk"
xdp drop
ok "an XDP program that drops packets stops them" stopped
xdp off
ok "they arrive when it is gone" gives arrived fetch
ok "a packet capture sees them, too" gives caught capture
ok "a rule that drops packets stops them" dropped_one
ok "they arrive when it is gone" arrives_without_rule
gives closed close >/dev/null
in_netns blue sysctl -qw net.smc.enabled=1
in_netns red dibs device leave lo
ok "so does leaving the device" gives "03030000 03010000" open
ok "there, too, the interface's counters see the bytes" \
	interface_saw -gt "$bulk"
gives closed close >/dev/null
in_netns red dibs device join lo
dibs device unshare lo
ok "so does the host's keeping it to itself" gives "03030000 03030000" open
refused "which a namespace cannot change" "no such device" \
	in_netns red dibs device join lo
gives closed close >/dev/null
dibs device share lo
dibs device disable lo
ok "and disabling it" gives "03030000 03030000" open
gives closed close >/dev/null
dibs device enable lo

done_testing
