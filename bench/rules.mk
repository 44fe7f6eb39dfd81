# The benchmarks: machbench is the only boot module of a machine, unixbench an
# ordinary static Linux program, run inside the booted system and on the host.

BN := $(B)/bench
BN_STUB_OBJS := $(patsubst %,$(BN)/stub/%.o,mach mach_host mach_port)
BN_CFLAGS = -std=gnu11 -O2 -g -ffreestanding -fno-stack-protector -fno-pie \
	-mno-red-zone $(MIG_WARN) -nostdinc -isystem $(GCC_INCLUDE) -I$(MACH_INC) \
	-I$(BN)/stub -Ibench/include
BN_STUB_SRC := $(BN_STUB_OBJS:.o=.c)

$(BN_STUB_SRC): $(BN)/stub/%.c: | $(MACH_INC)/.done
	$(call say,MIG,$*.defs)
	$(Q)mkdir -p $(@D)
	$(Q)$(MIG) -I$(MACH_INC) -user $@ -header $(@:.c=.h) \
	    -server /dev/null -sheader /dev/null $(MACH_INC)/mach/$*.defs

$(BN)/machbench: bench/machbench.c $(BN_STUB_SRC)
	$(call say,LINK,$@)
	$(Q)$(CC) $(BN_CFLAGS) -static -nostdlib -no-pie \
	    -Wl,-z,noexecstack -o $@ $^

$(BN)/unixbench: bench/unixbench.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -static -o $@ $<

# A root with unixbench on it.
$(BN)/root.img: $(BN)/unixbench $(B)/tests/files/beside $(B)/root.img
	$(call say,MKROOT,$@)
	$(Q)mkdir -p $(BN)/root/bin
	$(Q)cp $(BN)/unixbench $(B)/tests/files/beside $(BN)/root/bin/
	$(Q)./hell mkroot --add $(BN)/root $@

.PHONY: bench-programs bench-all
bench-programs: $(BN)/machbench $(BN)/unixbench $(BN)/root.img

bench-all: hell bench-programs
	$(Q)python3 bench/run.py ./hell $(BN)

# diskbench is a boot module that is linked as servers are; hostdisk does the
# same on the host.
$(BN)/diskbench.o: bench/diskbench.c | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(BN)/diskbench: $(BN)/diskbench.o $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group $(TASK_LIBS) \
	    -Wl,--end-group

$(BN)/hostdisk: bench/hostdisk.c
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 $(WARN) -pthread -o $@ $<

bench-programs: $(BN)/diskbench $(BN)/hostdisk $(B)/servers/rumpdisk
