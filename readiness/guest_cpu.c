/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/guest_cpu.h"

#include <string.h>

#define DROP_COST 2   /* a model that is within the set is better than one that must be cut down */
#define ANYONE_COST 3 /* and one of the hosts' vendor better than qemu64 */

const char *mc_guest_feature_name(enum mc_guest_tool tool, enum mc_feature feature)
{
    static const struct {
        enum mc_feature feature;
        const char *name;
    } names[] = {
#define MC_LIBVIRT_NAME(feature, name) {MC_F_##feature, name},
#include "isa/libvirt.def"
#undef MC_LIBVIRT_NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof *names && tool == MC_GUEST_LIBVIRT; i++)
        if (names[i].feature == feature)
            return names[i].name;
    return mc_features[feature].qemu_name;
}

static bool is_model(size_t index)
{
    return mc_baseline_row_at(index).scope == MC_SCOPE_QEMU;
}

/* Never named: QEMU takes the first three from every model when KVM runs it (target/i386/kvm/kvm-cpu.c, kvm_default_props),
 * whatever the host has; a guest with INVTSC it refuses to migrate (target/i386/cpu.c, unmigratable_flags). */
static const enum mc_feature never_named[] = {MC_F_ACPI, MC_F_MONITOR, MC_F_SVM, MC_F_INVTSC};

/* What a definition may name. */
static struct mc_feature_set find_offered(void)
{
    struct mc_feature_set offered = {0};
    for (size_t i = 0; i < mc_baseline_count(); i++)
        if (is_model(i))
            offered = mc_set_or(offered, &mc_baseline_at(i)->features);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const struct mc_feature_info *info = &mc_features[feature];
        if (info->level == MC_LEVEL_USER)
            mc_set_add(&offered, (enum mc_feature)feature);
        if (info->dynamic || !*info->qemu_name || info->leaf == 0x12 || feature == MC_F_SGX)
            mc_set_remove(&offered, (enum mc_feature)feature);
    }
    for (size_t i = 0; i < sizeof never_named / sizeof *never_named; i++)
        mc_set_remove(&offered, never_named[i]);
    return offered;
}

/* libvirt knows no versions of models. */
static bool has_version(const char *name)
{
    const char *dash = strrchr(name, '-');
    return dash && dash[1] == 'v' && dash[2] >= '0' && dash[2] <= '9';
}

/* What programs use says more of a model's likeness than what a kernel does. */
static size_t count_changes(const struct mc_feature_set *set)
{
    size_t count = 0;
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        count += mc_features[feature].level == MC_LEVEL_USER ? 2 : 1;
    return count;
}

bool mc_guest_cpu_for(const struct mc_feature_set *features, enum mc_cpu_vendor vendor, enum mc_guest_tool tool,
                      struct mc_guest_cpu *ret)
{
    struct mc_feature_set offered = find_offered(), wanted = mc_set_and(*features, &offered);
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *model = mc_baseline_at(i);
        enum mc_cpu_vendor its = mc_baseline_row_at(i).vendor;
        if (!is_model(i) || (its != vendor && its != MC_VENDOR_ANY) ||
            (tool == MC_GUEST_LIBVIRT && has_version(model->name)))
            continue;
        struct mc_feature_set has = mc_set_and(model->features, &offered);
        struct mc_guest_cpu cpu = {tool, model, mc_set_minus(wanted, &has), mc_set_minus(has, &wanted)};
        size_t cost = count_changes(&cpu.adds) + DROP_COST * count_changes(&cpu.drops);
        if (its != vendor)
            cost += ANYONE_COST;
        if (cost < best) {
            best = cost;
            *ret = cpu;
        }
    }
    return best != SIZE_MAX;
}
