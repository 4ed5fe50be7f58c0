# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# For suites that run unmodified programs over TCP sockets and then, through
# "dibs run", over SMC sockets, in a network namespace of their own.
#
# A program is a shell function. It puts "${over[@]}" in front of each command,
# uses $port, and prints what has to be the same over both: exit statuses,
# checksums, counts. Meanwhile a watcher records which sockets are SMC sockets
# and what carries their bytes, so that a run over SMC cannot pass by silently
# using something else.
#
#	program iperf3 5201 run_iperf3
#
# The other end is at $host, in URLs at $address: an IPv4 address, but IPv6 for
# the carriers in DIBS_V6.
#
# DIBS_CARRIER says what has to carry the bytes of SMC sockets, see "carriers"
# below. There is one run per word.

# shellcheck source=../system/lib/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

port=
host=
address=
over=()
servers=()
ran=		# a program did
carriers=${DIBS_CARRIER:-mapped moving}
# "make check" takes one program of each suite, over shared memory.
[[ -z ${DIBS_SHORT-} ]] || carriers=mapped

# prepare "$@": begins a suite; the arguments are those of the suite
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

# needs STATEMENT PROGRAM...: skips STATEMENT and returns false if one is
# missing
needs() {
	local statement=$1 program

	[[ -z ${DIBS_SHORT-} || -z $ran ]] || return
	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$statement" "no $program (tests/vm/setup programs)"
		return 1
	done
}

# serve PROGRAM ARGUMENT...: runs in the background until the run is over
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

# nginx_conf HOST:PORT [LINE]: the configuration of an nginx that serves
# $scratch/www
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

# --- carriers -----------------------------------------------------------------
#
# The words of DIBS_CARRIER, and what "dibs smc" has to report afterwards:
#
#	         the bytes go            connections are   fallbacks
#	tcp      by TCP, as a fallback   TCP, none SMC-D   were counted
#	mapped   through shared memory   SMC-D, none TCP   were not counted
#	moving   by a device's copying   SMC-D, none TCP   were not counted

# choose_carrier CARRIER: selects what carries new SMC connections; false if
# this kernel does not have it.
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

# carried_by CARRIER SEEN COUNTED: SEEN is a file of sockets that watch_sockets
# saw, COUNTED the number of connections that fell back meanwhile.
carried_by() {
	local found

	found=$(awk '$1 != "LISTEN" && $4 != "-" { print $4 }' "$2" |
		sort -u | xargs)
	echo "carried by: $found; fallbacks: $3"
	case $1 in
	tcp) [[ $found == TCP ]] && (($3 > 0)) ;;
	mapped | moving)
		# A program that aborts connections while they are being made
		# causes fallbacks.
		[[ " $found " == *" SMC-D "* ]] && (($3 <= ${tolerated-0}))
		;;
	*) return 1 ;;
	esac
}

# How many connections fell back in this namespace so far; each end counts.
fallbacks() {
	dibs smc fallbacks | awk '$2 == "TCP" { sum += $3 } END { print sum + 0 }'
}

# watch_sockets FILE: lists SMC sockets to FILE until it is killed
watch_sockets() {
	while :; do
		dibs smc list
		sleep 0.2
	done >"$1" 2>/dev/null
}

# sockets FILE [PORT]: prints STATE LOCAL PEER CARRIER of the sockets that were
# seen with either end at PORT
sockets() {
	awk -v port=":${2-}\$" '$1 == "STATE" { next }
		$2 ~ port || $3 ~ port || port == ":$" {
			print $1, $2, $3, $6
		}' "$1" | sort -u
}

# kinds PORT: reads the output of "sockets"
kinds() {
	awk -v port=":$1\$" '
		$2 ~ port { print $1 == "LISTEN" ? "listener" : "accepted" }
		$3 ~ port { print "connected" }' | sort -u | xargs
}

# choose_host CARRIER: sets the address of the other end
choose_host() {
	host=127.0.0.1
	address=$host
	if [[ " ${DIBS_V6-mapped} " == *" $1 "* ]]; then
		host=::1
		address="[$host]"
	fi
}

# --- all runs -----------------------------------------------------------------

# run_over_tcp FILE COMMAND...: redirects output to FILE; sets $counted
run_over_tcp() {
	local before

	before=$(fallbacks)
	"${@:2}" >"$1" 2>"$1.err"
	stop_servers
	counted=$(($(fallbacks) - before))
}

# run_over_smc FILE COMMAND...: like run_over_tcp; FILE.sockets gets the sockets
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
# KINDS are the kinds of SMC sockets that have to be seen.
program() {
	local name=$1 run=$3 kinds=${4-accepted connected listener}
	local begin=$SECONDS tcp=$scratch/$1.tcp carrier smc counted

	ran=1
	over=()
	port=$2
	choose_host tcp
	run_over_tcp "$tcp" "$run"
	ok "$name works over TCP" _nothing_failed "$tcp"
	ok "$name had no SMC sockets over TCP" [ "$counted" = 0 ]
	over=(dibs run --)
	for carrier in $carriers; do
		choose_carrier "$carrier" || {
			skip "$name works over SMC" "no carrier $carrier here"
			continue
		}
		choose_host "$carrier"
		port=$((port + 1))
		smc=$scratch/$name.smc-$carrier
		run_over_smc "$smc" "$run"
		ok "$name does the same over SMC by $carrier at $host" \
			_same "$tcp" "$smc"
		ok "$name had SMC sockets carried by $carrier" \
			_sockets_were "$carrier" "$smc" "$kinds"
	done
	echo "# $name: $((SECONDS - begin)) s"
}
