# Each system call that takes a path, with all kinds of paths: inside it answers
# as this host does.  STEP=1 tries all of them, as `make torture' does.

NAMES_TEST_PROGRAMS := $(addprefix $(B)/tests/names/,paths \
	long many random)

$(NAMES_TEST_PROGRAMS): $(B)/tests/names/%: tests/names/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(WARN) -Wno-unused-result -static -o $@ $<

.PHONY: names-tests names-torture
names-tests: all $(NAMES_TEST_PROGRAMS)
	$(Q)python3 tests/names/run.py ./hell $(B) $(or $(STEP),5)

names-torture: all $(NAMES_TEST_PROGRAMS)
	$(Q)python3 tests/names/run.py ./hell $(B) 1

torture: names-torture

SUITES += names-tests
TEST_PROGRAMS += $(NAMES_TEST_PROGRAMS)
