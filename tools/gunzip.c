/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/gunzip.h"
#include <stdlib.h>
#include <zlib.h>

#define SIZE_MAX_OUT (256u << 20)
#define FIRST_ROOM   (1u << 20)
#define GZIP_WINDOW  (15 + 16) /* zlib: the largest window, a gzip header */

/* Inflates to the end of the stream, with room that doubles. */
static int inflate_all(z_stream *stream, char **out, const char **error_out)
{
    size_t room = FIRST_ROOM;
    int result;

    do {
        char *larger = realloc(*out, room + 1);
        if (!larger) {
            *error_out = "no memory";
            return -1;
        }
        *out = larger;
        stream->next_out = (Bytef *)*out + stream->total_out;
        stream->avail_out = (uInt)(room - stream->total_out);
        result = inflate(stream, Z_NO_FLUSH);
        room *= 2;
    } while (result == Z_OK && stream->avail_out == 0 && room <= SIZE_MAX_OUT);
    if (result == Z_STREAM_END)
        return 0;
    *error_out = result == Z_OK && stream->avail_out == 0
                     ? "too large when uncompressed"
                     : "a damaged gzip file";
    return -1;
}

int gunzip(void **data, size_t *size, const char **error_out)
{
    const unsigned char *bytes = *data;
    z_stream stream = {.next_in = *data, .avail_in = (uInt)*size};
    char *out = NULL;

    if (*size < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
        return 0;
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        *error_out = "no memory";
        return -1;
    }
    int result = inflate_all(&stream, &out, error_out);
    if (result == 0) {
        free(*data);
        *data = out;
        *size = stream.total_out;
        out[*size] = 0;
    } else {
        free(out);
    }
    inflateEnd(&stream);
    return result;
}
