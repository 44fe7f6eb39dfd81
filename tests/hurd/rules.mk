# Tests of the interfaces, libraries and servers.

$(eval $(call server_stubs,dance,startup,-DSERVERPREFIX=S_))

$(B)/tests/hurd/%.o: tests/hurd/%.c | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS) $(dance_STUB_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(B)/tests/hurd/dance: $(B)/tests/hurd/dance.o $(dance_STUB_OBJS) $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< $(dance_STUB_OBJS) \
	    -Wl,--start-group $(TASK_LIBS) -Wl,--end-group

TARFS_MIG := -DHURD_SERVER -DSERVERPREFIX=S_
$(eval $(call server_stubs,tarfs,fs io,$(TARFS_MIG) \
	-imacros tests/hurd/tarfs_mutations.h))
$(eval $(call server_stubs,tarfs,fsys exec_startup,$(TARFS_MIG)))
TARFS_OBJS := $(B)/tests/hurd/tarfs.o $(B)/tests/hurd/tarfs_nodes.o
$(TARFS_OBJS): | $(tarfs_STUB_HEADERS) $(ports_STUB_HEADERS)

$(B)/tests/hurd/tarfs: $(TARFS_OBJS) $(tarfs_STUB_OBJS) $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $(TARFS_OBJS) $(tarfs_STUB_OBJS) \
	    -Wl,--start-group $(TASK_LIBS) -Wl,--end-group

$(B)/tests/hurd/inside: $(B)/tests/hurd/inside.o $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group $(TASK_LIBS) \
	    -Wl,--end-group

$(B)/tests/hurd/impostor: $(B)/tests/hurd/impostor.o $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group $(TASK_LIBS) \
	    -Wl,--end-group

# Programs that run for ever, with stacks of both kinds; one has an interpreter.
STACK_TESTS := $(addprefix $(B)/tests/hurd/stack/,plain stack interpreted ld.so.1)
$(B)/tests/hurd/stack/%: tests/hurd/forever.S
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib $(STACK_LDFLAGS) -Wl,--build-id=none -o $@ $<
$(B)/tests/hurd/stack/plain: STACK_LDFLAGS := -static -Wl,-z,noexecstack
$(B)/tests/hurd/stack/stack: STACK_LDFLAGS := -static -Wl,-z,execstack
$(B)/tests/hurd/stack/interpreted: STACK_LDFLAGS := -pie -Wl,-z,noexecstack \
	-Wl,--dynamic-linker=/libexec/stack/ld.so.1
$(B)/tests/hurd/stack/ld.so.1: STACK_LDFLAGS := -shared -Wl,-z,execstack

# Messages and structures have the Hurd's layout: checked by compiling.
$(B)/tests/hurd/wire.c: tests/hurd/wire.py tests/hurd/wire.txt \
		$(HURD_USER_HEADERS)
	$(Q)mkdir -p $(@D)
	$(Q)python3 $< tests/hurd/wire.txt $(GEN)/hurd >$@

$(B)/tests/hurd/wire.o: $(B)/tests/hurd/wire.c
	$(call say,CC,$<)
	$(Q)$(CC) $(STUB_CFLAGS) -c -o $@ $<

.PHONY: hurd-tests
HURD_TEST_PROGRAMS := $(B)/tests/hurd/wire.o $(B)/tests/hurd/layout.o \
	$(B)/tests/hurd/dance $(B)/tests/hurd/tarfs $(B)/tests/hurd/inside \
	$(B)/tests/hurd/impostor $(STACK_TESTS)
hurd-tests: $(HURD_TEST_PROGRAMS) $(SERVERS) $(B)/personality.so hell
	$(Q)sh tests/hurd/run.sh $(B)

SUITES += hurd-tests
TEST_PROGRAMS += $(HURD_TEST_PROGRAMS)
