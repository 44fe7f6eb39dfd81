/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/traps.S: Mach's traps.
 *
 * Each is entered as a C function.  If the platform offers a fast entry, it is
 * called with C's registers; a seventh argument then lies 16 bytes above the
 * stack pointer.  Otherwise `syscall' does it, with r10 for rcx.
 */

#define TRAP(name, number)                                                     \
    .globl name;                                                               \
    .type name, @function;                                                     \
    .p2align 4;                                                                \
    name:                                                                      \
    movq mach_fast_trap(%rip), %r11;                                           \
    movq $-number, %rax;                                                       \
    testq %r11, %r11;                                                          \
    jz 1f;                                                                     \
    call *%r11;                                                                \
    ret;                                                                       \
    1: movq %rcx, %r10;                                                        \
    syscall;                                                                   \
    ret;                                                                       \
    .size name, . - name

    .text
    TRAP(mach_msg_trap, 25)
    TRAP(mach_reply_port, 26)
    TRAP(mach_thread_self, 27)
    TRAP(mach_task_self_trap, 28)
    TRAP(mach_host_self, 29)
    TRAP(mach_print, 30)
    TRAP(swtch_pri, 59)
    TRAP(swtch, 60)
    TRAP(thread_switch, 61)

    .local mach_fast_trap
    .comm mach_fast_trap, 8, 8

/* void mach_traps_use_fast_entry(vm_address_t entry); */
    .globl mach_traps_use_fast_entry
    .type mach_traps_use_fast_entry, @function
mach_traps_use_fast_entry:
    movq %rdi, mach_fast_trap(%rip)
    ret
    .size mach_traps_use_fast_entry, . - mach_traps_use_fast_entry

    .section .note.GNU-stack, "", @progbits
