#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Whatever fails on the way to DMBs, does the connection go on by TCP? Programs
# notice nothing: bytes arrive in both directions (smc_fallback.py looks), and
# both ends say why, in "dibs smc list" while it lasts and in "dibs smc fallbacks".
#
#   red, the client          blue, the server           liar
#     10.1.0.1 ----- veth ----- 10.1.0.2
#                               10.2.0.2 ----- TUN ----- 10.2.0.1
#
# Red and blue share the device lo, unless a test takes it away. The liar has
# plain TCP and speaks CLC as it likes (smc_peer.py).
#
# runs-on: 6.12 6.1 debug

# Most functions are called by those of lib.sh.
# shellcheck disable=SC2317

cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

helper=$PWD/smc_fallback.py

# ask COMMAND...: its answer is $answer, see smc_fallback.py
ask() {
	answer=
	echo "$*" >&"$ask_in"
	read -r -t 200 answer <&"$ask_out"
}

gives() {
	local wanted=$1

	shift
	ask "$@"
	echo "$*: $answer, wanted $wanted"
	[[ $answer == "$wanted" ]]
}

# ends STATEMENT "CLIENT SERVER" COMMAND...: what became of both
ends() {
	local statement=$1

	shift
	ok "$statement" gives "$@"
}

# both COMMAND...: in red and in blue
both() {
	in_netns red "$@"
	in_netns blue "$@"
}

set_up() {
	netns_pair red blue 10.1.0
	both ip link set lo up
	coproc python3 "$helper"
	# Bash forgets it when it ends.
	# shellcheck disable=SC2034 # by name
	ask_in=${COPROC[1]} ask_out=${COPROC[0]}
	children+=("$COPROC_PID")
}

