/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address_set.h"

#include <criterion/criterion.h>

#define MANY 20000

Test(address_set, holds_what_was_put_in)
{
    struct mc_address_set set = {0};
    cr_assert(!mc_address_set_has(&set, 0));
    mc_address_set_take(&set, 7); /* nothing there */
    for (uint64_t i = 0; i < MANY; i++)
        mc_address_set_put(&set, i * 16);
    for (uint64_t i = 0; i < MANY * 16; i++)
        cr_assert_eq(mc_address_set_has(&set, i), i % 16 == 0);
    mc_address_set_free(&set);
}

Test(address_set, counts)
{
    struct mc_address_set set = {0};
    mc_address_set_put(&set, 0);
    mc_address_set_put(&set, 0);
    mc_address_set_take(&set, 0);
    cr_assert(mc_address_set_has(&set, 0));
    mc_address_set_take(&set, 0);
    cr_assert(!mc_address_set_has(&set, 0));
    mc_address_set_free(&set);
}

Test(address_set, does_not_grow_with_what_was_taken_out)
{
    struct mc_address_set set = {0};
    for (uint64_t i = 0; i < MANY; i++) {
        mc_address_set_put(&set, i);
        mc_address_set_take(&set, i);
    }
    cr_assert_leq(set.capacity, 64);
    mc_address_set_free(&set);
}
