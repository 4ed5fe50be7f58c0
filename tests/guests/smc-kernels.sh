#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Two kernels that share no memory: do SMC sockets find that out, fall back to
# TCP and give the reason, whatever the other kernel runs, and when it vanishes?
#
#   this guest: dibs_smc ----- eth0 ----- the other guest: the distribution's
#     10.9.0.1, fd09::1                     smc, without and with its loopback;
#                                           TCP; dibs_smc
#                                           10.9.0.2, fd09::2
#
# smc_kernels.py is the server in both. Each connection carries random bytes
# with checksums both ways; each end's own kernel says what became of it.
#
# runs-on: 6.12
# guests: 2
# needs: network smc

cd "$(dirname "$0")" || exit
# shellcheck source=../system/lib/lib.sh
. ../system/lib/lib.sh

ends=$PWD/lib/smc_kernels.py
# The distribution's smc with its loopback; see bench/sockets/baseline.
baseline=$DIBS_CACHE/baseline/$(uname -r)
eid=DIBS-TEST-DIBS-TEST-DIBS-TEST-12	# its smc wants 32 characters
capture=$scratch/capture.pcapng

# The repository is at the same path there.
peer() {
	"$DIBS_GUEST/peer" "$@"
}

# --- servers ------------------------------------------------------------------

serve_here() {
	background "$scratch/serve" python3 "$ends" serve
	within 60 grep -q ready "$scratch/serve"
}

serve_there() {
	peer "setsid python3 $ends serve >/tmp/serve 2>&1 & echo \$! >/tmp/id
		for i in {1..600}; do
			grep -q ready /tmp/serve && exit
			sleep 0.1
		done; cat /tmp/serve; exit 1"
}

# change_modules_there COMMAND: unloads the modules there and loads others with
# COMMAND. The clients have closed all connections of the servers.
change_modules_there() {
	peer "kill \$(cat /tmp/id)
		for i in {1..600}; do
			rmmod smc_diag && rmmod smc && break
			modprobe -q smc_diag
			sleep 0.1
		done
		$1" && serve_there
}

# --- what became of both ends -------------------------------------------------

