/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/grub/arena.h"
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) char data[];
};

static void add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = calloc(1, sizeof(*block) + size);

    if (!block) {
        fprintf(stderr, "hell: no memory\n");
        exit(125);
    }
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->left = size;
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t aligned =
        (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (aligned > arena->left)
        add_block(arena, aligned > BLOCK_SIZE ? aligned : BLOCK_SIZE);
    void *taken = arena->blocks->data + (arena->blocks->size - arena->left);
    arena->left -= aligned;
    return taken;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->left = 0;
}

void grub_text_add(struct text *text, const char *data, size_t size)
{
    if (text->size + size + 1 > text->room) {
        text->room = (text->size + size + 1) * 2;
        char *larger = arena_take(text->arena, text->room);
        if (text->size > 0)
            memcpy(larger, text->data, text->size);
        text->data = larger;
    }
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = 0;
}

void grub_text_add_string(struct text *text, const char *string)
{
    grub_text_add(text, string, strlen(string));
}
