/* SPDX-License-Identifier: Apache-2.0 */
#include "report/listing.h"

#include "base/demangle.h"

#include <inttypes.h>
#include <string.h>

#define MOST_BEFORE 8

static unsigned decode_at(const struct mc_file_result *result, uint64_t address, struct mc_insn *ret)
{
    uint64_t size = result->image ? mc_image_available(result->image, address) : 0;
    const uint8_t *bytes = size ? mc_image_bytes(result->image, address, 1) : NULL;
    return bytes ? mc_decode(result->mode, bytes, size > 16 ? 16 : size, ret) : 0;
}

static const struct mc_entry *holder_of(const struct mc_file_result *result, uint64_t address)
{
    return result->entries ? mc_entry_holding(result->entries, address) : NULL;
}

/* Name and distance of what lies at the address: a function, an import, a data object. False when it has no name. */
static bool name_of(const struct mc_file_result *result, uint64_t address, const char **ret_name, uint64_t *ret_into)
{
    const struct mc_import *import = mc_image_import_at(result->image, address);
    const struct mc_symbol *symbol = import ? import->symbol : mc_image_symbol_for(result->image, address);
    const struct mc_entry *entry = holder_of(result, address);
    const struct mc_reloc *reloc = mc_image_reloc_at(result->image, address);
    if (reloc && reloc->kind == MC_RELOC_SLOT && reloc->symbol) { /* the GOT's word for it */
        *ret_name = reloc->symbol->name;
        *ret_into = 0;
        return *reloc->symbol->name;
    }
    bool nearer = entry && symbol && !import && !symbol->size && entry->address > symbol->address;
    if (symbol && *symbol->name && !nearer) {
        *ret_name = symbol->name;
        *ret_into = import ? 0 : address - symbol->address;
        return true;
    }
    if (!entry || !entry->name)
        return false;
    *ret_name = entry->name;
    *ret_into = address - entry->address;
    return true;
}

const char *mc_clean_text(const char *text, struct mc_arena *arena)
{
    char *copy = mc_clean_copy(text);
    char *kept = mc_arena_strdup(arena, copy);
    free(copy);
    return kept;
}

const char *mc_code_place(const struct mc_file_result *result, uint64_t address, struct mc_arena *arena)
{
    const char *name;
    uint64_t into;
    const struct mc_entry *entry = holder_of(result, address);
    if (name_of(result, address, &name, &into))
        name = mc_clean_text(mc_symbol_text(name, arena), arena);
    else if (entry) {
        name = mc_arena_printf(arena, "function 0x%" PRIx64, entry->address);
        into = address - entry->address;
    } else
        return mc_image_is_code(result->image, address) ? "code outside known functions" : "data";
    return into ? mc_arena_printf(arena, "%s+0x%" PRIx64, name, into) : name;
}

/* The address that a direct branch or a memory operand relative to the instruction refers to; 0: none. */
static uint64_t referred(const struct mc_insn *insn, uint64_t address, bool *ret_memory)
{
    *ret_memory = insn->has_modrm && insn->mod != 3 && insn->base == MC_REG_RIP;
    if (*ret_memory || insn->flow == MC_FLOW_JCC || insn->flow == MC_FLOW_JMP || insn->flow == MC_FLOW_CALL)
        return address + insn->length + (uint64_t)insn->displacement;
    return 0;
}

const char *mc_instruction_line(const struct mc_file_result *result, uint64_t address, struct mc_arena *arena)
{
    char text[MC_INSTRUCTION_TEXT];
    struct mc_insn insn;
    bool memory;
    const char *name;
    uint64_t into;
    if (!decode_at(result, address, &insn))
        return "";
    struct mc_code code = mc_code_at(result->image, address);
    mc_instruction_text(result->mode, &code, address, insn.need, text);
    const char *line = mc_clean_text(text, arena);
    uint64_t target = referred(&insn, address, &memory);
    if (!target)
        return line;
    bool named = name_of(result, target, &name, &into);
    if (named)
        name = mc_clean_text(mc_symbol_text(name, arena), arena);
    const char *place = !named ? ""
                        : into ? mc_arena_printf(arena, " <%s+0x%" PRIx64 ">", name, into)
                               : mc_arena_printf(arena, " <%s>", name);
    return memory ? mc_arena_printf(arena, "%s  # 0x%" PRIx64 "%s", line, target, place)
                  : mc_arena_printf(arena, "%s%s", line, place);
}

/* The addresses of up to `before` instructions that end where the given one starts; returns how many. */
static unsigned find_before(const struct mc_file_result *result, uint64_t address, unsigned before,
                            uint64_t ret[MOST_BEFORE])
{
    const struct mc_entry *entry = holder_of(result, address);
    unsigned count = 0;
    if (!entry)
        return 0;
    for (uint64_t at = entry->address; at < address;) {
        struct mc_insn insn;
        unsigned length = decode_at(result, at, &insn);
        if (!length || at + length > address) { /* data between instructions: begin again behind its first byte */
            count = 0;
            at++;
            continue;
        }
        if (count == MOST_BEFORE) {
            memmove(ret, ret + 1, (MOST_BEFORE - 1) * sizeof *ret);
            count--;
        }
        ret[count++] = at;
        at += length;
    }
    if (count > before) {
        memmove(ret, ret + count - before, before * sizeof *ret);
        count = before;
    }
    return count;
}

static void print_one(FILE *stream, const struct mc_file_result *result, const struct mc_listing *listing,
                      uint64_t address)
{
    struct mc_arena arena = {0};
    fprintf(stream, "%*s%s 0x%" PRIx64 "  %s\n", (int)listing->indent, "", address == listing->address ? "=>" : "  ",
            address, mc_instruction_line(result, address, &arena));
    mc_arena_free(&arena);
}

void mc_print_listing(FILE *stream, const struct mc_file_result *result, const struct mc_listing *listing)
{
    uint64_t before[MOST_BEFORE];
    struct mc_insn insn;
    unsigned count = find_before(result, listing->address, listing->before, before);
    const struct mc_entry *entry = holder_of(result, listing->address);
    for (unsigned i = 0; i < count; i++)
        print_one(stream, result, listing, before[i]);
    uint64_t at = listing->address;
    for (unsigned i = 0; i <= listing->after; i++) {
        unsigned length = decode_at(result, at, &insn);
        if (!length || (i && entry && at >= entry->end))
            break;
        print_one(stream, result, listing, at);
        at += length;
        if (insn.flow == MC_FLOW_JMP || insn.flow == MC_FLOW_RET || insn.flow == MC_FLOW_JMP_IND ||
            insn.flow == MC_FLOW_STOP)
            break; /* what follows in memory is not what runs next */
    }
}
