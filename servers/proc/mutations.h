/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/mutations.h: how MIG turns ports into processes. */

#define PROCESS_INTRAN         pstruct_t begin_using_proc(process_t)
#define PROCESS_INTRAN_PAYLOAD pstruct_t begin_using_proc_payload
#define PROCESS_DESTRUCTOR     end_using_proc(pstruct_t)
#define PROCESS_IMPORTS        import <proc/proc.h>;
