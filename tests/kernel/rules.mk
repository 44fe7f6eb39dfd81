# Unit tests: the whole kernel on platform/sim under the sanitizers.  Each
# *_test.c is a program; the rest is what they share.

UT := $(B)/tests/kernel
UT_MIG := mach_port mach mach_host gnumach device mach4 account
UT_STUBS := $(UT_MIG:%=$(UT)/gen/%_user.c)
UT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Itests/kernel/include -Itests/kernel \
	-I. -I$(MACH_INC) -I$(UT)/gen $(UT_SAN)

# The kernel, and the tests' own part that is compiled with its types.
UT_KERNEL := $(KERNEL_SRC:%.c=$(UT)/obj/%.o) \
	$(patsubst $(B)/%.o,$(UT)/obj/%.o,$(MIG_OBJ) $(RPC_NAMES:.c=.o))
UT_SHARED := $(UT)/obj/tests/kernel/world.o $(UT)/obj/tests/kernel/user.o \
	$(UT)/obj/tests/kernel/checker.o \
	$(UT)/obj/platform/sim/sim.o $(UT)/obj/platform/x86_64/access.o \
	$(UT_STUBS:.c=.o)
UT_MACHINE := $(patsubst %.c,$(UT)/obj/%.o,$(wildcard machine/*.c))
UT_TESTS := $(patsubst tests/kernel/%.c,$(UT)/%,\
	$(wildcard tests/kernel/*_test.c))

$(UT)/gen/%_user.c: $(MACH_INC)/.done $(MIG_OWN)
	$(call say,MIG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(MIG) -n -cc "$(CC) -E -x c -nostdinc" -I$(MACH_INC) \
	    -server /dev/null -user $@ -header $(@:.c=.h) $(call mig_defs,$*)

$(UT_STUBS:.c=.o): %.o: %.c
	$(call say,CC,$@)
	$(Q)$(CC) $(UT_CFLAGS) $(MIG_WARN) -MMD -MP -c -o $@ $<

$(UT)/obj/mig/%.o: $(MIG_DIR)/%.c | $(MIG_SERVER_C) $(MIG_USER_C)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(UT_SAN) $(MIG_WARN) -DMIG_STUB -MMD -MP -c -o $@ $<

$(UT)/obj/kernel/%.o: kernel/%.c | $(MIG_SERVER_C) $(MIG_USER_C)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(UT_SAN) $(WARN) -MMD -MP -c -o $@ $<

$(UT)/obj/tests/kernel/world.o $(UT)/obj/tests/kernel/checker.o: \
$(UT)/obj/tests/kernel/%.o: tests/kernel/%.c | $(MIG_SERVER_C)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -Itests/kernel $(UT_SAN) $(WARN) -MMD -MP \
	    -c -o $@ $<

$(UT)/obj/tests/kernel/%.o: tests/kernel/%.c | $(UT_STUBS)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UT_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(UT)/obj/platform/%.o: platform/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -I. $(UT_SAN) $(WARN) -MMD -MP -c -o $@ $<

$(UT)/obj/machine/%.o: machine/%.c | $(B)/machine/dsdt.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MACHINE_CFLAGS) $(UT_SAN) $(WARN) -MMD -MP -c -o $@ $<

# One object, for the same reason as in kernel/rules.mk.
$(UT)/kernel.o: $(UT_KERNEL)
	$(call say,LD,$@)
	$(Q)$(CC) -r -nostdlib -o $@ $^

$(UT_TESTS): $(UT)/%: $(UT)/obj/tests/kernel/%.o $(UT_SHARED) $(UT)/kernel.o $(UT_MACHINE)
	$(call say,LD,$@)
	$(Q)$(CC) $(UT_SAN) -rdynamic -o $@ $^ -lcmocka -lZydis

.PHONY: torture unit-tests kernel-torture
unit-tests: $(UT_TESTS)
	$(Q)sh tests/kernel/run.sh $^

# Command lines and modules for longer, from another seed on each time.
kernel-torture: $(UT)/boot_fuzz_test $(UT)/vm_random_test
	$(Q)seed=$${SEED:-$$(date +%s)}; end=$$(($$(date +%s) + \
	    $${VM_SECONDS:-300})); while [ $$(date +%s) -lt $$end ]; do \
	    nice $(UT)/vm_random_test $$seed || exit 1; \
	    seed=$$((seed + 1)); done
	$(Q)BOOT_SEED=$${SEED:-$$(date +%s)000} \
	    BOOT_SECONDS=$${FUZZ_SECONDS:-600} nice $<

torture: kernel-torture

SUITES += unit-tests
TEST_PROGRAMS += $(UT_TESTS)
