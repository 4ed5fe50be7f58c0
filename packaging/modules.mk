# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
#
# Implements "make modules", "make sparse", "make install" and "make uninstall"
# for one kernel. Included by the top-level Makefile.
#
# The kernel's build writes its objects next to the sources. To keep kernels
# from sharing objects, each has a directory of links to the sources and builds
# there.

# KVER is a release or a short name known to tests/vm/kernels. Without KVER,
# modules are installed for the running kernel.
ifeq ($(filter install uninstall,$(wanted)),)
KVER ?= $(shell $(kernels) default || \
	{ tests/vm/setup host 6.12 && $(kernels) default; })
else
KVER ?= $(shell uname -r)
endif

configs := $(wildcard packaging/modprobe/*.conf)
release := $(shell $(kernels) release '$(KVER)')
headers := $(if $(release),$(shell $(kernels) headers '$(release)'))

ifeq ($(headers),)
.PHONY: no-headers
modules sparse install: no-headers
no-headers:
	@echo "no headers for kernel '$(KVER)'; available:" >&2
	@$(kernels) list | sed 's/^/  /' >&2
	@exit 1
else

# Kernels that DIBS cannot be built for.
series := $(subst ., ,$(firstword $(subst -, ,$(release))))
too_old := $(shell (($(word 1,$(series)) * 1000 + $(word 2,$(series)) < \
	6001)) && echo yes)
config := $(headers)/include/config/auto.conf

ifeq ($(too_old),yes)
modules sparse install: refuse
refuse:
	@echo "kernel $(release) is too old: DIBS needs 6.1 or newer" >&2; exit 1
else ifneq ($(shell grep -s ^CONFIG_DIBS= $(config)),)
modules sparse install: refuse
refuse:
	@echo "kernel $(release) has its own DIBS (CONFIG_DIBS): use that" >&2; exit 1
else

arch := $(shell $(kernels) arch '$(release)')
cross_s390 := s390x-linux-gnu-
cross_arm64 := aarch64-linux-gnu-
own_arch := $(shell uname -m | \
	sed 's/x86_64/x86/;s/aarch64/arm64/;s/s390x/s390/')
cross := $(if $(filter-out $(own_arch),$(arch)),$(cross_$(arch)))

# Warnings are errors; set WERROR=0 for compilers that were not tested.
WERROR ?= 1
strict := W=1 $(if $(filter 1,$(WERROR)),KCFLAGS=-Werror)

# The headers may have what BTF is made from, and the host no pahole.
no_btf := $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

quiet := '^  (CC|LD|MODPOST|BTF|AR) |^Skipping BTF'

out := build/$(release)
farm := $(out)/src
source_dirs := $(wildcard include core devices clients simulators compat \
	tests/kernel tests/scribbler bench/core bench/sockets/sink)
sources := Kbuild $(shell find $(source_dirs) -type f \
	'(' -name '*.[chS]' -o -name Kbuild ')' | sort)
links := $(addprefix $(farm)/,$(sources))

modules: $(out)/.built

# All CPUs, unless the caller passed -j.
jobs = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

kbuild = $(MAKE) $(jobs) --no-print-directory -C $(headers) \
	M=$(CURDIR)/$(farm) ARCH=$(arch) CROSS_COMPILE=$(cross) $(strict) \
	$(no_btf)

# A stale link would hide that its source was removed.
$(shell [[ ! -d $(farm) ]] || find $(farm) -xtype l -delete)

$(links): $(farm)/%:
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR)/$* $@

# Changes only when a source is added or removed.
.PHONY: always
$(out)/sources: always
	@mkdir -p $(@D)
	@printf '%s\n' $(sources) | cmp -s - $@ || printf '%s\n' $(sources) >$@

$(out)/.built: $(sources) $(out)/sources $(headers)/Module.symvers | $(links)
	@echo "building modules for $(release)"
	@exec 9>$(out)/.lock; flock 9; rm -f $@ $(out)/*.ko; touch $(out)/.started; \
	$(kbuild) modules 9>&- 2>&1 | tee $(out)/log | \
		{ grep --line-buffered -Ev $(quiet) || :; }; \
	if [[ '$(WERROR)' == 1 ]] && grep 'WARNING: modpost' $(out)/log; then \
		exit 1; \
	fi; \
	sed 's/\.k\?o$$/.ko/' $(farm)/modules.order | \
		(cd $(farm); xargs -r cp -t $(CURDIR)/$(out)); \
	mv $(out)/.started $@

# For tests/lint. Same flags as above, so that nothing is compiled again.
sparse: $(out)/.built
	@$(kbuild) C=2 CHECK=sparse CF=-D__CHECK_ENDIAN__ modules

# --- installing ------------------------------------------------------------

modules_dir := $(DESTDIR)/lib/modules/$(release)
install: modules tools
	@[[ -d $(modules_dir) || -n '$(DESTDIR)' ]] || \
		{ echo "kernel $(release) is not installed here" >&2; exit 1; }
	install -d $(modules_dir)/updates/dibs
	find $(out) -maxdepth 1 -name '*.ko' ! -name '*_selftest.ko' \
		! -name '*_bench.ko' ! -name '*_scribbler.ko' ! -name '*_sim.ko' \
		-exec install -m 644 -t $(modules_dir)/updates/dibs {} +
	$(if $(DESTDIR),,depmod $(release))
	@if [[ -n '$(configs)' ]]; then \
		install -D -m 644 -t $(DESTDIR)/etc/modprobe.d $(configs); \
	fi
	@if [[ -e tools/Makefile ]]; then \
		$(MAKE) -C tools O=$(CURDIR)/build/tools install; \
	fi
endif

endif

.PHONY: refuse sparse
installed := /lib/modules/$(or $(release),$(KVER))

uninstall:
	rm -rf $(DESTDIR)$(installed)/updates/dibs
	$(if $(DESTDIR),,depmod $(notdir $(installed)))
	@rm -f $(addprefix $(DESTDIR)/etc/modprobe.d/,$(notdir $(configs)))
	@if [[ -e tools/Makefile ]]; then \
		$(MAKE) -C tools O=$(CURDIR)/build/tools uninstall; \
	fi
