# The PC that drivers see: compiled like the kernel, without the host's headers.

MACHINE_CFLAGS := -std=gnu17 -ffreestanding -nostdinc \
	-isystem $(GCC_INCLUDE) -Ikernel/include -I. -I$(B)/machine

MACHINE_SRC := $(wildcard machine/*.c)
MACHINE_OBJ := $(MACHINE_SRC:%.c=$(B)/%.o)

$(B)/machine/dsdt.h: machine/dsdt.asl
	$(call say,IASL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)iasl -p $(@:.h=) $< >$(@:.h=.log) 2>&1 || \
	    { cat $(@:.h=.log) >&2; false; }
	$(Q){ echo 'static const unsigned char dsdt_aml[] = {'; \
	    od -An -v -tx1 $(@:.h=.aml) | sed 's/ \(..\)/0x\1,/g'; \
	    echo '};'; } >$@

$(MACHINE_OBJ): $(B)/%.o: %.c | $(B)/machine/dsdt.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MACHINE_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

$(B)/libmachine.a: $(MACHINE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

all: $(B)/libmachine.a
