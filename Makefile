# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# For people: "make help" lists what can be made. The kernel's build uses the
# Kbuild files instead. Everything made lands in build/:
#
#   build/RELEASE/*.ko      the modules for one kernel
#   build/RELEASE/src/      links to the sources, with that kernel's objects
#   build/tools/            programs

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

kernels := tests/vm/kernels

##@ Build

.PHONY: modules
modules: ## build the kernel modules [KVER=<release>, default newest 6.12]

.PHONY: modules-all
modules-all: ## build them for all supported kernels
	tests/vm/setup host 6.12 6.1 s390x arm64
	@for name in 6.12 6.1 s390x arm64; do \
		$(MAKE) --no-print-directory modules KVER=$$name; \
	done

.PHONY: tools
tools: ## build the programs
	@if [[ -e tools/Makefile ]]; then \
		$(MAKE) --no-print-directory -C tools O=$(CURDIR)/build/tools; \
	fi

# Programs that suites of tests/system run in guests.
.PHONY: test-programs
test-programs:
	@$(MAKE) --no-print-directory -C tests/conformance O=$(CURDIR)/build/tests
	@$(MAKE) --no-print-directory -C tests/cost O=$(CURDIR)/build/tests
	@$(MAKE) --no-print-directory -C tests/integrity O=$(CURDIR)/build/tests
	@$(MAKE) --no-print-directory -C tests/soak/kcsan O=$(CURDIR)/build/tests
	@$(MAKE) --no-print-directory -C tests/liar O=$(CURDIR)/build/tests

# For big-endian guests: dynamically linked tools, static test programs.
s390x := CROSS_COMPILE=s390x-linux-gnu- \
	SYSROOT=$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dibs/sysroot/s390x

.PHONY: tools-s390x
tools-s390x:
	@if grep -qs SYSROOT tools/Makefile; then \
		$(MAKE) --no-print-directory -C tools \
			O=$(CURDIR)/build/tools-s390x $(s390x); \
	fi

.PHONY: static-x86_64 static-s390x
static-s390x: static_flags := $(s390x)
static-x86_64 static-s390x:
	@if [[ -e tests/static/Makefile ]]; then \
		$(MAKE) --no-print-directory -C tests/static \
			O=$(CURDIR)/build/$@ $(static_flags); \
	fi

.PHONY: clean
clean: ## remove everything that was built (kernels stay in the cache)
	rm -rf build

##@ Use

.PHONY: demo
demo: ## show what it does, in a virtual machine
	demo/run

.PHONY: vm
vm: ## a shell in a virtual machine [KERNEL=6.12|6.1|debug|kcsan]
	tests/vm/run --kernel $(or $(KERNEL),6.12) --shell

.PHONY: install
install: ## install modules and programs [KVER=, DESTDIR=, PREFIX=]

.PHONY: uninstall
uninstall: ## remove them again

##@ Test

.PHONY: check
check: ## unit tests, lint, builds, and the suites that find most [10 minutes]
	@tests/run check

.PHONY: check-all
check-all: ## all suites on all kernels and sanitizers, as CI runs it
	@tests/run check-all

.PHONY: check-debug
check-debug: ## the suites of the kernel full of sanitizers alone
	@tests/run check-debug

.PHONY: lint
lint: ## style and static checks
	tests/lint/run

.PHONY: bench
bench: ## measure, in a virtual machine [PART=core|sockets]
	bench/run $(PART)

.PHONY: bench-plot
bench-plot: ## plot sockets by message size [bench/results/]
	bench/run plot

.PHONY: fuzz
fuzz: ## fuzz until nothing new has come for an hour [MINUTES=<processor time>]
	@tests/vm/setup fuzz
	@$(MAKE) --no-print-directory -s -C tests/fuzz long

.PHONY: soak
soak: ## long random work on the debug kernel, and on one that finds data races
	@tests/run soak

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

# --- modules -----------------------------------------------------------------

wanted := $(filter modules sparse install uninstall,$(MAKECMDGOALS))

ifneq ($(wanted),)
include packaging/modules.mk
endif
