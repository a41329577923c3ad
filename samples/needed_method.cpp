// SPDX-License-Identifier: Apache-2.0
// C++: objects that say by a method what they need; the first one for which all of it is there is taken, as in simdjson and simdutf.
// With IDIOM_WRONG_NEED the fast one says too little.
#include "sample.h"

enum { has_sse2 = 1, has_sse3 = 2, has_sse41 = 8 };

#ifdef IDIOM_WRONG_NEED
const unsigned fast_needs = has_sse2;
#else
const unsigned fast_needs = has_sse2 | has_sse41;
#endif

class implementation {
  public:
    virtual const char *name() const { return name_; }
    virtual unsigned needs() const { return needs_; }
    bool is_supported() const;
    virtual int multiply(int, int) const { return 0; }

  protected:
    implementation(const char *name, unsigned needs) : name_(name), needs_(needs) {}

  private:
    const char *name_;
    unsigned needs_;
};

class fast final : public implementation {
  public:
    fast() : implementation("fast", fast_needs) {}
    int multiply(int a, int b) const override { return multiply_sse41(a, b); }
};

class plain final : public implementation {
  public:
    plain() : implementation("plain", 0) {}
    int multiply(int a, int b) const override { return multiply_plain(a, b); }
};

// Asks the best one, so that nobody can tell from its class what a method says.
class any_of final : public implementation {
  public:
    explicit any_of(const implementation *best) : implementation("any", 0), best_(best) {}
    const char *name() const override { return best_->name(); }
    unsigned needs() const override { return best_->needs(); }
    int multiply(int a, int b) const override { return best_->multiply(a, b); }

  private:
    const implementation *best_;
};

NOINLINE static unsigned have() {
    cpuid_registers r = ask_cpuid(1, 0);
    return (r.edx & EDX1_SSE2 ? has_sse2 : 0) | (r.ecx & ECX1_SSE3 ? has_sse3 : 0) | (r.ecx & ECX1_SSE41 ? has_sse41 : 0);
}

NOINLINE bool implementation::is_supported() const {
    unsigned wanted = needs();
    return (have() & wanted) == wanted;
}

struct list {
    const implementation *const *items;
    unsigned count;
};

NOINLINE static const list &all() {
    static const fast fast_one;
    static const plain plain_one;
    static const implementation *const items[] = {&fast_one, &plain_one};
    static const list it = {items, 2};
    return it;
}

NOINLINE static const implementation *choose(const list &from) {
    for (unsigned i = 0; i < from.count; i++)
        if (from.items[i]->is_supported())
            return from.items[i];
    return nullptr;
}

int main(int argc, char **) {
    const implementation *best = choose(all());
    if (!best)
        return 1;
    static const any_of any(best);
    const implementation *used = argc > 1 ? best : &any;
    return finish(used->multiply(6, 7), used->name());
}
