# Disk drivers and the rump calls over them: the same objects for a task on Mach
# and for a program of the host's, which differ in who answers the hypercalls.

DRIVERS_SRC := $(wildcard drivers/ahci/*.c drivers/virtio/*.c)
RUMP_SRC := $(wildcard drivers/rump/*.c)
DRIVERS_HOST_SRC := $(wildcard drivers/host/*.c drivers/posix/*.c)
DRIVERS_MACH_SRC := $(wildcard drivers/mach/*.c) drivers/posix/clock.c

DRIVERS_OBJS := $(DRIVERS_SRC:%.c=$(B)/%.o) $(RUMP_SRC:%.c=$(B)/%.o)
DRIVERS_HOST_OBJS := $(DRIVERS_HOST_SRC:%.c=$(B)/%.o)
DRIVERS_MACH_OBJS := $(DRIVERS_MACH_SRC:%.c=$(B)/%.o)

# Drivers see neither the host's headers nor Mach's.
DRIVERS_CFLAGS := -std=gnu17 -ffreestanding -nostdinc \
	-isystem $(GCC_INCLUDE) -I.
RUMP_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I.

$(DRIVERS_SRC:%.c=$(B)/%.o): $(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(DRIVERS_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

$(RUMP_SRC:%.c=$(B)/%.o) $(DRIVERS_HOST_OBJS): $(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(RUMP_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

$(B)/drivers/mach/%.o: drivers/mach/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(B)/lib/libdrivers.a: $(DRIVERS_OBJS)
$(B)/lib/libdrivers-mach.a: $(DRIVERS_MACH_OBJS)
$(B)/libdrivers-host.a: $(DRIVERS_HOST_OBJS)
$(B)/lib/libdrivers.a $(B)/lib/libdrivers-mach.a $(B)/libdrivers-host.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
