# The kernel: portable C, no header of the host's.  Everything goes into one
# object, so that a default (weak) routine gives way to the real one wherever
# that is.

KERNEL_INCLUDE := -nostdinc -isystem $(GCC_INCLUDE) -Ikernel/include \
	-Ikernel/mig -I. -Ikernel -I$(MACH_INC) -I$(B)/mig
KERNEL_CFLAGS := -std=gnu17 -ffreestanding $(KERNEL_INCLUDE) \
	-DKERNEL -DMACH_KERNEL -DNCPUS=1

KERNEL_SRC := $(wildcard kernel/*/*.c kernel/*/x86_64/*.c)
KERNEL_OBJ := $(KERNEL_SRC:%.c=$(B)/%.o)

# --- MIG -------------------------------------------------------------------
MIG_SERVERS := mach mach_port mach_host gnumach gnumach_limits account \
	mach4 mach_i386 device mach_debug
MIG_USERS := memory_object memory_object_default task_notify device_reply
MIG_DIR := $(B)/mig
MIG_FLAGS := -n -cc "$(CC) -E -x c -nostdinc" -I$(MACH_INC) -DKERNEL

mig_defs_mach_i386 := mach/machine/mach_i386
mig_defs_device := device/device
mig_defs_device_reply := device/device_reply
mig_defs_mach_debug := mach_debug/mach_debug
# Ours: what is newer than the packaged definitions, or in no other Mach.
mig_defs_own := gnumach_limits account
mig_defs = $(if $(filter $(1),$(mig_defs_own)),kernel/mig/$(1).defs,$\
	$(MACH_INC)/$(or $(mig_defs_$(1)),mach/$(1)).defs)
MIG_OWN := $(mig_defs_own:%=kernel/mig/%.defs)

MIG_SERVER_C := $(MIG_SERVERS:%=$(MIG_DIR)/%_server.c)
MIG_USER_C := $(MIG_USERS:%=$(MIG_DIR)/%_user.c)
MIG_OBJ := $(MIG_SERVER_C:.c=.o) $(MIG_USER_C:.c=.o)

$(MIG_SERVER_C): $(MIG_DIR)/%_server.c: $(MACH_INC)/.done $(MIG_OWN)
	$(call say,MIG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(MIG) $(MIG_FLAGS) -DKERNEL_SERVER=1 -DSERVERPREFIX=rpc_ \
	    -server $@ -sheader $(@:.c=.h) -user /dev/null -header /dev/null \
	    $(call mig_defs,$*)

$(MIG_USER_C): $(MIG_DIR)/%_user.c: $(MACH_INC)/.done
	$(call say,MIG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(MIG) $(MIG_FLAGS) -DKERNEL_USER=1 -server /dev/null \
	    -user $@ -header $(@:.c=.h) $(call mig_defs,$*)

$(MIG_OBJ): %.o: %.c
	$(call say,CC,$@)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(OPT) $(MIG_WARN) -DMIG_STUB -MMD -MP -c -o $@ $<

# --- the names of all RPCs, for the message trace --------------------------
RPC_NAMES := $(MIG_DIR)/rpc_names.c
RPC_DEFS := $(foreach s,$(MIG_SERVERS) $(MIG_USERS) notify exc,$(call \
	mig_defs,$(s))) \
	$(filter-out %_reply.defs %_request.defs %_types.defs,$(wildcard hurd/*.defs))

$(RPC_NAMES): kernel/ipc/rpc_names.sh $(MACH_INC)/.done $(MIG_OWN) $(wildcard hurd/*.defs)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)MIG='$(MIG)' CC='$(CC)' sh $< $(MACH_INC) $(RPC_DEFS) >$@

$(RPC_NAMES:.c=.o): $(RPC_NAMES)
	$(call say,CC,$@)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

# --- compiling ---------------------------------------------------------------
$(KERNEL_OBJ): $(B)/%.o: %.c | $(MIG_SERVER_C) $(MIG_USER_C)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(OPT) $(WARN) -MMD -MP -c -o $@ $<

$(B)/kernel/kernel.o: $(KERNEL_OBJ) $(MIG_OBJ) $(RPC_NAMES:.c=.o)
	$(call say,LD,$@)
	$(Q)$(CC) -r -nostdlib -o $@ $^

$(B)/libkernel.a: $(B)/kernel/kernel.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

all: $(B)/libkernel.a
