# The whole system on a pseudo-terminal.  WORD=part-of-a-name runs only tests
# whose names have it.

SYSTEM_TEST_PROGRAMS := $(B)/tests/system/dies $(B)/tests/system/forever \
	$(B)/tests/system/pages

$(B)/tests/system/pages: tests/system/pages.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(OPT) $(WARN) -static -o $@ $<

$(B)/tests/system/dies $(B)/tests/system/forever: \
$(B)/tests/system/%: tests/system/%.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -o $@ $<

.PHONY: system-tests
system-tests: all $(SYSTEM_TEST_PROGRAMS) $(CT_INSIDE)
	$(Q)python3 tests/system/run.py ./hell $(B) $(WORD)

# The whole system BOOTS times, on a host that is busy.
.PHONY: torture boots
BOOTS ?= 1000
boots: all $(B)/root.img
	$(Q)python3 tests/system/boots.py ./hell $(B) $(BOOTS)

torture: boots

SUITES += system-tests
TEST_PROGRAMS += $(SYSTEM_TEST_PROGRAMS)
