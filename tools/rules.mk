# SPDX-License-Identifier: GPL-2.0-or-later
# The hell command: ./hell, as soon as there is a kernel to link it with.

TOOLS_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tools/*.c tools/grub/*.c))
TOOLS_CFLAGS := -std=gnu17 $(OPT) $(WARN) -I. -MMD -MP

$(B)/tools/%.o: tools/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -c -o $@ $<

hell: $(TOOLS_OBJECTS) $(B)/libkernel.a $(B)/libplatform-linux.a \
    $(B)/libmachine.a
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $(TOOLS_OBJECTS) -Wl,--start-group $(B)/libkernel.a \
	    $(B)/libplatform-linux.a $(B)/libmachine.a -Wl,--end-group \
	    -lext2fs -lcom_err -lz $(PL_LIBS)

ifneq ($(wildcard kernel/rules.mk),)
all: hell
else
all: $(TOOLS_OBJECTS)
endif

$(B)/root.img: hell $(SERVERS) $(B)/personality.so $(shell find boot/root -type f 2>/dev/null)
	$(call say,MKROOT,$@)
	$(Q)./hell mkroot $@

# --- tests ---------------------------------------------------------------------

$(B)/tests/tools/module: tests/tools/module.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -o $@ $<

.PHONY: tools-tests
tools-tests: hell servers $(B)/personality.so $(B)/tests/tools/module
	$(Q)python3 tests/tools/command.py ./hell $(B)/tests/tools/module

SUITES += tools-tests
TEST_PROGRAMS += $(B)/tests/tools/module

# --- installation --------------------------------------------------------------

.PHONY: install-tools
install: install-tools
install-tools: hell servers $(B)/personality.so
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/lib/hell/servers
	install -m 755 hell $(DESTDIR)$(PREFIX)/bin
	install -m 644 doc/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(SERVERS) $(DESTDIR)$(PREFIX)/lib/hell/servers
	install -m 755 $(B)/personality.so $(DESTDIR)$(PREFIX)/lib/hell
	install -d $(DESTDIR)$(PREFIX)/lib/hell/boot
	cp -r boot/root $(DESTDIR)$(PREFIX)/lib/hell/boot
