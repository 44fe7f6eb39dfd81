/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that reach devices, as Zydis reads them.
 *
 * A driver moves words to and from its registers, and compilers fold a few more
 * operations into an access of memory.  An instruction is taken apart into the
 * access itself, which the kernel does, and what remains: an operation on what
 * was read, and a target for it. */
#include "platform/platform.h"
#include <Zydis/Zydis.h>
#include <errno.h>

#define FLAG_CARRY    (1u << 0)
#define FLAG_PARITY   (1u << 2)
#define FLAG_ADJUST   (1u << 4)
#define FLAG_ZERO     (1u << 6)
#define FLAG_SIGN     (1u << 7)
#define FLAG_OVERFLOW (1u << 11)
#define FLAGS_ARITHMETIC                                                       \
    (FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN |          \
     FLAG_OVERFLOW)

/* Of the value read and an operand. */
enum operation { MOVE, AND, OR, XOR, ADD, SUB, SUB_REVERSED };
#define NO_TARGET (-1)

struct decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const struct platform_regs *regs;
};

/* --- registers ------------------------------------------------------------ */

static uint64_t *register_slot(struct platform_regs *regs, int number)
{
    uint64_t *const slots[] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                               &regs->rsp, &regs->rbp, &regs->rsi, &regs->rdi,
                               &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                               &regs->r12, &regs->r13, &regs->r14, &regs->r15};

    return slots[number];
}

/* A general register's number, in the order of the processor's encoding; -1 if
 * it is another kind. */
static int register_number(ZydisRegister name)
{
    ZydisRegister whole =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);

    if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
        return -1;
    return (int)(whole - ZYDIS_REGISTER_RAX);
}

static bool register_is_high(ZydisRegister name)
{
    return name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH;
}

static uint64_t cut(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((1ull << size * 8) - 1);
}

static uint64_t extend(uint64_t value, unsigned size)
{
    unsigned shift = 64 - size * 8;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t register_value(const struct platform_regs *regs,
                               ZydisRegister name)
{
    int number = register_number(name);

    if (name == ZYDIS_REGISTER_NONE || number < 0)
        return 0;
    return *register_slot((struct platform_regs *)regs, number) >>
           (register_is_high(name) ? 8 : 0);
}

static void set_target(const struct platform_access *access, uint64_t value,
                       struct platform_regs *regs)
{
    uint64_t *slot = register_slot(regs, access->target);
    unsigned shift = access->target_high ? 8 : 0;
    uint64_t mask = cut(~0ull, access->target_size) << shift;

    if (access->target_size >= 4)
        *slot = cut(value, access->target_size);
    else
        *slot = (*slot & ~mask) | (value << shift & mask);
}

/* --- taking an instruction apart -------------------------------------------- */

static uint64_t memory_address(const struct decoded *code,
                               const ZydisDecodedOperand *operand)
{
    uint64_t address = (uint64_t)operand->mem.disp.value;

    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        address += code->regs->rip + code->instruction.length;
    else
        address += register_value(code->regs, operand->mem.base);
    address +=
        register_value(code->regs, operand->mem.index) * operand->mem.scale;
    if (code->instruction.address_width == 32)
        address = (uint32_t)address;
    if (operand->mem.segment == ZYDIS_REGISTER_FS)
        address += code->regs->fs_base;
    else if (operand->mem.segment == ZYDIS_REGISTER_GS)
        address += code->regs->gs_base;
    return address;
}

static bool is_memory(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           operand->mem.type == ZYDIS_MEMOP_TYPE_MEM;
}

/* The value of an operand that is no memory; false if it is some special
 * register. */
static bool plain_value(const struct decoded *code,
                        const ZydisDecodedOperand *operand, uint64_t *value)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        *value = operand->imm.value.u;
        return true;
    }
    if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
        register_number(operand->reg.value) < 0)
        return false;
    *value = register_value(code->regs, operand->reg.value);
    return true;
}

static bool into_register(const ZydisDecodedOperand *operand,
                          struct platform_access *access)
{
    if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
        register_number(operand->reg.value) < 0)
        return false;
    access->target = register_number(operand->reg.value);
    access->target_size = operand->size / 8u;
    access->target_high = register_is_high(operand->reg.value);
    return true;
}

static bool decode_port(const struct decoded *code,
                        struct platform_access *access)
{
    bool reads = code->instruction.mnemonic == ZYDIS_MNEMONIC_IN;
    const ZydisDecodedOperand *port = &code->operands[reads ? 1 : 0];
    const ZydisDecodedOperand *data = &code->operands[reads ? 0 : 1];

    access->kind = reads ? PLATFORM_PORT_READ : PLATFORM_PORT_WRITE;
    access->size_bytes = data->size / 8u;
    if (!plain_value(code, port, &access->address) ||
        !plain_value(code, data, &access->value))
        return false;
    access->address &= 0xffff;
    return !reads || into_register(data, access);
}

/* mov and its relatives. */
static bool decode_move(const struct decoded *code,
                        struct platform_access *access)
{
    const ZydisDecodedOperand *to = &code->operands[0];
    const ZydisDecodedOperand *from = &code->operands[1];

    if (is_memory(to)) {
        access->kind = PLATFORM_MEMORY_WRITE;
        access->size_bytes = to->size / 8u;
        access->address = memory_address(code, to);
        return plain_value(code, from, &access->value);
    }
    access->kind = PLATFORM_MEMORY_READ;
    access->size_bytes = from->size / 8u;
    access->sign = code->instruction.mnemonic == ZYDIS_MNEMONIC_MOVSX ||
                   code->instruction.mnemonic == ZYDIS_MNEMONIC_MOVSXD;
    if (!is_memory(from))
        return false;
    access->address = memory_address(code, from);
    return into_register(to, access);
}

