/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/aml.c: the walk through a definition block (ACPI specification 6.5,
 * 20.2). */

#include <acpi/private.h>
#include <string.h>

/* Opcodes (20.3); those behind EXT_PREFIX have EXT added here. */
enum {
    ZERO = 0x00,
    ONE = 0x01,
    ALIAS = 0x06,
    NAME = 0x08,
    BYTE = 0x0a,
    WORD = 0x0b,
    DWORD = 0x0c,
    STRING = 0x0d,
    QWORD = 0x0e,
    SCOPE = 0x10,
    BUFFER = 0x11,
    PACKAGE = AML_PACKAGE,
    VAR_PACKAGE = 0x13,
    METHOD = 0x14,
    EXTERNAL = 0x15,
    DUAL_NAME = 0x2e,
    MULTI_NAME = 0x2f,
    EXT_PREFIX = 0x5b,
    CREATE_DWORD_FIELD = 0x8a,
    CREATE_QWORD_FIELD = 0x8f,
    IF = 0xa0,
    ELSE = 0xa1,
    ONES = 0xff,
    EXT = 0x100,
    MUTEX = EXT + 0x01,
    EVENT = EXT + 0x02,
    REGION = EXT + 0x80,
    FIELD = EXT + 0x81,
    DEVICE = EXT + 0x82,
    PROCESSOR = EXT + 0x83,
    POWER_RESOURCE = EXT + 0x84,
    THERMAL_ZONE = EXT + 0x85,
    INDEX_FIELD = EXT + 0x86,
    BANK_FIELD = EXT + 0x87
};

static bool take(struct cursor *c, uint32_t size)
{
    if ((uint64_t)(c->end - c->at) < size)
        return false;
    c->at += size;
    return true;
}

bool aml_take_byte(struct cursor *c, uint8_t *byte)
{
    *byte = c->at < c->end ? *c->at : 0;
    return take(c, 1);
}

bool aml_take_package(struct cursor *c, struct cursor *inside)
{
    const uint8_t *start = c->at;
    uint8_t lead, byte;

    if (!aml_take_byte(c, &lead))
        return false;
    unsigned more = lead >> 6;
    uint32_t size = more ? lead & 0xfu : lead & 0x3fu;
    for (unsigned i = 0; i < more; i++) {
        if (!aml_take_byte(c, &byte))
            return false;
        size |= (uint32_t)byte << (4 + 8 * i);
    }
    if (size < (uint32_t)(c->at - start) || size > (uint64_t)(c->end - start))
        return false;
    *inside = (struct cursor){c->at, start + size};
    c->at = start + size;
    return true;
}

static bool take_opcode(struct cursor *c, unsigned *opcode)
{
    uint8_t byte;

    if (!aml_take_byte(c, &byte))
        return false;
    *opcode = byte;
    if (byte == EXT_PREFIX) {
        if (!aml_take_byte(c, &byte))
            return false;
        *opcode = EXT + byte;
    }
    return true;
}

/* --- names --------------------------------------------------------------------- */

static void go_up(char *path)
{
    size_t length = strlen(path);

    path[length >= 4 ? length - 4 : 0] = 0;
}

static bool take_segments(struct cursor *c, char *path, unsigned count)
{
    size_t length = strlen(path);
    const char *segments = (const char *)c->at;

    if (length + 4 * count > AML_DEPTH_MAX * 4 || !take(c, 4 * count))
        return false;
    memcpy(path + length, segments, 4 * count);
    path[length + 4 * count] = 0;
    return true;
}

/* The name at C, seen from SCOPE, as a full path. */
static bool take_name(struct cursor *c, const char *scope,
                      char path[AML_DEPTH_MAX * 4 + 1])
{
    uint8_t lead, count;

    strcpy(path, scope);
    if (c->at < c->end && *c->at == '\\') {
        path[0] = 0;
        c->at++;
    }
    while (c->at < c->end && *c->at == '^') {
        go_up(path);
        c->at++;
    }
    if (!aml_take_byte(c, &lead))
        return false;
    switch (lead) {
    case 0:
        return true;
    case DUAL_NAME:
        return take_segments(c, path, 2);
    case MULTI_NAME:
        return aml_take_byte(c, &count) && take_segments(c, path, count);
    default:
        if (lead != '_' && (lead < 'A' || lead > 'Z'))
            return false;
        c->at--;
        return take_segments(c, path, 1);
    }
}

static bool is_name_start(uint8_t byte)
{
    return byte == '\\' || byte == '^' || byte == DUAL_NAME ||
           byte == MULTI_NAME || byte == '_' || (byte >= 'A' && byte <= 'Z');
}

/* --- data ---------------------------------------------------------------------- */

static unsigned integer_size(unsigned opcode)
{
    switch (opcode) {
    case BYTE:
        return 1;
    case WORD:
        return 2;
    case DWORD:
        return 4;
    case QWORD:
        return 8;
    default:
        return 0;
    }
}

bool aml_take_integer(struct cursor *c, uint64_t *value)
{
    uint8_t opcode;

    if (!aml_take_byte(c, &opcode))
        return false;
    *value = opcode == ONE ? 1 : opcode == ONES ? ~0ull : 0;
    if (opcode == ZERO || opcode == ONE || opcode == ONES)
        return true;
    unsigned size = integer_size(opcode);
    const uint8_t *bytes = c->at;
    if (!size || !take(c, size))
        return false;
    memcpy(value, bytes, size);
    return true;
}