# gives "CLIENT SERVER" COMMAND...: a command that runs "smc_kernels.py talk"
gives() {
	local wanted=$1 answer

	shift
	answer=$("$@" 2>&1)
	echo "$answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

# we_connect STATEMENT KINDS "CLIENT SERVER": over IPv4 and over IPv6
we_connect() {
	ok "$1" gives "$3" python3 "$ends" talk 10.9.0.2,fd09::2 "$2"
}

they_connect() {
	ok "$1" gives "$3" peer python3 "$ends" talk 10.9.0.1,fd09::1 "$2"
}

# --- packets ------------------------------------------------------------------

capture_packets() {
	background "$scratch/dumpcap" dumpcap -q -i eth0 -s 400 -w "$capture" \
		-f "tcp and portrange 7001-7002"
	dumpcap=$!
	within 60 test -s "$capture"
}

decode() {
	tshark -r "$capture" -Y "smc || _ws.malformed" -T fields \
		-E separator=, -e ip.src -e ipv6.src -e smc.clc_msg \
		-e smc.length -e _ws.malformed -e _ws.expert.message
}

# All four addresses have sent CLC messages, and tshark can read them.
all_readable() {
	kill -INT "$dumpcap"
	wait "$dumpcap"
	decode >"$scratch/decoded"
	cat "$scratch/decoded"
	awk -F, '$5 != "" { bad = 1 } $3 != "" { sent[$1 $2]++ }
		END { exit bad || length(sent) != 4 }' "$scratch/decoded"
}

# --- a peer that is silent, and one that dies ---------------------------------

# Drops packets with data from the other guest's third port.
lose_answers() {
	nft -f - <<END
flush ruleset
table inet t {
	chain c {
		type filter hook input priority 0;
		tcp sport 7003 tcp flags & (syn | fin | rst | psh) == psh drop
	}
}
END
}

# after_silence "CLIENT SERVER": drops answers until connect() returns
after_silence() {
	local line='' to from

	lose_answers || return
	coproc talker { python3 "$ends" talk 10.9.0.2 smc-slow -; }
	# Bash unsets "talker" when the process ends.
	to=${talker[1]} from=${talker[0]}
	read -r -t 120 line <&"$from"
	echo "$line"
	nft flush ruleset
	[[ $line == connected ]] || return
	echo go on >&"$to"
	read -r -t 120 line <&"$from"
	echo "$line, wanted $1"
	[[ $line == "$1" ]]
}

outlive() {
	lose_answers || return
	background "$scratch/outlive" python3 "$ends" outlive 10.9.0.2
	outlive=$!
	within 120 grep -q ready "$scratch/outlive"
}

# The other guest reboots at once, without a packet to anybody.
die_there() {
	background /dev/null peer "echo b >/proc/sysrq-trigger"
	wait "$outlive"
}

ended() {
	cat "$scratch/outlive"
	grep -qx "$1" "$scratch/outlive"
}

modprobe dibs_loopback || bail_out "no module dibs_loopback"
modprobe dibs_smc || bail_out "no module dibs_smc"
peer "modprobe smc && modprobe smc_diag" || bail_out "no smc in the other guest"
serve_here || bail_out "nothing serves here"
serve_there || bail_out "nothing serves there"
capture_packets

# --- the distribution's smc, which has no device ------------------------------

we_connect "dibs_smc connects to the distribution's smc over TCP" smc-smc \
	"05000000/03030003 03030003"
they_connect "the distribution's smc connects to dibs_smc over TCP" smc-smc \
	"03030000 05000000/03030000"
we_connect "dibs_smc connects to a TCP socket" smc-tcp "03010000 plain"
they_connect "the distribution's smc connects to a TCP socket" smc-tcp \
	"03010000 plain"
we_connect "a TCP socket connects to the distribution's smc" tcp-smc \
	"plain 03010000"
they_connect "a TCP socket connects to dibs_smc" tcp-smc "plain 03010000"

# --- the distribution's smc with a loopback of its own ------------------------

if [[ -e $baseline/smc_diag.ko ]]; then
	ok "the other guest's smc gets a loopback" change_modules_there \
		"insmod $baseline/smc.ko && insmod $baseline/smc_diag.ko"
	# It looks for a device before it looks for an EID; dibs_smc does not.
	we_connect "dibs_smc connects to a foreign loopback without EIDs" \
		smc-smc "05000000/03030007 03030007"
	they_connect "a foreign loopback without EIDs connects to dibs_smc" \
		smc-smc "05000000/03030008 03030008"
	ok "the other guest gets an EID" peer dibs smc eid add "$eid"
	ok "this guest gets the same EID" dibs smc eid add "$eid"
	we_connect "dibs_smc connects to a foreign loopback over TCP" smc-smc \
		"05000000/03030007 03030007"
	they_connect "a foreign loopback connects to dibs_smc" \
		smc-smc \
		"05000000/03030007 03030007"
else
	skip "the distribution's smc has a loopback" \
		"not built (tests/vm/setup smc)"
fi

# --- dibs_smc in both, each with a device lo ----------------------------------

ok "the other guest changes its modules" change_modules_there \
	"modprobe dibs_loopback && modprobe dibs_smc"
we_connect "dibs_smc connects to dibs_smc of another kernel over TCP" smc-smc \
	"05000000/03030007 03030007"
they_connect "dibs_smc of another kernel connects to dibs_smc over TCP" \
	smc-smc "05000000/03030007 03030007"
ok "tshark can read all CLC messages" all_readable
ok "a CLC answer that comes after 6 s reaches no program" \
	after_silence "02010000 03030007"
ok "connections transfer bytes" outlive
ok "all connections end when the other guest dies" die_there
for way in "tcp flow" "tcp sink" "smc flow" "smc sink"; do
	ok "$way: the connection times out" ended "$way: ETIMEDOUT"
done
ok "a connection in the middle of the handshake times out" \
	ended "smc handshake: 02010000 ETIMEDOUT"

done_testing
