# What one user can take of the system.  WORD=part-of-a-name runs only tests whose
# names have it.

LIMITS_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/limits/*.c))

# Linux programs that make Mach's calls, too.
$(LIMITS_TESTS): $(B)/%: %.c $(LIB)/libhurd.a $(LIB)/libmach.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -static -pthread -o $@ $< -Wl,--start-group \
	    $(LIB)/libhurd.a $(LIB)/libmach.a -Wl,--end-group

# Tasks of the Hurd's own kind.
LIMITS_TASKS := $(patsubst tests/limits/tasks/%.c,$(B)/tests/limits/%, \
	$(wildcard tests/limits/tasks/*.c))

$(LIMITS_TASKS): $(B)/tests/limits/%: tests/limits/tasks/%.c $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group \
	    $(TASK_LIBS) -Wl,--end-group

# Every request that the kernel or a server of the Hurd may get; the kernel's
# first.
WILD_MACH := $(patsubst %,$(GEN)/%_user.c,mach/mach_interface mach/mach_port \
	mach/mach_host mach/gnumach mach/mach4 mach/mach_i386 mach/account \
	device/device device/device_request mach_debug/mach_debug)
WILD_HURD := $(patsubst %,$(GEN)/hurd/%_user.c,auth claims exec exec_startup fs \
	fsys ifsock interrupt io msg names password pci process sigqueue socket \
	startup term tioctl acpi shutdown)

$(B)/tests/limits/requests.h: tests/limits/requests.py \
		| $(MACH_USER_HEADERS) $(HURD_USER_HEADERS)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)python3 $< $(WILD_MACH) $(WILD_HURD) >$@

$(B)/tests/limits/wild: $(B)/tests/limits/requests.h
$(B)/tests/limits/wild: TASK_CFLAGS += -I$(B)/tests/limits \
	-DKERNEL_TABLES=$(words $(WILD_MACH))

.PHONY: limits-tests
limits-tests: all $(LIMITS_TESTS) $(LIMITS_TASKS)
	$(Q)python3 tests/limits/run.py ./hell $(B) $(WORD)

.PHONY: torture limits-torture
limits-torture: all $(LIMITS_TESTS) $(LIMITS_TASKS)
	$(Q)CALLS=$${CALLS:-500000} python3 tests/limits/run.py ./hell $(B) wild
	$(Q)for test in rendezvous how_many made_up; do \
	    LONG=1 python3 tests/limits/run.py ./hell $(B) $$test || exit 1; done

torture: limits-torture

SUITES += limits-tests
TEST_PROGRAMS += $(LIMITS_TESTS) $(LIMITS_TASKS)
