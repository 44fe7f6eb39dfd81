# The PC that drivers see: compiled like the kernel, without the host's headers.

MACHINE_CFLAGS := -std=gnu17 -ffreestanding -nostdinc \
	-isystem $(GCC_INCLUDE) -Ikernel/include -I.

MACHINE_SRC := $(wildcard machine/*.c)
MACHINE_OBJ := $(MACHINE_SRC:%.c=$(B)/%.o)

$(MACHINE_OBJ): $(B)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MACHINE_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

$(B)/libmachine.a: $(MACHINE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

all: $(B)/libmachine.a
