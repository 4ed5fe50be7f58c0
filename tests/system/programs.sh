#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Programs that measure, serve and copy do the same over SMC sockets as over
# TCP: iperf3, sockperf, nginx with wrk and curl, ssh and scp, stress-ng.

# shellcheck disable=SC2317 # functions are called by name
# shellcheck source=program.bash
. "$(dirname "$0")/program.bash"

only_on_release_kernel "unmodified programs"
enter_own_netns "$@"
ip link set lo up
modprobe dibs_smc || bail_out "dibs_smc cannot be loaded"

# --- iperf3 --------------------------------------------------------------------


run_iperf3() {
	local client=("${over[@]}" iperf3 -c 127.0.0.1 -p "$port" -J)
	local options

	serve iperf3 -s -p "$port"
	for options in "-t 1" "-t 1 --bidir" "-t 1 -P 8" "-t 1 -R -P 2" "-l 64 -n 200K"; do
		# shellcheck disable=SC2086 # several words
		"${client[@]}" $options >"$scratch/json"
		echo "iperf3 $options: status $?"
		python3 -c '
import json, sys
d = json.load(sys.stdin)
print("bytes arrived:", d["end"]["sum_received"]["bytes"] > 0,
      "streams:", len(d["end"]["streams"]))' <"$scratch/json"
	done
}

# --- sockperf --------------------------------------------------------------------

run_sockperf() {
	serve sockperf server --tcp -i 127.0.0.1 -p "$port"
	local what

	for what in ping-pong under-load throughput; do
		"${over[@]}" sockperf "$what" --tcp -i 127.0.0.1 -p "$port" -t 1 \
			>"$scratch/client" 2>&1
		echo "sockperf $what: status $?"
	done
	"${over[@]}" sockperf ping-pong --tcp -i 127.0.0.1 -p "$port" -t 1 -m 4096 \
		>"$scratch/client" 2>&1
	grep -o '# dropped messages = [0-9]*; # duplicated messages = [0-9]*' \
		"$scratch/client"
}

# --- nginx, wrk, curl --------------------------------------------------------------

nginx_conf() {
	cat <<END_OF_CONF
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
	keepalive_requests 1000000;
	server {
		listen 127.0.0.1:$port;
		root $scratch/www;
	}
}
END_OF_CONF
}

# 256 blocks of 1 MiB, each another; the reader knows what must come.
blocks() {
	python3 -c '
import random, sys
random.seed(7)
block = random.randbytes(1 << 20)
out = sys.stdout.buffer
for number in range(256):
    out.write(number.to_bytes(8, "big") + block[8:])'
}

check_blocks() {
	python3 -c '
import random, sys
random.seed(7)
block = random.randbytes(1 << 20)
source, right = sys.stdin.buffer, 0
while True:
    data = source.read(1 << 20)
    if not data:
        break
    number = right % 256
    if data != number.to_bytes(8, "big") + block[8:]:
        break
    right += 1
print("all blocks are right:", right == int(sys.argv[1]))' "$1"
}

run_nginx() {
	local url=http://127.0.0.1:$port

	nginx_conf >"$scratch/nginx.conf"
	serve nginx -p "$scratch" -c "$scratch/nginx.conf"
	"${over[@]}" wrk -t 2 -c 20 -d 2s "$url/small" >"$scratch/wrk"
	echo "wrk: status $?"
	grep -E 'Socket errors|Non-2xx' "$scratch/wrk"
	# 1 GiB over one connection; TCP needs no such proof
	if [[ -n ${over[*]} ]]; then
		"${over[@]}" curl -sS "$url/big" "$url/big" "$url/big" \
			"$url/big" | check_blocks 1024
	else
		curl -sS "$url/big" | check_blocks 256
	fi
}

