/* SPDX-License-Identifier: Apache-2.0 */
#include "report/scan.h"

#include "scanner/disassembly/disassembly.h"

#include <string.h>

#define FORMATS(FORMAT) \
    FORMAT(text) FORMAT(json) FORMAT(jsonl) FORMAT(sarif) FORMAT(junit) FORMAT(csv) FORMAT(html) FORMAT(prometheus)

#define FORMAT(name) extern const struct mc_scan_format mc_scan_##name;
FORMATS(FORMAT)
#undef FORMAT

const char *mc_scan_format_names(void)
{
#define FORMAT(name) ", " #name
    static const char names[] = FORMATS(FORMAT);
#undef FORMAT
    return names + 2;
}

const struct mc_scan_format *mc_scan_format_find(const char *name)
{
    static const struct mc_scan_format *const formats[] = {
#define FORMAT(name) &mc_scan_##name,
        FORMATS(FORMAT)
#undef FORMAT
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

void mc_scan_totals_add(struct mc_scan_totals *totals, const struct mc_file_result *result)
{
    totals->files++;
    switch (result->status) {
    case MC_FILE_SKIPPED:
        totals->skipped++;
        return;
    case MC_FILE_ERROR:
        totals->errors++;
        return;
    case MC_FILE_PARTIAL:
        totals->partial++;
        totals->partial_safe += !mc_verdict_unsafe(result->verdict);
        break;
    case MC_FILE_OK:
        break;
    }
    totals->verdicts[result->verdict]++;
    totals->with_uses += result->finding_count != 0;
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        totals->dead_uses += finding->verdict == MC_VERDICT_DEAD;
        totals->set_aside += finding->set_aside;
        totals->uses += !finding->set_aside;
        totals->proved += !finding->set_aside && finding->confidence == MC_PROVED;
        totals->inferred += !finding->set_aside && finding->confidence == MC_INFERRED;
        totals->warnings += !finding->set_aside && finding->severity == MC_WARNING;
    }
}

size_t mc_unsafe_files(const struct mc_scan_totals *totals)
{
    return totals->verdicts[MC_VERDICT_MISGUARDED] + totals->verdicts[MC_VERDICT_TRAPPED] +
           totals->verdicts[MC_VERDICT_UNGUARDED];
}

void mc_scan_totals_merge(struct mc_scan_totals *totals, const struct mc_scan_totals *more)
{
    totals->files += more->files;
    for (size_t i = 0; i < sizeof totals->verdicts / sizeof *totals->verdicts; i++)
        totals->verdicts[i] += more->verdicts[i];
    totals->partial += more->partial;
    totals->partial_safe += more->partial_safe;
    totals->skipped += more->skipped;
    totals->errors += more->errors;
    totals->dead_uses += more->dead_uses;
    totals->set_aside += more->set_aside;
    totals->fatal += more->fatal;
    totals->waived += more->waived;
    totals->with_uses += more->with_uses;
    totals->uses += more->uses;
    totals->proved += more->proved;
    totals->inferred += more->inferred;
    totals->warnings += more->warnings;
}

void mc_instruction_text(enum mc_mode mode, const struct mc_code *code, uint64_t address, uint16_t need,
                         char ret[MC_INSTRUCTION_TEXT])
{
    if (code->size && mc_disassemble(mode, code->bytes, code->size, address, ret, MC_INSTRUCTION_TEXT) && *ret)
        return;
    const char *text = need ? mc_need_at(need)->text : NULL;
    snprintf(ret, MC_INSTRUCTION_TEXT, "%s", text ? text : "");
}
