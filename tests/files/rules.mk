# What programs may expect of the file system, inside the machine.  WORD=part
# of a test's name runs only that one; SEED=N replays the exerciser's operations.

FILES_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/files/*.c))

$(FILES_TESTS): $(B)/%: %.c tests/files/check.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(WARN) -static -o $@ $<

# Several files make one program.
EXERCISER := $(B)/tests/files/exerciser

$(EXERCISER): $(wildcard tests/files/exerciser/*.[ch])
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(WARN) -I. -static -o $@ $(filter %.c,$^)

FILES_TESTS += $(EXERCISER)

.PHONY: files-tests
files-tests: all $(FILES_TESTS)
	$(Q)python3 tests/files/run.py ./hell $(B) $(WORD)

.PHONY: torture files-torture
files-torture: all $(FILES_TESTS)
	$(Q)OPERATIONS=1000000 python3 tests/files/run.py ./hell $(B) exerciser
	$(Q)PRESSURE=20 python3 tests/files/run.py ./hell $(B) pressure
	$(Q)FUZZ=300 python3 tests/files/run.py ./hell $(B) spoilt
	$(Q)FILES=5000 python3 tests/files/run.py ./hell $(B) formats

torture: files-torture

SUITES += files-tests
TEST_PROGRAMS += $(FILES_TESTS)
