# The machine's models under the sanitizers, driven as drivers would.  Each
# *_test.c is a program; the rest is what they share.

MT := $(B)/tests/machine
MT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -Itests/machine $(UT_SAN)

MT_MACHINE := $(MACHINE_SRC:%.c=$(MT)/obj/%.o)
MT_TESTS := $(patsubst tests/machine/%.c,$(MT)/%,\
	$(wildcard tests/machine/*_test.c))
MT_SHARED := $(patsubst %.c,$(MT)/obj/%.o,\
	$(filter-out %_test.c %_target.c,$(wildcard tests/machine/*.c)))

$(MT)/obj/machine/%.o: machine/%.c | $(B)/machine/dsdt.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MACHINE_CFLAGS) $(UT_SAN) $(WARN) -MMD -MP -c -o $@ $<

$(MT)/obj/tests/machine/%.o: tests/machine/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MT_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(MT_TESTS): $(MT)/%: $(MT)/obj/tests/machine/%.o $(MT_SHARED) $(MT_MACHINE)
	$(call say,LD,$@)
	$(Q)$(CC) $(UT_SAN) -o $@ $^ -lcmocka

.PHONY: machine-tests
machine-tests: $(MT_TESTS)
	$(Q)SUITE=$@ sh tests/kernel/run.sh $^

SUITES += machine-tests
TEST_PROGRAMS += $(MT_TESTS)

# The bad driver for longer: new seeds each time, which it prints.
.PHONY: torture machine-torture machine-fuzz
machine-torture: $(MT)/fuzz_test
	$(Q)FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)000} \
	    FUZZ_COUNT=$${FUZZ_COUNT:-50000} $<

torture: machine-torture

# And led by what the code does: needs clang.  FUZZ_SECONDS is how long.
MT_FUZZ_SRC := $(MACHINE_SRC) $(addprefix tests/machine/,pc.c fuzz.c \
	ahci_driver.c fuzz_target.c)

$(MT)/fuzz_target: $(MT_FUZZ_SRC) $(wildcard machine/*.h tests/machine/*.h) \
		$(B)/machine/dsdt.h
	$(call say,CLANG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(MT_CFLAGS) -I$(B)/machine -fsanitize=fuzzer,address,undefined \
	    -o $@ $(MT_FUZZ_SRC) -lcmocka

machine-fuzz: $(MT)/fuzz_target
	$(Q)mkdir -p $(MT)/corpus
	$(Q)$< -max_len=4096 -max_total_time=$${FUZZ_SECONDS:-60} $(MT)/corpus
