# Hurd servers and programs.  A server NAME is made of servers/NAME/*.c, the
# stubs that NAME_STUB_OBJS lists and the libraries, and becomes
# build/servers/NAME; build/symbols/NAME is the same with its symbols, for gdb.

TASK_LDFLAGS := -static -no-pie -pthread

# $(call task_program,NAME,EXTRA-LIBRARIES)
define task_program
$(1)_SRV_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(wildcard servers/$(1)/*.c))
$$($(1)_SRV_OBJS): | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS) \
	$$($(1)_STUB_HEADERS) $$(ports_STUB_HEADERS) $$(trivfs_STUB_HEADERS)
$(B)/servers/$(1): $$($(1)_SRV_OBJS) $$($(1)_STUB_OBJS) \
		$(2:%=$(LIB)/lib%.a) $(TASK_LIBS)
	$$(call say,LINK,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $(B)/servers/$(1).out \
	    $$($(1)_SRV_OBJS) $$($(1)_STUB_OBJS) -Wl,--start-group \
	    $(2:%=$(LIB)/lib%.a) $(TASK_LIBS) -Wl,--end-group $$($(1)_LDLIBS)
	$(Q)mkdir -p $(B)/symbols && mv $(B)/servers/$(1).out $(B)/symbols/$(1)
	$(Q)strip -o $$@ $(B)/symbols/$(1)
SERVERS += $(B)/servers/$(1)
endef

$(B)/obj/servers/%.o: servers/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(eval $(call task_program,null,trivfs))
$(eval $(call task_program,fifo,trivfs))
$(eval $(call task_program,storeio,trivfs store))

# Interfaces of one server, in terms of its own structures.
SERVER_MIG = -DHURD_SERVER -DSERVERPREFIX=S_ -Iservers \
	-imacros servers/$(1)/mutations.h

$(eval $(call server_stubs,auth,auth,$(call SERVER_MIG,auth)))
$(eval $(call task_program,auth))

$(eval $(call server_stubs,proc,process claims,$(call SERVER_MIG,proc)))
$(eval $(call task_program,proc))

$(eval $(call server_stubs,exec,exec exec_startup,$(call SERVER_MIG,exec)))
$(eval $(call task_program,exec,trivfs))

# startup is one thread on bare ports.
$(eval $(call server_stubs,startup,startup fsys msg,-DSERVERPREFIX=S_))
$(eval $(call mach_server_stubs,startup,mach/notify))
$(eval $(call task_program,startup))

$(eval $(call server_stubs,term,term tioctl,$(call SERVER_MIG,term)))
$(eval $(call task_program,term,trivfs))

$(foreach p,console-run settrans showtrans fsysopts portinfo runcommand halt,\
	$(eval $(call task_program,$(p))))

# Loads programs to where they are linked, which must not be where it is.
ld-so_LDLIBS := -Wl,-Ttext-segment=0x20000000
$(eval $(call task_program,ld-so))

ext2fs_LDLIBS := -lext2fs -lcom_err
$(eval $(call task_program,ext2fs,diskfs pager store))
$(eval $(call task_program,procfs,diskfs pager))

$(eval $(call server_stubs,pci-arbiter,pci,$(call SERVER_MIG,pci-arbiter)))
$(eval $(call task_program,pci-arbiter,machdev pciaccess diskfs pager))

$(eval $(call server_stubs,acpi,acpi,$(call SERVER_MIG,acpi)))
$(eval $(call task_program,acpi,machdev pciaccess acpi diskfs pager))
$(eval $(call server_stubs,shutdown,shutdown,$(call SERVER_MIG,shutdown)))
$(eval $(call task_program,shutdown,trivfs))
# Drivers and who offers their disks (drivers/rules.mk).
$(DRIVERS_MACH_OBJS): | $(MACH_USER_HEADERS) $(HURD_USER_HEADERS)
DRIVERS_LIBS := $(LIB)/libdrivers.a $(LIB)/libdrivers-mach.a \
	$(LIB)/libirqhelp.a $(LIB)/libpciaccess.a $(LIB)/libmachdev.a

$(B)/examples/rump: examples/rump/rump.c examples/rump/task.c \
		$(DRIVERS_LIBS) $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) $(TASK_LDFLAGS) -o $@ $(filter %.c,$^) \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

$(eval $(call mach_server_stubs,rumpdisk,device/device,-DHURD_SERVER \
	-Iservers -imacros servers/rumpdisk/mutations.h))
$(eval $(call task_program,rumpdisk,drivers drivers-mach irqhelp pciaccess \
	machdev trivfs pager))

$(eval $(call server_stubs,pflocal,io socket,$(call SERVER_MIG,pflocal)))
$(eval $(call task_program,pflocal,trivfs))
$(eval $(call task_program,magic,trivfs))

$(eval $(call server_stubs,mach-defpager,default_pager,-DSERVERPREFIX=S_))
$(eval $(call mach_server_stubs,mach-defpager,mach/memory_object,\
	-DSERVERPREFIX=S_))
$(eval $(call mach_server_stubs,mach-defpager,mach/memory_object_default))
$(eval $(call task_program,mach-defpager))
$(eval $(call task_program,swapon,store))

.PHONY: servers
servers: $(SERVERS)
all: servers
