/* SPDX-License-Identifier: Apache-2.0 */
/* BMI, BMI2, TBM, ADX, LZCNT, POPCNT, MOVBE, RAO-INT. Intel SDM vol. 2; AMD APM vol. 3 for TBM. */
#include "probe/model_scalar.h"

static uint64_t mask_of(const struct mc_scalar *x)
{
    return x->bits == 64 ? UINT64_MAX : (UINT64_C(1) << x->bits) - 1;
}

/* The usual flags of a logical result; `carry` is the instruction's own. */
static void finish(struct mc_scalar *x, uint64_t result, bool carry, uint32_t undefined)
{
    x->d = result & mask_of(x);
    x->flags = (carry ? MC_FLAG_CF : 0) | (x->d == 0 ? MC_FLAG_ZF : 0) | (x->d >> (x->bits - 1) & 1 ? MC_FLAG_SF : 0);
    x->undefined = undefined;
}

void mc_scalar_popcnt(struct mc_scalar *x)
{
    for (x->d = 0; x->b; x->b &= x->b - 1)
        x->d++;
    x->flags = x->d == 0 ? MC_FLAG_ZF : 0;
}

static unsigned leading_zeros(const struct mc_scalar *x)
{
    unsigned count = 0;
    while (count < x->bits && !(x->b >> (x->bits - 1 - count) & 1))
        count++;
    return count;
}

static unsigned trailing_zeros(const struct mc_scalar *x)
{
    unsigned count = 0;
    while (count < x->bits && !(x->b >> count & 1))
        count++;
    return count;
}

static void finish_count(struct mc_scalar *x, unsigned count)
{
    x->d = count;
    x->flags = (count == x->bits ? MC_FLAG_CF : 0) | (count == 0 ? MC_FLAG_ZF : 0);
    x->undefined = MC_FLAG_OF | MC_FLAG_SF | MC_FLAG_PF | MC_FLAG_AF;
}

void mc_scalar_lzcnt(struct mc_scalar *x)
{
    finish_count(x, leading_zeros(x));
}

void mc_scalar_tzcnt(struct mc_scalar *x)
{
    finish_count(x, trailing_zeros(x));
}

/* BSF and BSR leave the destination alone when the source is zero: documented by AMD, so on every Intel CPU as well. */
static void finish_scan(struct mc_scalar *x, unsigned index)
{
    x->keep = x->b == 0;
    x->d = index;
    x->flags = x->b == 0 ? MC_FLAG_ZF : 0;
    x->undefined = MC_FLAGS_ALL & ~MC_FLAG_ZF;
}

void mc_scalar_bsr(struct mc_scalar *x)
{
    finish_scan(x, x->bits - 1 - leading_zeros(x));
}

void mc_scalar_bsf(struct mc_scalar *x)
{
    finish_scan(x, trailing_zeros(x));
}

void mc_scalar_andn(struct mc_scalar *x)
{
    finish(x, ~x->a & x->b, false, MC_FLAG_AF | MC_FLAG_PF);
}

void mc_scalar_bextr(struct mc_scalar *x)
{
    unsigned start = x->b & 0xFF, length = x->b >> 8 & 0xFF;
    uint64_t value = start < 64 ? x->a >> start : 0;
    finish(x, length < 64 ? value & ((UINT64_C(1) << length) - 1) : value, false, MC_FLAG_AF | MC_FLAG_PF | MC_FLAG_SF);
}

void mc_scalar_blsr(struct mc_scalar *x)
{
    finish(x, x->b & (x->b - 1), x->b == 0, MC_FLAG_AF | MC_FLAG_PF);
}

void mc_scalar_blsmsk(struct mc_scalar *x)
{
    finish(x, x->b ^ (x->b - 1), x->b == 0, MC_FLAG_AF | MC_FLAG_PF);
}

void mc_scalar_blsi(struct mc_scalar *x)
{
    finish(x, x->b & -x->b, x->b != 0, MC_FLAG_AF | MC_FLAG_PF);
}

void mc_scalar_bzhi(struct mc_scalar *x)
{
    unsigned index = x->b & 0xFF;
    finish(x, index < x->bits ? x->a & ((UINT64_C(1) << index) - 1) : x->a, index > x->bits - 1,
           MC_FLAG_AF | MC_FLAG_PF);
}

