/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the CPUID leaves that the catalogue speaks of, one "leaf subleaf eax ebx ecx edx" line of hexadecimal each.
 * Without a C library (-nostdlib -static): it must run under any CPUID, also one that promises what is not there. */
#include <stdint.h>

#ifdef __x86_64__
#define SYS_WRITE 1L
#define SYS_EXIT_GROUP 231L
static long call_system(long number, long first, const char *second, long third)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}
#else
#define SYS_WRITE 4L
#define SYS_EXIT_GROUP 252L
static long call_system(long number, long first, const char *second, long third)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}
#endif

static char *put_hex(char *out, uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *out++ = "0123456789abcdef"[value >> shift & 15];
    *out++ = ' ';
    return out;
}

static void read_leaf(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    __asm__ volatile("cpuid" : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3]) : "0"(leaf), "2"(subleaf));
}

static void print_leaf(uint32_t leaf, uint32_t subleaf)
{
    uint32_t regs[4];
    char line[64], *end = put_hex(put_hex(line, leaf), subleaf);
    read_leaf(leaf, subleaf, regs);
    for (int i = 0; i < 4; i++)
        end = put_hex(end, regs[i]);
    end[-1] = '\n';
    call_system(SYS_WRITE, 1, line, end - line);
}

static void print_range(uint32_t base, uint32_t limit)
{
    uint32_t regs[4];
    read_leaf(base, 0, regs);
    for (uint32_t leaf = base; leaf <= regs[0] && leaf <= base + limit; leaf++) {
        uint32_t subleaves =
            leaf == 4 || leaf == 7 || leaf == 0xD || leaf == 0x12 || leaf == 0x14 || leaf == 0x1E ? 3 : 1;
        for (uint32_t subleaf = 0; subleaf < subleaves; subleaf++)
            print_leaf(leaf, subleaf);
    }
}

__attribute__((used)) static _Noreturn void run(void)
{
    print_range(0, 0x24);
    print_range(0x80000000u, 0x26);
    print_range(0xC0000000u, 4);
    for (;;)
        call_system(SYS_EXIT_GROUP, 0, 0, 0);
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall run\n");
#else
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %esp\n\tcall run\n");
#endif
