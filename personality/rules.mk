# The personality: one position-independent file without a C library, mapped
# into every task that runs a Linux program.  It may not touch a vector
# register: a system call preserves them.

PERSONALITY_CFLAGS = -std=gnu17 -D_GNU_SOURCE -fno-strict-aliasing $(OPT) \
	-ffreestanding -fPIE -fvisibility=hidden -fno-stack-protector \
	-mgeneral-regs-only -fno-builtin -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns $(TASK_INC) -MMD -MP
PERSONALITY_SRC := $(wildcard personality/*.c personality/*.S)
PERSONALITY_OBJ := $(PERSONALITY_SRC:%=$(B)/%.o)
PERSONALITY_STUBS := mach/mach_interface mach/mach_port mach/mach_host \
	mach/gnumach device/device hurd/auth hurd/exec_startup hurd/fs hurd/fsys \
	hurd/io hurd/names hurd/process hurd/msg hurd/msg_reply hurd/term \
	hurd/tioctl hurd/socket hurd/startup hurd/claims hurd/sigqueue
PERSONALITY_STUB_OBJ := $(PERSONALITY_STUBS:%=$(B)/personality/stub/%.o)
PERSONALITY_STUB_CFLAGS = $(PERSONALITY_CFLAGS) $(MIG_WARN) -include lib/mach/mig_support.h

$(B)/personality/stub/%.o: $(GEN)/%_user.c | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PERSONALITY_STUB_CFLAGS) -c -o $@ $<

$(B)/personality/%.c.o: personality/%.c | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PERSONALITY_CFLAGS) $(WARN) -c -o $@ $<

$(B)/personality/%.S.o: personality/%.S
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_INC) -MMD -MP -c -o $@ $<

$(B)/personality.so: $(PERSONALITY_OBJ) $(PERSONALITY_STUB_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) -static-pie -nostdlib -nostartfiles -Wl,-e,personality_start \
	    -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--no-dynamic-linker \
	    -Wl,--gc-sections -Wl,-z,norelro -o $@ $^

all: $(B)/personality.so
