#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# No byte is lost, repeated, reordered or changed: many connections at once, in
# both directions, pieces of 1 byte to 1 MiB sent and received in all ways,
# pauses, urgent bytes. Both ends know what must arrive (tests/integrity).
#
#   smc-integrity.sh [MEGABYTES]      in total, over each path
#
# runs-on: 6.12 debug

repo=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=lib/lib.sh
. "$repo/tests/system/lib/lib.sh"

connections=50
seed=2
paths=(moving mapped)
patience=60
megabytes=200
if [[ -n ${DIBS_DEBUG-} ]]; then
	megabytes=20
	patience=200
fi
megabytes=${1-$megabytes}

# transfer SEED BYTES OPTION...: runs both ends, in this namespace
transfer() {
	local options=(-c "$connections" -w "$patience" -u -s "$1" -b "$2"
		"${@:3}")
	local server status

	mkfifo "$scratch/fifo"
	"$integrity" serve "${options[@]}" >"$scratch/fifo" &
	server=$!
	{
		read -r _
		"$integrity" connect "${options[@]}" | sed 's/^/client: /'
		status=${PIPESTATUS[0]}
		sed 's/^/server: /'
	} <"$scratch/fifo"
	rm "$scratch/fifo"
	wait "$server" && ((status == 0))
}

# finds DAMAGE OUTCOME: do all ends that receive the damage report OUTCOME?
finds() {
	transfer 1 300000 -t -x "$1" >"$scratch/found"
	cat "$scratch/found"
	grep -q "^server: .* $2 $connections " "$scratch/found"
}

# counters: prints those of the layer in this namespace, and how many bytes TCP
# moved over lo
counters() {
	dibs --json stats lo | python3 -c '
import json, sys
counters = json.load(sys.stdin)[0]["counters"]
print(counters["dmbs_ever"], counters["move_bytes"], end=" ")'
	awk '$1 == "lo:" { print $2 }' /proc/net/dev
}

# carried BYTES DMBS MOVED TCP -- DMBS MOVED TCP: compares counters before and
# after. All connections had DMBs, and TCP carried no more than handshakes and
# ends; where memory is mapped, the layer moves nothing but the streams.
carried() {
	local bytes=$(($1 * connections * 2))
	local dmbs=$(($6 - $2)) moved=$(($7 - $3)) tcp=$(($8 - $4))

	echo "DMBs $dmbs, moved $moved of $bytes, by TCP $tcp"
	dibs smc fallbacks
	! dibs smc fallbacks | grep -w TCP &&
		((dmbs == 2 * connections && tcp < connections * 10000 &&
			moved >= bytes &&
			(moved < bytes + connections * 100) == mapped))
}

transfer_by_smc() {
	local before

	read -ra before < <(counters)
	transfer "$@" || return
	# shellcheck disable=SC2046 # several words
	carried "$2" "${before[@]}" -- $(counters)
}

[[ -n ${OWN_NETNS-} ]] || {
	trap - EXIT
	OWN_NETNS=1 exec unshare --net "$0" "$@"
}
[[ -x $integrity ]] || bail_out "tests/integrity is not built"
ip link set lo up
modprobe -a dibs_loopback dibs_smc || bail_out "no modules"

for damage in change lose repeat; do
	ok "a receiver notices that one byte was damaged ($damage)" \
		finds $damage wrong
done
ok "a receiver notices an end that comes too early" finds end cut
ok "all bytes are right over TCP" transfer 1 1000000 -t
for mapped in 1 0; do
	sysctl -q "net.smc.mapped=$mapped"
	for ring in 16384 262144 1048576; do
		sysctl -q "net.smc.rmem=$ring"
		ok "${paths[mapped]}, $((ring / 1024)) KiB: all bytes are right" \
			transfer_by_smc $((seed++)) $((megabytes * 10000 / 3))
	done
done
done_testing
