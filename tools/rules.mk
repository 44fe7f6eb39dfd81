# SPDX-License-Identifier: GPL-2.0-or-later
# The hell command: ./hell, as soon as there is a kernel to link it with.

TOOLS_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard tools/*.c))
TOOLS_CFLAGS := -std=gnu17 $(OPT) $(WARN) -I. -MMD -MP

$(B)/tools/%.o: tools/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CFLAGS) -c -o $@ $<

hell: $(TOOLS_OBJECTS) $(B)/libkernel.a $(B)/libplatform-linux.a
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $(TOOLS_OBJECTS) -Wl,--start-group $(B)/libkernel.a \
	    $(B)/libplatform-linux.a -Wl,--end-group -lext2fs -lcom_err -lpthread

ifneq ($(wildcard kernel/rules.mk),)
all: hell
else
all: $(TOOLS_OBJECTS)
endif

$(B)/root.img: hell $(shell find boot/root -type f 2>/dev/null)
	$(call say,MKROOT,$@)
	$(Q)./hell mkroot $@
