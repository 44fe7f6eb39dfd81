# The boot's chain: stages without hardware.

$(B)/tests/chain/%.o: tests/chain/%.c | $(MACH_USER_HEADERS) \
		$(HURD_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TASK_CFLAGS) -c -o $@ $<

$(B)/tests/chain/stage: $(B)/tests/chain/stage.o $(LIB)/libmachdev.a \
		$(LIB)/libtrivfs.a $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group \
	    $(LIB)/libmachdev.a $(LIB)/libtrivfs.a $(TASK_LIBS) -Wl,--end-group

$(B)/tests/chain/pci: $(B)/tests/chain/pci.o $(LIB)/libpciaccess.a \
		$(LIB)/libmachdev.a $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group \
	    $(LIB)/libpciaccess.a $(LIB)/libmachdev.a $(TASK_LIBS) -Wl,--end-group

$(B)/tests/chain/acpi: $(B)/tests/chain/acpi.o $(TASK_LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(TASK_LDFLAGS) -o $@ $< -Wl,--start-group $(TASK_LIBS) \
	    -Wl,--end-group

TEST_PROGRAMS += $(B)/tests/chain/acpi $(B)/tests/chain/pci $(B)/tests/chain/stage
