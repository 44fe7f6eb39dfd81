# Linux programs on the personality.  Each passes on Linux too.

PERSONALITY_TESTS := $(patsubst tests/personality/%.c,%,\
	$(wildcard tests/personality/*.c))
PERSONALITY_TEST_ROOT := $(B)/tests/personality/root
PERSONALITY_TEST_PROGRAMS := \
	$(PERSONALITY_TESTS:%=$(PERSONALITY_TEST_ROOT)/tests/%)

$(PERSONALITY_TEST_ROOT)/tests/%: tests/personality/%.c \
		tests/personality/check.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -static -pthread $(WARN) -Wno-unused-result -o $@ $<

.PHONY: personality-tests
personality-tests: $(PERSONALITY_TEST_PROGRAMS) $(SERVERS) \
		$(B)/personality.so hell
	$(Q)sh tests/personality/run.sh $(B) $(PERSONALITY_TESTS)

SUITES += personality-tests
TEST_PROGRAMS += $(PERSONALITY_TEST_PROGRAMS)
