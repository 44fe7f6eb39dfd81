# Libraries of those who run on Mach.  A library NAME is made of lib/NAME/*.c
# (and *.S), of the stubs that NAME_STUB_OBJS lists, and becomes
# build/lib/libNAME.a.

LIB := $(B)/lib

# Kernel interfaces: HEADER=DEFS, both without suffix.
MACH_INTERFACES := mach/mach_interface=mach/mach mach/mach_port=mach/mach_port \
	mach/mach_host=mach/mach_host mach/gnumach=mach/gnumach \
	mach/mach4=mach/mach4 device/device=device/device \
	device/device_request=device/device_request \
	device/device_reply=device/device_reply \
	mach/mach_i386=mach/machine/mach_i386 \
	mach_debug/mach_debug=mach_debug/mach_debug \
	mach/account=account

# What is no other Mach's stands with the kernel.
mach_interface_defs = $(firstword $(wildcard kernel/mig/$(1).defs) \
	$(MACH_INC)/$(1).defs)

define mach_user_stubs
$(GEN)/$(1).h $(GEN)/$(1)_user.c &: $(wildcard kernel/mig/$(2).defs) | $(MACH_INC)/.done
	$$(call say,MIG,$(2).defs)
	$(Q)mkdir -p $$(@D)
	$(Q)$(MIG) $(MIG_INC) -header $(GEN)/$(1).h -user $(GEN)/$(1)_user.c \
	    -server /dev/null $(call mach_interface_defs,$(2))
MACH_USER_HEADERS += $(GEN)/$(1).h
mach_STUB_OBJS += $(GEN)/$(1)_user.o
$(GEN)/$(1)_user.o: $(GEN)/$(1)_user.c | $$(MACH_USER_HEADERS)
	$$(call say,CC,$$<)
	$(Q)$(CC) $(STUB_CFLAGS) -c -o $$@ $$<
endef
$(foreach i,$(MACH_INTERFACES),$(eval $(call \
	mach_user_stubs,$(firstword $(subst =, ,$i)),$(lastword $(subst =, ,$i)))))

# $(call task_library,NAME)
define task_library
$(1)_OBJS := $(patsubst %,$(B)/%.o,$(wildcard lib/$(1)/*.c lib/$(1)/*.S))
$$($(1)_OBJS): | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS) \
	$$($(1)_STUB_HEADERS)
$(LIB)/lib$(1).a: $$($(1)_OBJS) $$($(1)_STUB_OBJS)
	$$(call say,AR,$$@)
	$(Q)mkdir -p $$(@D) && rm -f $$@
	$(Q)$$(if $$($(1)_WHOLE),ld -r -o $(LIB)/$(1)-whole.o $$^ && \
	    ar rcs $$@ $(LIB)/$(1)-whole.o,ar rcs $$@ $$^)
endef

$(B)/lib/%.c.o: lib/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(B)/lib/%.S.o: lib/%.S
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_INC) -MMD -MP -c -o $@ $<

$(eval $(call task_library,mach))

$(eval $(call mach_server_stubs,ports,mach/notify,-imacros \
	lib/ports/mutations.h -Ddo_=ports_do_ \
	-Dnotify_server=ports_notify_server))
$(eval $(call server_stubs,ports,interrupt,-DHURD_SERVER -DSERVERPREFIX=ports_S_))
$(eval $(call task_library,ports))

# libhurd also carries the stubs that call the Hurd's servers.
hurd_STUB_OBJS := $(HURD_USER_OBJS)
$(eval $(call server_stubs,hurd,msg,-DSERVERPREFIX=libhurd_S_))
$(eval $(call task_library,hurd))
$(eval $(call task_library,iohelp))
$(eval $(call task_library,fshelp))

TRIVFS_MIG := -DHURD_SERVER -DREPLY_PORTS -imacros lib/trivfs/mutations.h
$(eval $(call server_stubs,trivfs,fs io fsys names,$(TRIVFS_MIG) \
	-DSERVERPREFIX=trivfs_S_))
# The library itself answers what a translator leaves undefined.
$(trivfs_STUB_OBJS): STUB_DEFAULT :=
$(eval $(call task_library,trivfs))

TASK_LIBS := $(LIB)/libfshelp.a $(LIB)/libiohelp.a $(LIB)/libports.a $(LIB)/libhurd.a \
	$(LIB)/libmach.a

.PHONY: task-libs
task-libs: $(TASK_LIBS) $(LIB)/libtrivfs.a

$(eval $(call mach_server_stubs,pager,mach/memory_object,-imacros \
	lib/pager/mutations.h -DSERVERPREFIX=pager_S_ -DHURD_SERVER))
$(eval $(call task_library,pager))

# All or nothing: the stubs' defaults for what is not offered must not keep the
# linker from finding what is.
diskfs_WHOLE := yes
DISKFS_MIG := -DHURD_SERVER -imacros lib/diskfs/mutations.h
$(eval $(call server_stubs,diskfs,fs io fsys names exec_startup startup_notify,$(DISKFS_MIG) \
	-DSERVERPREFIX=diskfs_S_))
$(eval $(call task_library,diskfs))

$(eval $(call task_library,store))

# Stages of the boot.  Not whole: only servers of devices have nodes.
MACHDEV_MIG := -DHURD_SERVER -imacros lib/machdev/mutations.h
$(eval $(call server_stubs,machdev,fsys startup_notify,$(MACHDEV_MIG)))
$(eval $(call mach_server_stubs,machdev,device/device,$(MACHDEV_MIG)))
$(eval $(call task_library,machdev))
$(machdev_OBJS): | $(ports_STUB_HEADERS) $(trivfs_STUB_HEADERS)
$(eval $(call task_library,pciaccess))
$(eval $(call task_library,acpi))
$(eval $(call task_library,irqhelp))
