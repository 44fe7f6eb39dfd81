# The chain of the boot.  *_test.c are programs of the host, under the
# sanitizers; the rest runs inside, for tests/system.

CT := $(B)/tests/chain
CT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -Ilib -I$(B)/machine $(UT_SAN)
CT_TESTS := $(patsubst tests/chain/%.c,$(CT)/%,$(wildcard tests/chain/*_test.c))
CT_LIB := $(patsubst %.c,$(CT)/obj/%.o,lib/store/partition.c \
	$(wildcard lib/acpi/*.c))

$(CT)/obj/%.o: %.c | $(B)/machine/dsdt.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CT_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(CT_TESTS): $(CT)/%: $(CT)/obj/tests/chain/%.o $(CT_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(UT_SAN) -o $@ $^ -lcmocka

$(CT)/%.o: tests/chain/%.c | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

# $(call chain_program,NAME,LIBRARIES)
define chain_program
$(CT)/$(1): $(CT)/$(1).o $(2:%=$(LIB)/lib%.a) $(TASK_LIBS)
	$$(call say,LINK,$$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $$@ $$< -Wl,--start-group \
	    $(2:%=$(LIB)/lib%.a) $(TASK_LIBS) -Wl,--end-group
CT_INSIDE += $(CT)/$(1)
endef
$(eval $(call chain_program,stage,machdev trivfs))
$(eval $(call chain_program,pci,pciaccess machdev))
$(eval $(call chain_program,acpi))

.PHONY: torture chain-tests chain-torture
chain-tests: $(CT_TESTS)
	$(Q)SUITE=$@ sh tests/kernel/run.sh $^

chain-torture: $(CT)/partition_fuzz_test
	$(Q)PARTITION_SEED=$${PARTITION_SEED:-$$(date +%s)} \
	    PARTITION_COUNT=$${PARTITION_COUNT:-1000000} $<

torture: chain-torture

SUITES += chain-tests
TEST_PROGRAMS += $(CT_TESTS) $(CT_INSIDE)
