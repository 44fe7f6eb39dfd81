# The whole system on a pseudo-terminal.  WORD=part-of-a-name runs only tests
# whose names have it.

$(B)/tests/system/dies: tests/system/dies.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -o $@ $<

.PHONY: system-tests
system-tests: all $(B)/tests/system/dies $(CT_INSIDE)
	$(Q)python3 tests/system/run.py ./hell $(B) $(WORD)

SUITES += system-tests
TEST_PROGRAMS += $(B)/tests/system/dies
