# The machine's models under the sanitizers, driven as drivers would.  Each
# *_test.c is a program; the rest is what they share.

MT := $(B)/tests/machine
MT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -Itests/machine $(UT_SAN)

MT_MACHINE := $(MACHINE_SRC:%.c=$(MT)/obj/%.o)
MT_TESTS := $(patsubst tests/machine/%.c,$(MT)/%,\
	$(wildcard tests/machine/*_test.c))
MT_SHARED := $(patsubst %.c,$(MT)/obj/%.o,\
	$(filter-out %_test.c,$(wildcard tests/machine/*.c)))

$(MT)/obj/machine/%.o: machine/%.c
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
