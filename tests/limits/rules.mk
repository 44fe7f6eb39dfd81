# What one user can take of the system.  WORD=part-of-a-name runs only tests whose
# names have it.

LIMITS_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/limits/*.c))

# Linux programs that make Mach's calls, too.
$(LIMITS_TESTS): $(B)/%: %.c $(LIB)/libhurd.a $(LIB)/libmach.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -static -pthread -o $@ $< -Wl,--start-group \
	    $(LIB)/libhurd.a $(LIB)/libmach.a -Wl,--end-group

.PHONY: limits-tests
limits-tests: all $(LIMITS_TESTS)
	$(Q)python3 tests/limits/run.py ./hell $(B) $(WORD)

SUITES += limits-tests
TEST_PROGRAMS += $(LIMITS_TESTS)
