/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/boot.h: from settings to a running machine. */
#ifndef TOOLS_BOOT_H
#define TOOLS_BOOT_H

struct settings;

/* Loads what the configuration names and runs the machine.  EXTRA is a word
 * for the kernel's command line, or NULL.  Returns the exit status. */
int boot_machine(const struct settings *settings, const char *extra);

/* `hell run': the command travels in on a disk of its own, and its status out.
 * Returns the exit status. */
int run_command_in_machine(struct settings *settings);

/* `hell mkroot'.  WORDS[0] is the subcommand.  Returns the exit status. */
int mkroot(char **words);

#endif /* TOOLS_BOOT_H */
