# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
# shellcheck shell=bash disable=SC2154 # here, cache, work: setup's
#
# Sourced by setup: builds a kernel from the distribution's source and NAME.config,
# which setup_built NAME is told. Its release ends in the fragment's hash, so
# that a kernel in the cache always is the one the fragment describes. A build
# that was interrupted goes on where it stopped.

progress_interval=15

# The cached kernel is current: this fragment, looked up not long ago.
built_is_current() {
	resolved "$name" >/dev/null &&
		{ [[ -n $offline ]] || fresh "$(stamp "$name")"; }
}

unpack_source() {
	local tree=$1 version=$2

	fetch_source "$version"
	mkdir "$work/tree"
	tar -xf "$(source_tarball "$version")" -C "$work/tree" \
		--strip-components=1 --exclude='*/Documentation/*.rst'
	replace "$work/tree" "$tree"
}

# wanted_symbols: the lines of the fragment that set or unset something
wanted_symbols() {
	grep -E '^CONFIG_[A-Z0-9_]+=|^# CONFIG_[A-Z0-9_]+ is not set' "$fragment"
}

# A symbol that is unset leaves no line when nothing could set it.
symbol_took_effect() {
	local symbol

	if [[ $1 == '# '* ]]; then
		symbol=${1#\# }
		! grep -q "^${symbol%% *}=" .config
	else
		grep -qxF -- "$1" .config
	fi
}

configure() {
	local line stamp failed=

	cp "$fragment" "$work/fragment"
	stamp=$(stamp "$name")
	echo "CONFIG_LOCALVERSION=\"-dibs-$name-${stamp##*-}\"" \
		>>"$work/fragment"
	# A config that is the same must not look newer: all would be rebuilt.
	cmp -s "$work/fragment" .dibs-fragment && return
	make -s KCONFIG_ALLCONFIG="$work/fragment" allnoconfig >"$work/config.log" 2>&1
	while IFS= read -r line; do
		symbol_took_effect "$line" || {
			say "$name kernel: no effect: $line"
			failed=1
		}
	done < <(wanted_symbols)
	[[ -z $failed ]] || return 1
	cp "$work/fragment" .dibs-fragment
}

show_progress() {
	local log=$1 start=$SECONDS

	while sleep $progress_interval; do
		say "$name kernel: $(grep -cE '^  (CC|AS)' "$log") of about" \
			"$objects objects, $((SECONDS - start)) s"
	done
}

compile() {
	local log=$1 progress status=0

	show_progress "$log" &
	progress=$!
	make -j"$(nproc)" bzImage modules >"$log" 2>&1 </dev/null || status=$?
	kill "$progress" 2>/dev/null
	wait "$progress" 2>/dev/null || :
	((status == 0)) || grep -E -B2 -A5 'error|Error|\*\*\*' "$log" | head -40 >&2
	return "$status"
}

# What the guest boots, and what modules are built against. The kernel in
# ELF form is for BTF of modules, without the rest of its debug information.
install_kernel() {
	local target=$1 release=$2 headers

	headers=$target/usr/src/linux-headers-$release
	mkdir -p "$target/boot" "$headers"
	cp arch/x86/boot/bzImage "$target/boot/vmlinuz-$release"
	cp .config "$target/boot/config-$release"
	cp System.map "$target/boot/System.map-$release"
	make -s INSTALL_MOD_PATH="$target" INSTALL_MOD_STRIP=1 \
		modules_install >/dev/null
	make -s run-command \
		KBUILD_RUN_COMMAND="\$(srctree)/scripts/package/install-extmod-build $headers"
	cp .config "$headers"
	objcopy --strip-debug vmlinux "$headers/vmlinux"
	rm -f "$target/lib/modules/$release/"{build,source}
	ln -s "boot/vmlinuz-$release" "$target/vmlinuz"
	ln -s "usr/src/linux-headers-$release" "$target/build"
	depmod -b "$target" "$release"
}

build_kernel() {
	local version=$1 tree release target=$work/target
	local log=$cache/$name-build.log

	tree=$cache/build/$name-$version
	[[ -d $tree ]] || unpack_source "$tree" "$version"
	cd "$tree" || return
	configure || die "the $name kernel's fragment does not take effect"
	say "$name kernel: building (log: $log)"
	compile "$log" || die "cannot build the $name kernel"
	release=$(<include/config/kernel.release)
	install_kernel "$target" "$release"
	cd "$cache" || return
	echo amd64 >"$target/arch"
	echo "$version" >"$target/version"
	replace "$target" "$(kernel_dir "$release")"
	mkdir -p "$cache/resolved"
	echo "$release" >"$(stamp "$name")"
	rm -rf "$tree"
}

# setup_built NAME OBJECTS: how many there are is for those who wait
setup_built() {
	local name=$1 objects=$2 fragment=$here/$1.config version release

	built_is_current && return
	version=$(field amd64 linux-source-6.12 Version) || version=
	if release=$(resolved "$name") &&
		{ [[ -z $version ]] || has_kernel "$release" "$version"; }; then
		touch "$(stamp "$name")"
		return
	fi
	[[ -n $version ]] || update_lists amd64
	version=$(field amd64 linux-source-6.12 Version)
	[[ -n $version && -z $offline ]] ||
		die "linux-source-6.12 is not to be had"
	build_kernel "$version"
}
