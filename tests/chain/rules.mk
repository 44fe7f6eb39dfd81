# The chain of the boot.  *_test.c are programs of the host, under the
# sanitizers, each with what it tests; the rest runs inside, for tests/system.

CT := $(B)/tests/chain
CT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -Ilib -I$(B)/machine $(UT_SAN)
CT_TESTS := $(patsubst tests/chain/%.c,$(CT)/%,$(wildcard tests/chain/*_test.c))
CT_LIB := $(patsubst %.c,$(CT)/obj/%.o,lib/store/partition.c \
	$(wildcard lib/acpi/*.c))

$(CT)/obj/%.o: %.c | $(B)/machine/dsdt.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CT_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(CT)/obj/tools/%.o: CT_CFLAGS := $(CT_CFLAGS) -U_GNU_SOURCE
$(CT)/config_fuzz_test: $(CT)/obj/tools/complain.o \
	$(patsubst %.c,$(CT)/obj/%.o,$(wildcard tools/grub/*.c))

# exec's parts, which know tasks and files by calls that the tests answer.
CT_EXEC := $(patsubst %,$(CT)/obj/%.o,tests/chain/exec_fuzz_test \
	tests/chain/exec_args_fuzz_test $(patsubst %,servers/exec/%,\
	image load script bootinfo))
$(CT_EXEC): CT_CFLAGS = $(TASK_CFLAGS) $(UT_SAN)
$(CT_EXEC): | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS) \
	$(GEN)/exec/exec_startup_S.h
$(CT)/exec_fuzz_test: $(addprefix $(CT)/obj/servers/exec/,image.o load.o)
$(CT)/exec_args_fuzz_test: $(addprefix $(CT)/obj/servers/exec/,script.o bootinfo.o)

$(CT)/obj/tests/chain/share_test.o $(CT)/obj/lib/ports/share.o: \
	CT_CFLAGS = $(TASK_CFLAGS) $(UT_SAN)
$(CT)/obj/tests/chain/share_test.o $(CT)/obj/lib/ports/share.o: | \
	$(MACH_USER_HEADERS) $(HURD_USER_HEADERS)
$(CT)/share_test: $(CT)/obj/lib/ports/share.o

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
$(eval $(call chain_program,maptime))
$(eval $(call chain_program,msgports))

.PHONY: torture chain-tests chain-torture
chain-tests: $(CT_TESTS)
	$(Q)SUITE=$@ sh tests/kernel/run.sh $^

# For longer, from another seed on each time: so many seconds each.
chain-torture: $(filter %_fuzz_test,$(CT_TESTS))
	$(Q)for test in $^; do \
	    n=$$(basename $$test _fuzz_test | tr a-z A-Z); \
	    env $${n}_SEED=$${SEED:-$$(date +%s)000} \
	        $${n}_SECONDS=$${FUZZ_SECONDS:-600} nice $$test || exit 1; done

torture: chain-torture

SUITES += chain-tests
TEST_PROGRAMS += $(CT_TESTS) $(CT_INSIDE)
