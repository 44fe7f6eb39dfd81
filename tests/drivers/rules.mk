# The drivers and the rump calls against machine/, in ordinary programs: all of
# it under AddressSanitizer and UBSan, and once more under ThreadSanitizer.

DT := $(B)/tests/drivers
DT_SAN_asan := -g -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
# The machine's fences are about memory that the detector does not look at.
DT_SAN_tsan := -g -O1 -fsanitize=thread -Wno-tsan
DT_SHARED_SRC := $(DRIVERS_SRC) $(RUMP_SRC) $(DRIVERS_HOST_SRC) \
	$(MACHINE_SRC) tests/drivers/world.c
DT_TESTS := $(patsubst tests/drivers/%.c,%,$(wildcard tests/drivers/*_test.c))

# $(call drivers_tests,SANITIZER)
define drivers_tests
$(MACHINE_SRC:%.c=$(DT)/$(1)/%.o): DT_FLAGS = $(MACHINE_CFLAGS)
$(MACHINE_SRC:%.c=$(DT)/$(1)/%.o): | $(B)/machine/dsdt.h
$(DRIVERS_SRC:%.c=$(DT)/$(1)/%.o): DT_FLAGS = $(DRIVERS_CFLAGS)
$(DT)/$(1)/%.o: DT_FLAGS = $(RUMP_CFLAGS)
$(DT)/$(1)/%.o: %.c
	$$(call say,CC,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $$(DT_FLAGS) $(DT_SAN_$(1)) $(WARN) -MMD -MP -c -o $$@ $$<
$(DT)/$(1)/%_test: $(DT)/$(1)/tests/drivers/%_test.o \
		$(DT_SHARED_SRC:%.c=$(DT)/$(1)/%.o)
	$$(call say,LD,$$@)
	$(Q)$(CC) $(DT_SAN_$(1)) -pthread -o $$@ $$^ -lcmocka
.PRECIOUS: $(DT)/$(1)/%.o
DT_PROGRAMS += $(DT_TESTS:%=$(DT)/$(1)/%)
endef
$(foreach s,asan tsan,$(eval $(call drivers_tests,$(s))))

# The example as a program of the host's, with the very objects that a task
# gets.
$(B)/examples/rump-host: examples/rump/rump.c examples/rump/host.c \
		$(B)/lib/libdrivers.a $(B)/libdrivers-host.a $(B)/libmachine.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(RUMP_CFLAGS) $(OPT) $(WARN) -pthread -o $@ \
	    $(filter %.c,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# Asks rumpdisk inside.
$(DT)/device.o: tests/drivers/device.c | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(DT)/device: $(DT)/device.o $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group $(TASK_LIBS) \
	    -Wl,--end-group

.PHONY: drivers-tests
DT_INSIDE := $(B)/examples/rump-host $(B)/examples/rump $(DT)/device \
	$(B)/servers/rumpdisk $(B)/servers/pci-arbiter $(B)/personality.so hell
drivers-tests: $(DT_PROGRAMS) $(DT_INSIDE)
	$(Q)sh tests/drivers/run.sh $(B) $(DT_PROGRAMS)

SUITES += drivers-tests
TEST_PROGRAMS += $(DT_PROGRAMS) $(B)/examples/rump-host $(B)/examples/rump \
	$(DT)/device
