#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Programs that serve and copy files behave over SMC sockets as over TCP: nginx
# with wrk, curl and a download of 1 GiB, ssh and scp.
#
# runs-on: 6.12
# needs: programs
# in-check:

# shellcheck source=lib/program.bash
. "$(dirname "$0")/lib/program.bash"

prepare "$@"

# --- nginx, wrk, curl ---------------------------------------------------------

serve_nginx() {
	nginx_conf "$address:$port" "keepalive_requests 1000000;" \
		>"$scratch/nginx.conf"
	serve nginx -p "$scratch" -c "$scratch/nginx.conf"
}

run_nginx() {
	local url=http://$address:$port

	serve_nginx
	"${over[@]}" wrk -t 2 -c 20 -d 2s "$url/small" >"$scratch/wrk"
	echo "wrk: status $?"
	grep -E 'Socket errors|Non-2xx' "$scratch/wrk"
	# 1 GiB over one connection; for TCP that proves nothing.
	"${over[@]}" python3 "$lib/blocks.py" download "$url/big" \
		$((${#over[@]} ? 1024 : 64))
	echo "download: status $?"
}

run_curl() {
	local url=http://$address:$port urls=() i

	serve_nginx
	for i in {1..30}; do
		urls+=(-o "$scratch/get.$i" "$url/small?$i")
	done
	"${over[@]}" curl -sS -Z --parallel-max 10 "${urls[@]}"
	echo "curl -Z: status $?"
	cat "$scratch"/get.* | wc -c
	"${over[@]}" curl -sS -r 1000000-9999999 "$url/big" | md5sum
	"${over[@]}" curl -sS --limit-rate 20M -r 0-29999999 "$url/big" | md5sum
	"${over[@]}" curl -sS -o /dev/null -w '%{http_code}\n' "$url/none"
	"${over[@]}" curl -sS --max-time 5 "http://$address:1/"
	echo "refused: $?"
}

# --- ssh and scp --------------------------------------------------------------

prepare_ssh() {
	mkdir -p /run/sshd "$scratch/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/user"
	cp "$scratch/ssh/user.pub" "$scratch/ssh/authorized"
	chmod 700 "$scratch/ssh"
	head -c 5000000 /dev/urandom >"$scratch/ssh/file"
}

run_ssh() {
	local options=(-q -i "$scratch/ssh/user" -o StrictHostKeyChecking=no
		-o UserKnownHostsFile=/dev/null -o BatchMode=yes)

	serve "$(command -v sshd)" -D -e -p "$port" -h "$scratch/ssh/host" \
		-o ListenAddress="$host" -o UsePAM=no -o StrictModes=no \
		-o PermitRootLogin=yes -o PidFile=none \
		-o AuthorizedKeysFile="$scratch/ssh/authorized" \
		-o Subsystem="sftp internal-sftp" -f /dev/null
	head -c 1000000 "$scratch/ssh/file" |
		"${over[@]}" ssh "${options[@]}" -p "$port" "root@$host" \
			'wc -c; exit 3'
	echo "ssh: $?"
	rm -f "$scratch/ssh/copy"
	"${over[@]}" scp "${options[@]}" -P "$port" "$scratch/ssh/file" \
		"root@$address:$scratch/ssh/copy"
	echo "scp: status $?"
	cmp "$scratch/ssh/file" "$scratch/ssh/copy" && echo "the copy is equal"
}

if needs "nginx, wrk and curl work over SMC" nginx wrk curl; then
	mkdir -p "$scratch/www"
	chmod 755 "$scratch/www"
	head -c 5000 /dev/urandom >"$scratch/www/small"
	python3 "$lib/blocks.py" write "$scratch/www/big"
	program nginx 5401 run_nginx
	program curl 5501 run_curl
	rm -r "$scratch/www"
fi
if needs "ssh and scp work over SMC" sshd ssh scp; then
	prepare_ssh
	program ssh 5601 run_ssh
fi
done_testing
