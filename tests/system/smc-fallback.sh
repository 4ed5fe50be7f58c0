#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Whatever fails on the way to DMBs, does TCP carry the connection? Programs
# notice nothing: bytes arrive in both directions (smc_fallback.py checks), and
# both ends give the reason, in "dibs smc list" while the connection lasts and
# in "dibs smc fallbacks".
#
#   red, the client          blue, the server           liar
#     10.1.0.1 ----- veth ----- 10.1.0.2
#                               10.2.0.2 ----- TUN ----- 10.2.0.1
#
# Red and blue share the device lo, unless a test removes it. The liar uses
# plain TCP sockets and sends CLC messages of its own making (smc_peer.py).
#
# runs-on: 6.12 6.1 debug (TCP answers the option differently)
# cpus: 1
# in-check:

cd "$(dirname "$0")" || exit
# shellcheck source=lib/lib.sh
. lib/lib.sh

# ask COMMAND...: sets $answer to the answer, see smc_fallback.py
ask() {
	answer=
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
}

# gives ANSWER COMMAND...
gives() {
	local wanted=$1

	shift
	ask "$@"
	echo "$*: $answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

# ends STATEMENT "CLIENT SERVER" COMMAND...: checks what became of both ends
ends() {
	local statement=$1

	shift
	ok "$statement" gives "$@"
}

# both COMMAND...: runs COMMAND in red and in blue
both() {
	in_netns red "$@"
	in_netns blue "$@"
}

set_up() {
	netns_pair red blue 10.1.0
	both ip link set lo up
	coproc python3 -B "$lib/smc_fallback.py"
	# Bash unsets COPROC when the process ends.
	ask_in=${COPROC[1]} ask_out=${COPROC[0]}
	children+=("$COPROC_PID")
}

# The wire between the liar and blue, see smc_wire.py.
lay_wire() {
	local ready=

	netns_add liar
	modprobe tun 2>/dev/null
	if [[ ! -e /dev/net/tun ]]; then
		mkdir -p /dev/net
		mknod /dev/net/tun c 10 200
	fi
	mkfifo "$scratch/wire"
	python3 -B "$lib/smc_wire.py" >"$scratch/wire" &
	children+=($!)
	read -r ready <"$scratch/wire"
	[[ $ready == ready ]] || bail_out "no TUN devices"
	ip -n liar addr add 10.2.0.1/24 dev tun0
	ip -n blue addr add 10.2.0.2/24 dev tun0
	ip -n liar link set tun0 up
	ip -n blue link set tun0 up
}

modprobe dibs_smc || bail_out "no module dibs_smc"
if [[ -d /sys/module/dibs_loopback ]]; then
	rmmod dibs_loopback || bail_out "dibs_loopback is in use"
fi
set_up

# --- no device ---------------------------------------------------------------

ends "without dibs_loopback, TCP carries a connection" "03030000 03030000" \
	pair red blue
modprobe dibs_loopback || bail_out "no module dibs_loopback"
ends "with dibs_loopback, SMC-D carries a connection" "SMC-D SMC-D" \
	pair red blue
in_netns red dibs device leave lo
ends "TCP carries a connection whose client has no device" \
	"03030000 03010000" pair red blue
in_netns red dibs device join lo
in_netns blue dibs device leave lo
ends "TCP carries a connection whose server has no device" \
	"03010000 03030000" pair red blue
ends "a server without a device that speaks first waits for no delayed ACK" \
	"0 late" greet red blue
in_netns blue dibs device join lo

# --- one end does not use SMC ------------------------------------------------

ends "TCP carries a connection whose server is a plain TCP socket" \
	"03010000 plain" pair red blue:tcp
ends "TCP carries a connection whose client is a plain TCP socket" \
	"plain 03010000" pair red:tcp blue
ends "TCP carries a connection whose client asks for fast open" \
	"03060000 03010000" pair red:fastopen blue
ends "TCP carries a connection whose server asks for fast open" \
	"03010000 03060000" pair red blue:fastopen
in_netns red sysctl -qw net.smc.enabled=0
ends "TCP carries a connection whose client has net.smc.enabled=0" \
	"03000000 03010000" pair red blue
in_netns red sysctl -qw net.smc.enabled=1
in_netns blue sysctl -qw net.smc.enabled=0
ends "TCP carries a connection whose server has net.smc.enabled=0" \
	"03010000 03000000" pair red blue
in_netns blue sysctl -qw net.smc.enabled=1

# --- no device in common -----------------------------------------------------

both dibs device leave lo
in_netns red dibs device add own
in_netns blue dibs device add own
ends "TCP carries a connection whose ends have no device in common" \
	"05000000/03030007 03030007" pair red blue
both dibs device del own

# --- no DMB ------------------------------------------------------------------

in_netns blue dibs device add small max-dmbs 1
in_netns blue dibs device grant small red
ends "TCP carries a connection whose client gets no DMB" \
	"030d0000 05000000/030d0000" pair red blue
in_netns blue dibs device del small
in_netns blue dibs device add small max-dmbs 2
in_netns blue dibs device grant small red
ends "SMC-D carries a connection if there are two DMBs" "SMC-D SMC-D" \
	hold red blue
ends "TCP carries a connection whose server gets no DMB" \
	"05000000/030d0000 030d0000" pair red blue
ok "the first connection closes" gives dropped drop
in_netns blue dibs device del small
both dibs device join lo

# --- no memory ---------------------------------------------------------------

mem_max=$(sysctl -n net.dibs.mem_max)
sysctl -qw net.dibs.mem_max=1
ends "TCP carries a connection whose server has no memory for a DMB" \
	"05000000/01010000 01010000" pair red blue
# Room for one: three pages are counted for each.
sysctl -qw net.dibs.mem_max="$((3 * $(getconf PAGESIZE)))"
ends "TCP carries a connection whose client has no memory for a DMB" \
	"01010000 05000000/01010000" pair red blue
sysctl -qw net.dibs.mem_max="$mem_max"

# --- IPsec -------------------------------------------------------------------

# encrypt FROM FROM-ADDRESS TO TO-ADDRESS: encrypts all packets in that
# direction
encrypt() {
	local state="src $2 dst $4 proto esp spi 0x1000 mode transport" name

	for name in "$1" "$3"; do
		# shellcheck disable=SC2086 # words
		ip -n "$name" xfrm state add $state auth digest_null "" \
			enc "ecb(cipher_null)" "" || return
	done
	ip -n "$1" xfrm policy add src "$2" dst "$4" dir out \
		tmpl src "$2" dst "$4" proto esp mode transport
}

plain_again() {
	both ip xfrm policy flush
	both ip xfrm state flush
}

if encrypt red 10.1.0.1 blue 10.1.0.2 2>"$scratch/why"; then
	ends "TCP carries a connection whose client has to encrypt" \
		"03020000 05000000/03020000" pair red blue
	plain_again
	encrypt blue 10.1.0.2 red 10.1.0.1
	ends "TCP carries a connection whose server has to encrypt" \
		"05000000/03020000 03020000" pair red blue
else
	skip "TCP carries a connection that has to be encrypted" \
		"no IPsec: $(<"$scratch/why")"
fi
plain_again

# --- peers that violate CLC --------------------------------------------------

lay_wire
# The cases below run while a server of the liar stays silent.
ok "a client connects to a silent server" gives begun mute
# A slow machine may not manage to have all 20 waiting at once.
for _ in 1 2 3; do
	ask crowd
	[[ $answer == "SMC-D 20" ]] && break
	ask stragglers
done
ok "an honest client is accepted before 20 earlier ones that fell silent" \
	test "$answer" == "SMC-D 20"

lies() {
	local statement=$1

	shift
	ok "$statement" gives "$@"
}

lies "a client that sends a program's bytes is served over TCP" \
	"03010000 -" lie client bytes
lies "a client that sends garbage is declined" \
	"09990000 09990000" lie client garbage
lies "a client that proposes an unknown version is declined" \
	"030c0000 030c0000" lie client other-version
lies "a client that proposes version 1 is declined" \
	"030c0000 030c0000" lie client version-1
lies "a client that sends an accept is declined" \
	"09990000 09990000" lie client accept
lies "a client that confirms with a DMB that does not exist is declined" \
	"09990001 09990001" lie client confirm
lies "a client that declines with a reason of its own is served over TCP" \
	"05000000/deadbeef -" lie client decline
lies "a client that sends nothing and ends is served over TCP" \
	"03010000 -" lie client end
lies "a program gets the bytes of a client that began like a message" \
	\
	"03010000 -" lie client bytes-end
lies "a client that ends in the middle of a message is declined" \
	"09990000 09990000" lie client message-end
lies "a server that sends a program's bytes is understood over TCP" \
	"03010000 -" lie server bytes
lies "a server that sends garbage is declined" \
	"09990000 09990000" lie server garbage
lies "a server that answers in an unknown version is declined" \
	"030c0000 030c0000" lie server other-version
lies "a server that sends a confirm is declined" \
	"09990000 09990000" lie server confirm
lies "a server that accepts with a DMB that does not exist is declined" \
	"09990001 09990001" lie server accept
lies "a server that declines with a reason of its own is understood over TCP" \
	"05000000/deadbeef -" lie server decline
lies "a server that sends nothing and ends is understood over TCP" \
	"03010000 -" lie server end
lies "a program gets the bytes of a server that began like a message" \
	\
	"03010000 -" lie server bytes-end
lies "a server that ends in the middle of a message is declined" \
	"09990000 09990000" lie server message-end
lies "a client whose server resets the handshake gets ECONNRESET and is counted" \
	"ECONNRESET 1 0" cut client
lies "a server whose client resets the handshake gets ECONNRESET and is counted" \
	"ECONNRESET 0 1" cut server
lies "late messages of clients that fell silent and are served over TCP are dropped" \
	"02010000 02010000" stragglers
lies "a late message of a silent server that is understood over TCP is dropped" \
	"02010000 02010000" late

# --- other devices -----------------------------------------------------------

# ISM knows version 1, which is declined there, too.
modprobe ism_sim || bail_out "no module ism_sim"
in_netns blue dibs device leave lo
lies "a client that proposes version 1 is declined beside ISM adapters alone" \
	"030c0000 030c0000" lie client version-1
in_netns blue dibs device join lo
modprobe -r ism_sim

# --- afterwards --------------------------------------------------------------

ends "SMC-D carries a connection after all lies" "SMC-D SMC-D" pair red blue
ok "an idle ring that was full has given its memory back" gives "as before" \
	idle red blue
ok "each connection was counted once, with its reason" gives right counts

# The cases below are not counted.
ok "a client does not wait longer for a silent server than it wants to" \
	gives "EINPROGRESS EALREADY undone undone EINTR" hurry
ok "a client that was reset at once connects again with the same socket" \
	gives "100 connected" again

done_testing
