# HELL: the Hurd Emulation Layer on Linux.
#
#   make run      set up, build, make the disk image, boot to a prompt
#   make check    set up and pass all tests
#   make          build only        make bench, make lint, make install
#
# Each folder's rules.mk adds its own targets; this file holds what they share.

PREFIX ?= /usr/local
B := build
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# e2fsck and its like are not on an ordinary user's path.
export PATH := $(PATH):/usr/sbin:/sbin

CC ?= gcc
WARN := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wpointer-arith -Wno-unused-parameter -Werror
# MIG's C is not ours to warn about; newer compilers take these for errors.
MIG_WARN := -w -Wno-int-conversion -Wno-incompatible-pointer-types \
	-Wno-implicit-function-declaration
OPT ?= -O2 -g
# One job per processor, if the caller did not say otherwise.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
GCC_INCLUDE := $(shell $(CC) -print-file-name=include)

# --- Mach's headers and MIG (Debian's gnumach-dev and mig-x86-64-gnu) --------
MACH_ROOT := $(if $(wildcard $(B)/mach/done),$(B)/mach/root/usr,/usr)
MACH_TREE := $(MACH_ROOT)/include/x86_64-linux-gnu
MACH_INC := $(B)/include
MIG := CC="$(CC)" $(MACH_ROOT)/bin/x86_64-gnu-mig

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all setup setup-check setup-lint run check check-all test-programs
.PHONY: layer-tests bench lint lint-all install clean

SUITES := layer-tests
TEST_PROGRAMS :=

all:

# Only mach/, device/ and mach_debug/, so that nothing of the host's headers is
# found by way of this directory.
$(MACH_INC)/.done: $(wildcard $(B)/mach/done) | $(B)
	$(Q)mkdir -p $(MACH_INC)
	$(Q)for d in mach device mach_debug; do \
	    ln -sfn "$$(realpath $(MACH_TREE))/$$d" $(MACH_INC)/$$d; done
	$(Q)touch $@

$(B):
	$(Q)mkdir -p $@

include $(sort $(wildcard */rules.mk))

setup:
	$(Q)sh scripts/setup.sh build

setup-check:
	$(Q)sh scripts/setup.sh check

setup-lint:
	$(Q)sh scripts/setup.sh lint

# What set-up installs decides what this file finds, hence the second make.
run: setup
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(B)/root.img
	$(Q)./hell boot --disk $(B)/root.img

check: setup-check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all test-programs
	$(Q)$(MAKE) --no-print-directory check-all

# Every folder that has tests adds its suite, and what must be built for it.
# A suite ends with the line `NAME: N passed, N failed'.
check-all: all test-programs
	$(Q)python3 scripts/run_suites.py '$(MAKE)' $(SUITES)

test-programs: $(TEST_PROGRAMS)

layer-tests:
	$(Q)python3 scripts/layers.py

bench: setup-check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all bench-programs $(B)/root.img
	$(Q)$(MAKE) --no-print-directory bench-all

lint: setup-lint
	$(Q)$(MAKE) --no-print-directory $(JOBS) all
	$(Q)$(MAKE) --no-print-directory lint-all

lint-all: all
	$(Q)sh scripts/lint.sh

clean:
	rm -rf $(filter-out $(B)/mach,$(wildcard $(B)/*)) hell

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
