# The Hurd's interfaces: stubs that callers link with, and the rule that makes
# a server's stubs.

HURD_INTERFACES := acpi auth auth_reply auth_request claims crash default_pager exec exec_startup \
	fs fs_notify fsys fsys_reply ifsock interrupt io io_reply io_request \
	msg msg_reply msg_request names password pci pfinet process process_reply \
	shutdown sigqueue socket startup startup_notify startup_reply term tioctl

GEN := $(B)/gen
# Headers of the tree, of Mach, and what MIG makes; for all that runs on Mach.
TASK_INC := -I. -Ilib -Iservers -I$(GEN) -I$(MACH_INC)
TASK_CFLAGS = -std=gnu17 -D_GNU_SOURCE -fno-strict-aliasing $(OPT) $(WARN) \
	$(TASK_INC) -MMD -MP
# MIG's C is not ours to warn about.
STUB_CFLAGS = -std=gnu17 -D_GNU_SOURCE -fno-strict-aliasing $(OPT) $(MIG_WARN) \
	$(TASK_INC) -MMD -MP -include mach/mig_support.h
STUB_DEFAULT = -DMIG_EOPNOTSUPP=0x4000002d
MIG_INC := -I. -I$(MACH_INC)

$(GEN)/hurd/%.h $(GEN)/hurd/%_user.c: hurd/%.defs hurd/hurd_types.defs \
		| $(MACH_INC)/.done
	$(call say,MIG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(MIG) $(MIG_INC) -header $(GEN)/hurd/$*.h \
	    -user $(GEN)/hurd/$*_user.c -server /dev/null $<

HURD_USER_HEADERS := $(HURD_INTERFACES:%=$(GEN)/hurd/%.h)
HURD_USER_OBJS := $(HURD_INTERFACES:%=$(GEN)/hurd/%_user.o)

$(HURD_USER_OBJS): %.o: %.c | $(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC) $(STUB_CFLAGS) -c -o $@ $<

# $(call server_stubs,DIR,INTERFACES,MIG-FLAGS) makes, for each interface,
# build/gen/DIR/INTERFACE_S.h and .c; what a server leaves undefined answers
# EOPNOTSUPP.  DIR_STUB_OBJS and DIR_STUB_HEADERS list what came out.
define server_stubs
$(1)_STUB_HEADERS += $(2:%=$(GEN)/$(1)/%_S.h)
$(1)_STUB_OBJS += $(2:%=$(GEN)/$(1)/%_S.o)
$(2:%=$(GEN)/$(1)/%_S.h): $(GEN)/$(1)/%_S.h: hurd/%.defs \
		hurd/hurd_types.defs $(wildcard */$(1)/mutations.h) | $(MACH_INC)/.done
	$$(call say,MIG,$$<)
	$(Q)mkdir -p $$(@D)
	$(Q)$(MIG) $(MIG_INC) $(3) -sheader $$@ -server $$(@:.h=.c) \
	    -user /dev/null -header /dev/null $$<
$(2:%=$(GEN)/$(1)/%_S.o): %_S.o: %_S.h | $(HURD_USER_HEADERS) \
		$(MACH_USER_HEADERS)
	$$(call say,CC,$$*_S.c)
	$(Q)$(CC) $(STUB_CFLAGS) $$(STUB_DEFAULT) -c -o $$@ $$*_S.c
endef

# The same for Mach's own interfaces, whose .defs are found by full name:
# $(call mach_server_stubs,DIR,mach/notify,MIG-FLAGS)
define mach_server_stubs
$(1)_STUB_HEADERS += $(GEN)/$(1)/$(notdir $(2))_S.h
$(1)_STUB_OBJS += $(GEN)/$(1)/$(notdir $(2))_S.o
$(GEN)/$(1)/$(notdir $(2))_S.h: | $(MACH_INC)/.done
	$$(call say,MIG,$(2).defs)
	$(Q)mkdir -p $$(@D)
	$(Q)$(MIG) $(MIG_INC) $(3) -sheader $$@ -server $$(@:.h=.c) \
	    -user /dev/null -header /dev/null $(MACH_INC)/$(2).defs
$(GEN)/$(1)/$(notdir $(2))_S.o: $(GEN)/$(1)/$(notdir $(2))_S.h | \
		$(HURD_USER_HEADERS) $(MACH_USER_HEADERS)
	$$(call say,CC,$$(<:.h=.c))
	$(Q)$(CC) $(STUB_CFLAGS) $$(STUB_DEFAULT) -c -o $$@ \
	    $$(<:.h=.c)
endef
