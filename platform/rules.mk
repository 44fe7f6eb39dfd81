# SPDX-License-Identifier: GPL-2.0-or-later
# platform/linux as a library, with the stub that every task runs inside it.

PL := platform/linux
PL_OUT := $(B)/platform/linux
PL_SOURCES := $(wildcard $(PL)/*.c) $(PL)/x86_64/frame.c
# What both platforms share: an instruction that reaches a device, taken apart.
PL_SHARED := platform/x86_64/access.c
PL_OBJECTS := $(PL_SOURCES:%.c=$(B)/%.o) $(PL_SHARED:%.c=$(B)/%.o) \
	$(PL_OUT)/x86_64/stub_image.o
# Programs that are linked with a platform need these.
PL_LIBS := -lZydis -lnbd -lpthread
PL_CFLAGS := -std=gnu17 $(OPT) $(WARN) -I. -I$(PL_OUT)/x86_64 -MMD -MP

# The stub: no library, no vector registers, no data, a fixed address.
PL_STUB_CFLAGS := -std=gnu17 -O2 $(WARN) -I. -ffreestanding -fno-pic \
	-mcmodel=large -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -mgeneral-regs-only -mfsgsbase -MMD -MP
STUB_OBJECTS := $(addprefix $(PL_OUT)/x86_64/,stub.o stub_c.o filter.o)

$(PL_OUT)/x86_64/stub.o: $(PL)/x86_64/stub.S
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_STUB_CFLAGS) -c -o $@ $<

$(PL_OUT)/x86_64/stub_c.o: $(PL)/x86_64/stub.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_STUB_CFLAGS) -c -o $@ $<

$(PL_OUT)/x86_64/filter.o: $(PL)/x86_64/filter.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_STUB_CFLAGS) -c -o $@ $<

$(PL_OUT)/x86_64/stub.elf: $(STUB_OBJECTS) $(PL)/x86_64/stub.ld
	$(call say,LD,$@)
	$(Q)$(LD) -z max-page-size=4096 -T $(PL)/x86_64/stub.ld -o $@ \
	    $(STUB_OBJECTS)

# Addresses in the stub that the kernel process goes by.
$(PL_OUT)/x86_64/stub_symbols.h: $(PL_OUT)/x86_64/stub.elf
	$(Q)nm $< | sed -n 's/^\(0[0-9a-f]*\) [Tt] \(stub_fast_entry\|stub_slow_return\)$$/#define SYMBOL_\2 0x\1ull/p' >$@

$(PL_OUT)/x86_64/stub_image.o: $(PL)/x86_64/stub_image.S \
    $(PL_OUT)/x86_64/stub.elf
	$(call say,AS,$<)
	$(Q)$(CC) -DSTUB_FILE='"$(PL_OUT)/x86_64/stub.elf"' -c -o $@ $<

$(PL_OUT)/x86_64/frame.o: $(PL_OUT)/x86_64/stub_symbols.h

$(B)/platform/linux/%.o: platform/linux/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_CFLAGS) -c -o $@ $<

$(B)/platform/x86_64/%.o: platform/x86_64/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_CFLAGS) -c -o $@ $<

$(B)/libplatform-linux.a: $(PL_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

all: $(B)/libplatform-linux.a

# --- tests: a kernel of their own on the real platform -------------------------

PT := tests/platform
PT_OUT := $(B)/tests/platform
PT_CFLAGS := -std=gnu17 $(OPT) $(WARN) -I. -MMD -MP

$(PT_OUT)/user.o: $(PT)/user.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PL_STUB_CFLAGS) -mno-red-zone -fno-builtin -c -o $@ $<

$(PT_OUT)/user.bin: $(PT_OUT)/user.o $(PT)/user.ld
	$(Q)$(LD) -T $(PT)/user.ld -o $(@:.bin=.elf) $<
	$(Q)objcopy -O binary $(@:.bin=.elf) $@

$(PT_OUT)/user_image.o: $(PT)/user_image.S $(PT_OUT)/user.bin
	$(Q)$(CC) -DUSER_FILE='"$(PT_OUT)/user.bin"' -c -o $@ $<

$(PT_OUT)/%.o: $(PT)/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PT_CFLAGS) -c -o $@ $<

$(PT_OUT)/tests $(PT_OUT)/bench: $(PT_OUT)/%: $(PT_OUT)/%.o $(PT_OUT)/mock.o \
    $(PT_OUT)/user_image.o $(B)/libplatform-linux.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(PL_LIBS)

.PHONY: platform-tests platform-bench
platform-tests: $(PT_OUT)/tests
	$(Q)$(PT_OUT)/tests

platform-bench: $(PT_OUT)/bench
	$(Q)$(PT_OUT)/bench

SUITES += platform-tests
TEST_PROGRAMS += $(PT_OUT)/tests