/* A constant (20.2.3) or a name; anything else would have to be run. */
static bool skip_data(struct cursor *c)
{
    char path[AML_DEPTH_MAX * 4 + 1];
    struct cursor inside;
    uint64_t value;
    uint8_t byte;

    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case BUFFER:
    case PACKAGE:
    case VAR_PACKAGE:
        c->at++;
        return aml_take_package(c, &inside);
    case STRING:
        do
            if (!aml_take_byte(c, &byte))
                return false;
        while (byte);
        return true;
    default:
        if (is_name_start(*c->at))
            return take_name(c, "", path);
        return aml_take_integer(c, &value);
    }
}

/* --- the walk ------------------------------------------------------------------- */

static void add_name(struct aml *aml, const char *path, const uint8_t *data,
                     const uint8_t *end)
{
    if (aml->count == AML_NAMES_MAX) {
        aml->incomplete = true;
        return;
    }
    struct aml_name *name = &aml->names[aml->count++];
    strcpy(name->path, path);
    name->data = data;
    name->end = end;
}

static bool walk_block(struct aml *aml, struct cursor c, const char *scope,
                       unsigned depth);

/* A block with a name of its own, and EXTRA bytes before its terms. */
static bool walk_scope(struct aml *aml, struct cursor *c, const char *scope,
                       unsigned extra, unsigned depth)
{
    char path[AML_DEPTH_MAX * 4 + 1];
    struct cursor inside;

    if (!aml_take_package(c, &inside))
        return false;
    /* What is in it is its own affair: the terms behind it can be read. */
    if (!take_name(&inside, scope, path) || !take(&inside, extra) ||
        !walk_block(aml, inside, path, depth + 1))
        aml->incomplete = true;
    return true;
}

static bool walk_name(struct aml *aml, struct cursor *c, const char *scope)
{
    char path[AML_DEPTH_MAX * 4 + 1];

    if (!take_name(c, scope, path))
        return false;
    const uint8_t *data = c->at;
    if (!skip_data(c))
        return false;
    add_name(aml, path, data, c->at);
    return true;
}

static bool walk_method(struct aml *aml, struct cursor *c, const char *scope)
{
    char path[AML_DEPTH_MAX * 4 + 1];
    struct cursor inside;

    if (!aml_take_package(c, &inside) || !take_name(&inside, scope, path))
        return false;
    add_name(aml, path, NULL, NULL);
    return true;
}

/* COUNT names and EXTRA bytes. */
static bool skip_names(struct cursor *c, unsigned count, unsigned extra)
{
    char path[AML_DEPTH_MAX * 4 + 1];

    while (count--)
        if (!take_name(c, "", path))
            return false;
    return take(c, extra);
}

static bool skip_region(struct cursor *c)
{
    return skip_names(c, 1, 1) && skip_data(c) && skip_data(c);
}

static bool skip_create_field(struct cursor *c)
{
    return skip_data(c) && skip_data(c) && skip_names(c, 1, 0);
}

/* One term; false if what follows cannot be read. */
static bool walk_term(struct aml *aml, struct cursor *c, const char *scope,
                      unsigned depth)
{
    struct cursor inside;
    unsigned opcode;

    if (!take_opcode(c, &opcode))
        return false;
    switch (opcode) {
    case SCOPE:
    case DEVICE:
    case THERMAL_ZONE:
        return walk_scope(aml, c, scope, 0, depth);
    case POWER_RESOURCE:
        return walk_scope(aml, c, scope, 3, depth);
    case PROCESSOR:
        return walk_scope(aml, c, scope, 6, depth);
    case NAME:
        return walk_name(aml, c, scope);
    case METHOD:
        return walk_method(aml, c, scope);
    case IF:
    case ELSE:
        aml->incomplete = true; /* names may be made there */
        return aml_take_package(c, &inside);
    case FIELD:
    case INDEX_FIELD:
    case BANK_FIELD:
        return aml_take_package(c, &inside);
    case ALIAS:
        return skip_names(c, 2, 0);
    case EXTERNAL:
        return skip_names(c, 1, 2);
    case MUTEX:
        return skip_names(c, 1, 1);
    case EVENT:
        return skip_names(c, 1, 0);
    case REGION:
        return skip_region(c);
    default:
        if ((opcode >= CREATE_DWORD_FIELD && opcode < CREATE_DWORD_FIELD + 4) ||
            opcode == CREATE_QWORD_FIELD)
            return skip_create_field(c);
        return false;
    }
}

static bool walk_block(struct aml *aml, struct cursor c, const char *scope,
                       unsigned depth)
{
    if (depth > 2 * AML_DEPTH_MAX)
        return false;
    while (c.at < c.end)
        if (!walk_term(aml, &c, scope, depth))
            return false;
    return true;
}

void aml_read(struct aml *aml, const uint8_t *bytes, uint32_t size)
{
    if (!walk_block(aml, (struct cursor){bytes, bytes + size}, "", 0))
        aml->incomplete = true;
}