/* Two operands, one of them memory; the first is also the result. */
static bool decode_arithmetic(const struct decoded *code,
                              enum operation operation, bool keeps_result,
                              struct platform_access *access)
{
    const ZydisDecodedOperand *first = &code->operands[0];
    const ZydisDecodedOperand *second = &code->operands[1];
    bool memory_first = is_memory(first);
    const ZydisDecodedOperand *memory = memory_first ? first : second;

    if (!is_memory(memory) ||
        !plain_value(code, memory_first ? second : first, &access->operand))
        return false;
    access->kind = memory_first && keeps_result ? PLATFORM_MEMORY_MODIFY
                                                : PLATFORM_MEMORY_READ;
    access->size_bytes = memory->size / 8u;
    access->address = memory_address(code, memory);
    access->operand = cut(access->operand, access->size_bytes);
    access->operation =
        operation == SUB && !memory_first ? SUB_REVERSED : operation;
    return memory_first || !keeps_result || into_register(first, access);
}

static bool decode(const struct decoded *code, struct platform_access *access)
{
    switch (code->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
        return decode_port(code, access);
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVNTI:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return decode_move(code, access);
    case ZYDIS_MNEMONIC_TEST:
        return decode_arithmetic(code, AND, false, access);
    case ZYDIS_MNEMONIC_CMP:
        return decode_arithmetic(code, SUB, false, access);
    case ZYDIS_MNEMONIC_AND:
        return decode_arithmetic(code, AND, true, access);
    case ZYDIS_MNEMONIC_OR:
        return decode_arithmetic(code, OR, true, access);
    case ZYDIS_MNEMONIC_XOR:
        return decode_arithmetic(code, XOR, true, access);
    case ZYDIS_MNEMONIC_ADD:
        return decode_arithmetic(code, ADD, true, access);
    case ZYDIS_MNEMONIC_SUB:
        return decode_arithmetic(code, SUB, true, access);
    default:
        return false;
    }
}

int platform_access_decode(const struct platform_regs *regs, const void *code,
                           size_t size_bytes,
                           struct platform_access *access_out)
{
    struct decoded decoded = {.regs = regs};
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                     ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size_bytes,
                                             &decoded.instruction,
                                             decoded.operands)))
        return -EILSEQ;
    *access_out =
        (struct platform_access){.operation = MOVE,
                                 .target = NO_TARGET,
                                 .length = decoded.instruction.length};
    if (!decode(&decoded, access_out))
        return -ENOTSUP;
    access_out->value = cut(access_out->value, access_out->size_bytes);
    return 0;
}

/* --- what remains ----------------------------------------------------------- */

uint64_t platform_access_combine(const struct platform_access *access,
                                 uint64_t value)
{
    uint64_t operand = access->operand;

    switch ((enum operation)access->operation) {
    case AND:
        value &= operand;
        break;
    case OR:
        value |= operand;
        break;
    case XOR:
        value ^= operand;
        break;
    case ADD:
        value += operand;
        break;
    case SUB:
        value -= operand;
        break;
    case SUB_REVERSED:
        value = operand - value;
        break;
    case MOVE:
        break;
    }
    return cut(value, access->size_bytes);
}

/* Carry, overflow and adjust of LEFT + RIGHT or LEFT - RIGHT. */
static uint64_t carry_flags(const struct platform_access *access, uint64_t left,
                            uint64_t right, uint64_t result)
{
    bool adds = access->operation == ADD;
    uint64_t sign = 1ull << (access->size_bytes * 8 - 1);
    uint64_t overflow = adds ? (left ^ result) & (right ^ result)
                             : (left ^ right) & (left ^ result);
    uint64_t flags = 0;

    if (adds ? result < left : left < right)
        flags |= FLAG_CARRY;
    if (overflow & sign)
        flags |= FLAG_OVERFLOW;
    if ((left ^ right ^ result) & 0x10)
        flags |= FLAG_ADJUST;
    return flags;
}

static uint64_t arithmetic_flags(const struct platform_access *access,
                                 uint64_t value, uint64_t result)
{
    uint64_t flags = 0;

    if (result == 0)
        flags |= FLAG_ZERO;
    if (result >> (access->size_bytes * 8 - 1) & 1)
        flags |= FLAG_SIGN;
    if (__builtin_parity((unsigned)(result & 0xff)) == 0)
        flags |= FLAG_PARITY;
    if (access->operation == SUB_REVERSED)
        flags |= carry_flags(access, access->operand, value, result);
    else if (access->operation == ADD || access->operation == SUB)
        flags |= carry_flags(access, value, access->operand, result);
    return flags;
}

void platform_access_finish(const struct platform_access *access,
                            uint64_t value, struct platform_regs *regs)
{
    regs->rip += access->length;
    if (access->kind == PLATFORM_PORT_WRITE ||
        access->kind == PLATFORM_MEMORY_WRITE)
        return;
    value = cut(value, access->size_bytes);
    uint64_t result = platform_access_combine(access, value);
    if (access->operation != MOVE)
        regs->rflags = (regs->rflags & ~(uint64_t)FLAGS_ARITHMETIC) |
                       arithmetic_flags(access, value, result);
    if (access->target == NO_TARGET)
        return;
    if (access->sign)
        result = extend(result, access->size_bytes);
    set_target(access, result, regs);
}