# Between the liar and blue, see smc_peer.py.
lay_wire() {
	local ready=

	netns_add liar
	modprobe tun 2>/dev/null
	if [[ ! -e /dev/net/tun ]]; then
		mkdir -p /dev/net
		mknod /dev/net/tun c 10 200
	fi
	mkfifo "$scratch/wire"
	python3 "${helper%/*}/smc_peer.py" wire >"$scratch/wire" &
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

ends "without dibs_loopback: no device" "03030000 03030000" pair red blue
modprobe dibs_loopback || bail_out "no module dibs_loopback"
ends "when it comes, the next connection is SMC-D's" "SMC-D SMC-D" \
	pair red blue
in_netns red dibs device leave lo
ends "the client's namespace has no device" "03030000 03010000" pair red blue
in_netns red dibs device join lo
in_netns blue dibs device leave lo
ends "the server's namespace has no device" "03010000 03030000" pair red blue
ends "then a server that speaks first does not wait" "0 late" greet red blue
in_netns blue dibs device join lo

# --- one end does not want ---------------------------------------------------

ends "the server is plain TCP" "03010000 plain" pair red blue:tcp
ends "the client is plain TCP" "plain 03010000" pair red:tcp blue
ends "the client asks for fast open" "03060000 03010000" \
	pair red:fastopen blue
ends "the server asks for fast open" "03010000 03060000" \
	pair red blue:fastopen
in_netns red sysctl -qw net.smc.enabled=0
ends "net.smc.enabled=0 at the client" "03000000 03010000" pair red blue
in_netns red sysctl -qw net.smc.enabled=1
in_netns blue sysctl -qw net.smc.enabled=0
ends "net.smc.enabled=0 at the server" "03010000 03000000" pair red blue
in_netns blue sysctl -qw net.smc.enabled=1

# --- no device in common -----------------------------------------------------

both dibs device leave lo
in_netns red dibs device add own
in_netns blue dibs device add own
ends "each end has only a device of its own" "05000000/03030007 03030007" \
	pair red blue
both dibs device del own

# --- no DMB ------------------------------------------------------------------

in_netns blue dibs device add small max-dmbs 1
in_netns blue dibs device grant small red
ends "one DMB: the client finds out" "030d0000 05000000/030d0000" \
	pair red blue
in_netns blue dibs device del small
in_netns blue dibs device add small max-dmbs 2
in_netns blue dibs device grant small red
ends "two DMBs are enough for a connection" "SMC-D SMC-D" hold red blue
ends "but not for another: the server finds out" \
	"05000000/030d0000 030d0000" pair red blue
ok "the first connection closes" gives dropped drop
in_netns blue dibs device del small
both dibs device join lo

# --- no memory ---------------------------------------------------------------

mem_max=$(sysctl -n net.dibs.mem_max)
sysctl -qw net.dibs.mem_max=1
ends "no memory for any DMB: the server finds out" \
	"05000000/01010000 01010000" pair red blue
sysctl -qw net.dibs.mem_max="$(getconf PAGESIZE)"
ends "memory for one DMB: the client finds out" \
	"01010000 05000000/01010000" pair red blue
sysctl -qw net.dibs.mem_max="$mem_max"

# --- IPsec -------------------------------------------------------------------

# encrypt FROM FROM-ADDRESS TO TO-ADDRESS: all that goes that way
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
	ends "the client's bytes have to be encrypted" \
		"03020000 05000000/03020000" pair red blue
	plain_again
	encrypt blue 10.1.0.2 red 10.1.0.1
	ends "the server's bytes have to be encrypted" \
		"05000000/03020000 03020000" pair red blue
else
	skip "bytes have to be encrypted" "no IPsec: $(<"$scratch/why")"
fi
plain_again

# --- peers that speak wrongly ------------------------------------------------

lay_wire
# What follows goes on while a server of the liar's says nothing.
ok "a client connects to a silent server" gives begun mute
# A slow machine may be too slow to have all of them waiting at once.
for _ in 1 2 3; do
	ask crowd
	[[ $answer == "SMC-D 20" ]] && break
	ask stragglers
done
ok "behind 20 clients that fall silent an honest one is accepted first" \
	test "$answer" == "SMC-D 20"

lies() {
	local statement=$1

	shift
	ok "$statement" gives "$@"
}

lies "a client sends a program's bytes: they arrive" \
	"03010000 -" lie client bytes
lies "a client sends garbage" "09990000 09990000" lie client garbage
lies "a client proposes an unknown version" \
	"030c0000 030c0000" lie client other-version
lies "a client proposes version 1" "030c0000 030c0000" lie client version-1
lies "a client sends an accept" "09990000 09990000" lie client accept
lies "a client confirms a DMB that is not there" \
	"09990001 09990001" lie client confirm
lies "a client declines for a reason of its own" \
	"05000000/deadbeef -" lie client decline
lies "a client sends nothing and ends: so the program reads" \
	"03010000 -" lie client end
lies "a client ends after bytes like a message's: the program gets them" \
	"03010000 -" lie client bytes-end
lies "a client ends in the middle of a message: no program sees it" \
	"09990000 09990000" lie client message-end
lies "a server sends a program's bytes: they arrive" \
	"03010000 -" lie server bytes
lies "a server sends garbage" "09990000 09990000" lie server garbage
lies "a server answers in an unknown version" \
	"030c0000 030c0000" lie server other-version
lies "a server sends a confirm" "09990000 09990000" lie server confirm
lies "a server accepts with a DMB that is not there" \
	"09990001 09990001" lie server accept
lies "a server declines for a reason of its own" \
	"05000000/deadbeef -" lie server decline
lies "a server sends nothing and ends: so the program reads" \
	"03010000 -" lie server end
lies "a server ends after bytes like a message's: the program gets them" \
	"03010000 -" lie server bytes-end
lies "a server ends in the middle of a message: no program sees it" \
	"09990000 09990000" lie server message-end
lies "a server resets in the handshake: ours says so, and it is counted" \
	"ECONNRESET 1 0" cut client
lies "a client resets in the handshake: ours says so, and it is counted" \
	"ECONNRESET 0 1" cut server
lies "those that fell silent are TCP's; late messages reach no program" \
	"02010000 02010000" stragglers
lies "the silent server is TCP's; a late message reaches no program" \
	"02010000 02010000" late

# --- other devices -----------------------------------------------------------

# ISM has a version 1, which is declined there, too.
modprobe ism_sim || bail_out "no module ism_sim"
in_netns blue dibs device leave lo
lies "with ISM adapters alone: a client proposes version 1" \
	"030c0000 030c0000" lie client version-1
in_netns blue dibs device join lo
modprobe -r ism_sim

# --- and back ----------------------------------------------------------------

ends "after all that, SMC-D works" "SMC-D SMC-D" pair red blue
ok "a ring that was full has no memory when it is idle" gives "as before" \
	idle red blue
ok "each connection was counted once, with its reason" gives right counts

# Not counted.
ok "a client does not wait longer for a silent server than it wants to" \
	gives "EINPROGRESS EALREADY undone undone EINTR" hurry
ok "who was reset at once connects again by the same socket" \
	gives "100 connected" again

done_testing
