# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For suites that run programs nobody changed, over TCP sockets and then, through
# "dibs run", over SMC sockets, in a network namespace of their own.
#
# A program is a function. It gets $port and the words "${over[@]}" to put in
# front of each program, and prints what has to be the same over both: exit
# statuses, checksums, counts. Meanwhile somebody watches which sockets are SMC
# sockets and what carries their bytes, so that a run over SMC cannot pass by
# using something else unnoticed.
#
#	program iperf3 5201 run_iperf3
#
# Its other end is at $host, in URLs at $address. That is an address of IPv4, but
# for the carriers in DIBS_V6.
#
# DIBS_CARRIER says what has to carry the bytes of SMC sockets, see "carriers"
# below. Of several words each gets a run.

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

port=
host=
address=
over=()
servers=()
carriers=${DIBS_CARRIER:-mapped moving}

# prepare "$@": what a suite begins with, the arguments are its own
prepare() {
	if [[ -z ${OWN_NETNS-} ]]; then
		trap - EXIT
		rm -r "$scratch"
		OWN_NETNS=1 exec unshare --net --mount --propagation private \
			"$0" "$@"
	fi
	ip link set lo up
	modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"
	chmod 755 "$scratch"
}

# needs STATEMENT PROGRAM...: false, and a skip, if one is missing
needs() {
	local statement=$1 program

	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$statement" "no $program (tests/vm/setup programs)"
		return 1
	done
}

# serve PROGRAM ARGUMENT...: in the background, until the run is over
serve() {
	"${over[@]}" "$@" >"$scratch/server" 2>&1 &
	servers+=($!)
	within 20 listening
}

listening() {
	awk -v port="$(printf ':%04X' "$port")" \
		'$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6
}

stop_servers() {
	local pid

	for pid in "${servers[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	servers=()
}

# nginx_conf HOST:PORT [LINE]: of an nginx that has $scratch/www to offer
nginx_conf() {
	cat <<END
daemon off;
worker_processes 2;
pid $scratch/nginx.pid;
error_log $scratch/nginx.log;
events { worker_connections 256; }
http {
	access_log off;
	sendfile on;
	client_body_temp_path $scratch;
	proxy_temp_path $scratch;
	fastcgi_temp_path $scratch;
	uwsgi_temp_path $scratch;
	scgi_temp_path $scratch;
	${2-}
	server {
		listen $1;
		root $scratch/www;
	}
}
END
}

# --- carriers --------------------------------------------------------------------
#
# Words of DIBS_CARRIER, and what "dibs smc" has to say afterwards:
#
#	         the bytes go            connections are   fallbacks
#	tcp      by TCP, as a fallback   TCP, none SMC-D   were counted
#	mapped   through shared memory   SMC-D, none TCP   were not counted
#	moving   by a device's copying   SMC-D, none TCP   were not counted

# choose_carrier CARRIER: new SMC connections get that one; false if there is
# no such thing here.
choose_carrier() {
	case $1 in
	tcp) sysctl -qw net.smc.enabled=0 ;;
	mapped) modprobe dibs_loopback &&
		sysctl -qw net.smc.enabled=1 net.smc.mapped=1 ;;
	moving) modprobe dibs_loopback &&
		sysctl -qw net.smc.enabled=1 net.smc.mapped=0 ;;
	*) return 1 ;;
	esac
}

# carried_by CARRIER SEEN COUNTED: SEEN is what watch_sockets wrote and sockets
# took from it, COUNTED how many connections fell back meanwhile.
carried_by() {
	local found

	found=$(awk '$1 != "LISTEN" && $4 != "-" { print $4 }' "$2" |
		sort -u | xargs)
	echo "carried by: $found; fallbacks: $3"
	case $1 in
	tcp) [[ $found == TCP ]] && (($3 > 0)) ;;
	mapped | moving)
		# Who breaks connections off while they are made has fallbacks.
		[[ " $found " == *" SMC-D "* ]] && (($3 <= ${tolerated-0}))
		;;
	*) return 1 ;;
	esac
}

# Connections that fell back in this namespace so far, either end counted.
fallbacks() {
	dibs smc fallbacks | awk '$2 == "TCP" { sum += $3 } END { print sum + 0 }'
}

# watch_sockets FILE: until it is killed
watch_sockets() {
	while :; do
		dibs smc list
		sleep 0.2
	done >"$1" 2>/dev/null
}

# sockets FILE [PORT]: STATE LOCAL PEER CARRIER of those that were seen, either
# end at PORT
sockets() {
	awk -v port=":${2-}\$" '$1 == "STATE" { next }
		$2 ~ port || $3 ~ port || port == ":$" {
			print $1, $2, $3, $6
		}' "$1" | sort -u
}

# kinds PORT: reads what sockets wrote
kinds() {
	awk -v port=":$1\$" '
		$2 ~ port { print $1 == "LISTEN" ? "listener" : "accepted" }
		$3 ~ port { print "connected" }' | sort -u | xargs
}

# The address of the other end, for runs over CARRIER.
choose_host() {
	host=127.0.0.1
	address=$host
	if [[ " ${DIBS_V6-mapped} " == *" $1 "* ]]; then
		host=::1
		address="[$host]"
	fi
}

# --- all runs ----------------------------------------------------------------------

# run_over_tcp FILE COMMAND...: what it says goes to FILE; leaves $counted
run_over_tcp() {
	local before

	before=$(fallbacks)
	"${@:2}" >"$1" 2>"$1.err"
	stop_servers
	counted=$(($(fallbacks) - before))
}

# run_over_smc FILE COMMAND...: leaves the sockets in FILE.sockets, too
run_over_smc() {
	local watcher

	watch_sockets "$1.watched" &
	watcher=$!
	run_over_tcp "$@"
	kill $watcher
	wait $watcher 2>/dev/null
	sockets "$1.watched" "$port" >"$1.sockets"
}

_nothing_failed() {
	cat "$1"
	[[ -s $1 ]] && ! grep -qE 'status [^0]|FAILED' "$1"
}

# _same TCP SMC
_same() {
	cat "$2.err" >&2
	diff "$1" "$2" >&2
}

# _sockets_were CARRIER FILE KINDS
_sockets_were() {
	local found kind

	found=$(kinds "$port" <"$2.sockets")
	echo "SMC sockets: $found"
	carried_by "$1" "$2.sockets" "$counted" || return
	for kind in $3; do
		[[ " $found " == *" $kind "* ]] || return
	done
}

# program NAME PORT FUNCTION [KINDS]: runs over SMC use the ports after PORT;
# KINDS are the SMC sockets that have to be seen.
program() {
	local name=$1 run=$3 kinds=${4-accepted connected listener}
	local begin=$SECONDS tcp=$scratch/$1.tcp carrier smc counted

	over=()
	port=$2
	choose_host tcp
	run_over_tcp "$tcp" "$run"
	ok "$name works over TCP" _nothing_failed "$tcp"
	ok "$name had no SMC sockets over TCP" [ "$counted" = 0 ]
	over=(dibs run --)
	for carrier in $carriers; do
		choose_carrier "$carrier" || {
			skip "$name over SMC" "no carrier $carrier here"
			continue
		}
		choose_host "$carrier"
		port=$((port + 1))
		smc=$scratch/$name.smc-$carrier
		run_over_smc "$smc" "$run"
		ok "$name does the same over SMC carried by $carrier, at $host" \
			_same "$tcp" "$smc"
		ok "$name had SMC sockets carried by $carrier" \
			_sockets_were "$carrier" "$smc" "$kinds"
	done
	echo "# $name: $((SECONDS - begin)) s"
}
