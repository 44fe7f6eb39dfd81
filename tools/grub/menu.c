/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A submenu is a program of its own, which is run when somebody looks into it:
 * with the variables that the menu around it ended with. */
#include "tools/grub/state.h"
#include <string.h>

int menu_fill(struct grub *grub, struct menu *menu,
              const struct statement *body, struct fields arguments)
{
    struct grub_entry nothing = {0}, *entry = grub->entry;
    struct menu *before = grub->menu;

    menu->end = &menu->first;
    grub->menu = menu;
    if (menu != &grub->top)
        grub->entry = &nothing;
    int status = evaluate_with(grub, body, arguments);
    grub->menu = before;
    grub->entry = entry;
    menu->environment = grub->environment;
    return status;
}

const struct menu *menu_open(struct grub *grub, const struct menu *menu,
                             struct item *item)
{
    if (item->menu)
        return item->menu;
    if (item->depth >= MENU_DEPTH) {
        refuse(&item->place, "too deep, here:", item->title);
        return NULL;
    }
    item->menu = arena_take(&grub->arena, sizeof(*item->menu));
    grub->environment = menu->environment;
    grub->unknown = item->before;
    grub->menu_depth = item->depth + 1;
    if (menu_fill(grub, item->menu, item->body, item->arguments) == FAILED)
        return NULL;
    return item->menu;
}

/* --- showing --------------------------------------------------------------------- */

/* What a terminal would obey is shown as `?'. */
static void show_text(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, out);
}

static int list_menu(struct grub *grub, const struct menu *menu,
                     const char *prefix, FILE *out)
{
    unsigned number = 0;

    for (struct item *item = menu->first; item; item = item->next, number++) {
        fprintf(out, "%s%u\t", prefix, number);
        show_text(out, item->title);
        if (item->id) {
            fputc('\t', out);
            show_text(out, item->id);
        }
        fputc('\n', out);
        if (!item->is_submenu)
            continue;
        char inner_prefix[MENU_DEPTH * 8 + 8];
        snprintf(inner_prefix, sizeof(inner_prefix), "%s%u>", prefix, number);
        const struct menu *inner = menu_open(grub, menu, item);
        if (!inner || list_menu(grub, inner, inner_prefix, out) != 0)
            return -1;
    }
    return 0;
}

int grub_list(struct grub *grub, FILE *out)
{
    return list_menu(grub, &grub->top, "", out);
}
