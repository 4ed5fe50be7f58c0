# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash
#
# What setup and kernels share: where the cache is and how it is laid out.
#
#   $cache/kernels/RELEASE/    one kernel: image, modules and headers unpacked
#       arch version vmlinuz build lib/modules/RELEASE
#   $cache/resolved/NAME       the release a short name (6.12, 6.1) stands for
#   $cache/source/, scripts/   the kernel's source, and what lint takes of it
#   $cache/busybox/ARCH        a static busybox
#   $cache/sysroot/ARCH        headers and static libraries for test programs
#   $cache/apt/ARCH            package lists of another architecture

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dibs
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The short names of kernels: series and architecture as Debian spells it.
declare -A series=([6.12]=6.12 [6.1]=6.1 [s390x]=6.1 [arm64]=6.12
	[debug]=6.12 [kcsan]=6.12)
declare -A arch_of=([6.12]=amd64 [6.1]=amd64 [s390x]=s390x [arm64]=arm64
	[debug]=amd64 [kcsan]=amd64)
export series arch_of here

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$@"
	exit 1
}

# kernel_dir RELEASE: its folder in the cache
kernel_dir() {
	echo "$cache/kernels/$1"
}

# stamp NAME: the file that says which release a short name stands for. Each
# state of a fragment that one is built from is a kernel of its own.
stamp() {
	local suffix=

	[[ ! -e $here/$1.config ]] ||
		suffix=-$(sha256sum "$here/$1.config" | cut -c 1-8)
	echo "$cache/resolved/$1$suffix"
}

# resolved NAME: the release a short name stands for; fails if not fetched yet
resolved() {
	local release file

	file=$(stamp "$1")
	[[ -r $file ]] || return 1
	read -r release <"$file"
	[[ -e $cache/kernels/$release/version ]] || return 1
	echo "$release"
}