void mc_scalar_pdep(struct mc_scalar *x)
{
    x->d = 0;
    for (unsigned i = 0, k = 0; i < x->bits; i++)
        if (x->b >> i & 1)
            x->d |= (x->a >> k++ & 1) << i;
}

void mc_scalar_pext(struct mc_scalar *x)
{
    x->d = 0;
    for (unsigned i = 0, k = 0; i < x->bits; i++)
        if (x->b >> i & 1)
            x->d |= (x->a >> i & 1) << k++;
}

void mc_scalar_rorx(struct mc_scalar *x)
{
    unsigned count = x->immediate & (x->bits - 1);
    x->d = count ? x->a >> count | x->a << (x->bits - count) : x->a;
}

void mc_scalar_sarx(struct mc_scalar *x)
{
    unsigned count = x->b & (x->bits - 1);
    bool negative = x->a >> (x->bits - 1) & 1;
    x->d = x->a >> count | (negative ? ~(mask_of(x) >> count) : 0);
    x->d &= mask_of(x);
}

void mc_scalar_shlx(struct mc_scalar *x)
{
    x->d = x->a << (x->b & (x->bits - 1));
}

void mc_scalar_shrx(struct mc_scalar *x)
{
    x->d = x->a >> (x->b & (x->bits - 1));
}

static void add_with(struct mc_scalar *x, uint32_t flag)
{
    uint64_t carry = x->flags & flag ? 1 : 0, sum = (x->a + x->b + carry) & mask_of(x);
    bool out = carry ? sum <= x->a : sum < x->a;
    x->d = sum;
    x->flags = (x->flags & ~flag) | (out ? flag : 0);
}

void mc_scalar_adcx(struct mc_scalar *x)
{
    add_with(x, MC_FLAG_CF);
}

void mc_scalar_adox(struct mc_scalar *x)
{
    add_with(x, MC_FLAG_OF);
}

void mc_scalar_movbe(struct mc_scalar *x)
{
    x->d = 0;
    for (unsigned i = 0; i < x->bits; i += 8)
        x->d |= (x->b >> i & 0xFF) << (x->bits - 8 - i);
}

void mc_scalar_cmovz(struct mc_scalar *x)
{
    x->d = x->flags & MC_FLAG_ZF ? x->b : x->a;
}

void mc_scalar_store(struct mc_scalar *x)
{
    x->d = x->b;
}

/* TBM: CF is that of the addition or subtraction of 1 within. */
#define TBM(name, expression, carry)                           \
    void mc_scalar_##name(struct mc_scalar *x)                 \
    {                                                          \
        uint64_t b = x->b, all = mask_of(x);                   \
        bool overflows = b == all, borrows = b == 0;           \
        (void)overflows, (void)borrows;                        \
        finish(x, expression, carry, MC_FLAG_AF | MC_FLAG_PF); \
    }
TBM(blcfill, b &(b + 1), overflows)
TBM(blsfill, b | (b - 1), borrows)
TBM(blcs, b | (b + 1), overflows)
TBM(tzmsk, ~b &(b - 1), borrows)
TBM(blcic, ~b &(b + 1), overflows)
TBM(blsic, ~b | (b - 1), borrows)
TBM(t1mskc, ~b | (b + 1), overflows)
TBM(blcmsk, b ^ (b + 1), overflows)
TBM(blci, b | ~(b + 1), overflows)

/* RAO-INT: a is memory, b the register; flags stay. */
void mc_scalar_aadd(struct mc_scalar *x)
{
    x->d = x->a + x->b;
}

void mc_scalar_aand(struct mc_scalar *x)
{
    x->d = x->a & x->b;
}

void mc_scalar_aor(struct mc_scalar *x)
{
    x->d = x->a | x->b;
}

void mc_scalar_axor(struct mc_scalar *x)
{
    x->d = x->a ^ x->b;
}

/* APX: ADD with a new destination and without flags ({nf}). */
void mc_scalar_apx_add(struct mc_scalar *x)
{
    x->d = x->a + x->b;
}
