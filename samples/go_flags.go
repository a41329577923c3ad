// SPDX-License-Identifier: Apache-2.0
// Flags that an initialiser takes from CPUID, one of which is asked before the instruction: as golang.org/x/sys/cpu is used.
package main

import "os"

type features struct{ hasSSE2, hasSSSE3, hasSSE41 bool }

var x86 features

func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
func multiplySSE41(a, b uint32) uint32

func init() {
	_, _, ecx, edx := cpuid(1, 0)
	x86.hasSSE2 = edx&(1<<26) != 0
	x86.hasSSSE3 = ecx&(1<<9) != 0
	x86.hasSSE41 = ecx&(1<<19) != 0
}

//go:noinline
func product(a, b uint32) (uint32, string) {
	if isFast() {
		return multiplySSE41(a, b), "fast"
	}
	return a * b, "plain"
}

func main() {
	number, path := product(6, 7)
	if number != 42 {
		os.Stdout.WriteString("wrong\n")
		os.Exit(3)
	}
	os.Stdout.WriteString(path + "\n")
}
