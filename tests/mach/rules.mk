# Mach programs that are the only boot module: traps and MIG's stubs, no C
# library.

MT := $(B)/tests/mach
MT_PROGRAMS := $(patsubst tests/mach/%.c,$(MT)/%,\
	$(filter-out tests/mach/run.c,$(wildcard tests/mach/*.c)))
FREE_CFLAGS = -std=gnu17 $(OPT) -ffreestanding -fno-stack-protector -fno-pie \
	-mno-red-zone -fcf-protection=none -nostdinc -isystem $(GCC_INCLUDE) \
	-I$(MACH_INC) -I$(GEN) -Ibench/include -MMD -MP
MT_STUBS := mach/mach_interface mach/mach_port mach/mach_host mach/gnumach \
	mach/mach4 device/device device/device_request mach/mach_i386
MT_STUB_OBJS := $(MT_STUBS:%=$(MT)/stub/%.o)

$(MT)/stub/%.o: $(GEN)/%_user.c | $(MACH_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FREE_CFLAGS) $(MIG_WARN) -c -o $@ $<

$(MT)/%.o: tests/mach/%.c | $(MACH_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FREE_CFLAGS) $(WARN) -c -o $@ $<

$(MT_PROGRAMS): %: %.o $(MT)/run.o $(MT_STUB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) -static -nostdlib -no-pie -Wl,-z,noexecstack -o $@ $^

.PHONY: mach-tests
mach-tests: hell $(MT_PROGRAMS)
	$(Q)sh tests/mach/run.sh $(B) $(MT_PROGRAMS)

SUITES += mach-tests
TEST_PROGRAMS += $(MT_PROGRAMS)
