# What programs may expect of the file system, inside the machine.  WORD=part
# of a test's name runs only that one.

$(B)/tests/files/files: tests/files/files.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(WARN) -static -o $@ $<

.PHONY: files-tests
files-tests: all $(B)/tests/files/files
	$(Q)python3 tests/files/run.py ./hell $(B) $(WORD)

SUITES += files-tests
TEST_PROGRAMS += $(B)/tests/files/files
