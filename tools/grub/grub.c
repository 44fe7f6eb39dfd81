/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration from its text on. */
#include "tools/complain.h"
#include "tools/grub/state.h"
#include <stdlib.h>
#include <string.h>

/* What GRUB has set before it reads a configuration. */
static int set_first_variables(struct grub *grub, const struct place *place)
{
    const char *folder =
        grub->files && grub->files->folder ? grub->files->folder : "/boot/grub";
    const char *const variables[][2] = {{"root", ""},
                                        {"prefix", folder},
                                        {"config_directory", folder},
                                        {"grub_platform", "pc"},
                                        {"grub_cpu", "i386"},
                                        {"feature_200_final", "y"},
                                        {"feature_all_video_module", "y"},
                                        {"feature_chainloader_bpb", "y"},
                                        {"feature_default_font_path", "y"},
                                        {"feature_menuentry_id", "y"},
                                        {"feature_menuentry_options", "y"},
                                        {"feature_nativedisk_cmd", "y"},
                                        {"feature_ntldr", "y"},
                                        {"feature_platform_search_hint", "y"},
                                        {"feature_timeout_style", "y"}};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        if (variable_set(grub, place, variables[i][0], strlen(variables[i][0]),
                         variables[i][1]) != TRUE)
            return FAILED;
    return TRUE;
}

/* Returns a status. */
static int run_all(struct grub *grub, const char *text)
{
    struct place place = {grub->name, 1};
    int status;

    if (strlen(text) > GRUB_TEXT_MAX)
        return refuse(&place, "this is too large for a configuration", NULL);
    const struct statement *list =
        syntax_read(&grub->arena, grub->name, text, &status);
    if (status != TRUE || set_first_variables(grub, &place) != TRUE)
        return FAILED;
    status = menu_fill(grub, &grub->top, list, (struct fields){0});
    grub->top_unknown = grub->unknown;
    return status;
}

struct grub *grub_read(const char *name, const char *text,
                       const struct grub_files *files)
{
    struct grub *grub = calloc(1, sizeof(*grub));

    if (!grub) {
        complain("no memory");
        return NULL;
    }
    grub->name = name;
    grub->files = files;
    grub->entry = &grub->outside;
    grub->bytes_left = GRUB_EXPANDED_MAX + strlen(text);
    grub->read_left = READ_MAX;
    if (run_all(grub, text) != FAILED)
        return grub;
    grub_free(grub);
    return NULL;
}

void grub_free(struct grub *grub)
{
    if (!grub)
        return;
    arena_free(&grub->arena);
    free(grub);
}