run_curl() {
	local url=http://127.0.0.1:$port urls=() i

	nginx_conf >"$scratch/nginx.conf"
	serve nginx -p "$scratch" -c "$scratch/nginx.conf"
	for i in {1..30}; do
		urls+=(-o "$scratch/get.$i" "$url/small?$i")
	done
	"${over[@]}" curl -sS -Z --parallel-max 10 "${urls[@]}"
	echo "curl -Z: status $?"
	cat "$scratch"/get.* | wc -c
	"${over[@]}" curl -sS -r 1000000-9999999 "$url/big" | md5sum
	"${over[@]}" curl -sS --limit-rate 20M -r 0-29999999 "$url/big" | md5sum
	"${over[@]}" curl -sS -o /dev/null -w '%{http_code}\n' "$url/none"
	"${over[@]}" curl -sS --max-time 5 "http://127.0.0.1:1/"
	echo "refused: $?"
}

# --- ssh and scp ---------------------------------------------------------------------

prepare_ssh() {
	mkdir -p /run/sshd "$scratch/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/user"
	cp "$scratch/ssh/user.pub" "$scratch/ssh/authorized"
	chmod 700 "$scratch" "$scratch/ssh"
	head -c 20000000 /dev/urandom >"$scratch/ssh/file"
}

run_ssh() {
	local options=(-q -i "$scratch/ssh/user" -o StrictHostKeyChecking=no
		-o UserKnownHostsFile=/dev/null -o BatchMode=yes)

	serve "$(command -v sshd)" -D -e -p "$port" -h "$scratch/ssh/host" \
		-o ListenAddress=127.0.0.1 -o UsePAM=no -o StrictModes=no \
		-o PermitRootLogin=yes -o PidFile=none \
		-o AuthorizedKeysFile="$scratch/ssh/authorized" \
		-o Subsystem="sftp internal-sftp" -f /dev/null
	"${over[@]}" ssh "${options[@]}" -p "$port" root@127.0.0.1 \
		'cat | wc -c; exit 3' <"$scratch/ssh/file"
	echo "ssh: $?"
	rm -f "$scratch/ssh/copy"
	"${over[@]}" scp "${options[@]}" -P "$port" "$scratch/ssh/file" \
		"root@127.0.0.1:$scratch/ssh/copy"
	echo "scp: status $?"
	cmp "$scratch/ssh/file" "$scratch/ssh/copy" && echo "the copy is equal"
}

# --- stress-ng ------------------------------------------------------------------------

run_stress() {
	local options=(-t 3 --temp-path "$scratch")

	"${over[@]}" stress-ng --sock 1 --sock-domain ipv4 --sock-type stream \
		--sock-port "$port" --verify "${options[@]}"
	echo "stress-ng sock: status $?"
	"${over[@]}" stress-ng --sock 1 --sock-domain ipv6 --sock-opts random \
		--sock-port $((port + 100)) --verify "${options[@]}"
	echo "stress-ng sock v6: status $?"
	"${over[@]}" stress-ng --sockmany 1 --sockmany-ops 100 "${options[@]}"
	echo "stress-ng sockmany: status $?"
	"${over[@]}" stress-ng --sockabuse 1 --sockabuse-ops 50 "${options[@]}"
	echo "stress-ng sockabuse: status $?"
}

if needs iperf3 iperf3; then
	program iperf3 5201 run_iperf3
fi
if needs sockperf sockperf; then
	program sockperf 5301 run_sockperf
fi
if needs "nginx, wrk and curl" nginx wrk curl; then
	mkdir -p "$scratch/www"
	chmod 755 "$scratch" "$scratch/www"
	head -c 5000 /dev/urandom >"$scratch/www/small"
	blocks >"$scratch/www/big"
	program nginx 5401 run_nginx
	program curl 5501 run_curl
	rm -r "$scratch/www"
fi
if needs "ssh and scp" sshd ssh scp; then
	prepare_ssh
	program ssh 5601 run_ssh
fi
if needs stress-ng stress-ng; then
	# It closes what it accepted at once.
	program stress-ng 5701 run_stress "connected listener"
fi
done_testing
