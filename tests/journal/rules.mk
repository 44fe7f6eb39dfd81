# The journal of ext2fs, on the host: tests/journal/journal_test.c.
# CRASHES=N stops the machine so often; 0: after every write.

JT := $(B)/tests/journal
JT_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -Iservers $(UT_SAN)
JT_SOURCES := $(wildcard tests/journal/*.c) $(patsubst %,servers/ext2fs/%.c,\
	blockset commit io journal replay transaction)
JT_OBJS := $(patsubst %.c,$(JT)/obj/%.o,$(JT_SOURCES))

$(JT_OBJS): $(JT)/obj/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(JT_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(JT)/journal_test: $(JT_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(UT_SAN) -o $@ $^ -lext2fs -lcom_err

.PHONY: journal-tests journal-torture
journal-tests: $(JT)/journal_test
	$(Q)$< $(JT) $(CRASHES)

journal-torture: $(JT)/journal_test
	$(Q)$< $(JT) 400 $$(date +%s)

torture: journal-torture
SUITES += journal-tests
TEST_PROGRAMS += $(JT)/journal_test
