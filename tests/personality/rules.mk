# Linux programs on the personality.  Each passes on Linux too.

PERSONALITY_TESTS := $(patsubst tests/personality/%.c,%,\
	$(wildcard tests/personality/*.c))
PERSONALITY_TEST_ROOT := $(B)/tests/personality/root
# What is run on the host too, for what it should say inside.  The wrong that
# they do they mean: no warnings.
PERSONALITY_SAME := $(patsubst tests/personality/same/%.c,%,\
	$(wildcard tests/personality/same/*.c))
PERSONALITY_TEST_PROGRAMS := \
	$(PERSONALITY_TESTS:%=$(PERSONALITY_TEST_ROOT)/tests/%) \
	$(PERSONALITY_SAME:%=$(PERSONALITY_TEST_ROOT)/tests/same/%)

$(PERSONALITY_TEST_ROOT)/tests/%: tests/personality/%.c \
		tests/personality/check.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -static -pthread $(WARN) -Wno-unused-result -o $@ $<

$(PERSONALITY_TEST_ROOT)/tests/same/%: tests/personality/same/%.c \
		tests/personality/same/same.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -static -pthread -D_GNU_SOURCE -w -o $@ $<

.PHONY: personality-tests
personality-tests: $(PERSONALITY_TEST_PROGRAMS) $(SERVERS) \
		$(B)/personality.so hell
	$(Q)sh tests/personality/run.sh $(B) $(PERSONALITY_TESTS) \
	    $(PERSONALITY_SAME:%=same/%)

SUITES += personality-tests
TEST_PROGRAMS += $(PERSONALITY_TEST_PROGRAMS)
