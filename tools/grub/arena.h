/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub/arena.h: memory that is all given back at once, and texts in it.
 * There is always some: a program without memory ends with a line. */
#ifndef TOOLS_GRUB_ARENA_H
#define TOOLS_GRUB_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
    size_t left; /* in the first block */
};

/* Zeroed. */
void *arena_take(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text, size_t length);
void arena_free(struct arena *arena);

/* A text that grows; DATA ends with a NUL as soon as anything was added, be it
 * nothing. */
struct text {
    struct arena *arena;
    char *data;
    size_t size, room;
};

void grub_text_add(struct text *text, const char *data, size_t size);
void grub_text_add_string(struct text *text, const char *string);

#endif /* TOOLS_GRUB_ARENA_H */
