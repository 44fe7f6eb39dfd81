# What a user without rights can do, and must not be able to.  WORD=part of a
# test's name runs only that one.

RT := $(B)/tests/rights
RT_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/rights/*.c))

$(RT_OBJS): $(B)/%.o: %.c tests/rights/intruder.h | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(RT)/intruder: $(RT_OBJS) $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $(RT_OBJS) -Wl,--start-group \
	    $(TASK_LIBS) -Wl,--end-group

$(RT)/%: tests/rights/programs/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OPT) $(WARN) -D_GNU_SOURCE -static -o $@ $<

.PHONY: rights-tests
RIGHTS_TEST_PROGRAMS := $(RT)/intruder $(RT)/whoami
rights-tests: all $(RIGHTS_TEST_PROGRAMS)
	$(Q)python3 tests/rights/run.py ./hell $(B) $(WORD)

SUITES += rights-tests
TEST_PROGRAMS += $(RIGHTS_TEST_PROGRAMS)
