// SPDX-License-Identifier: Apache-2.0
#include "textflag.h"

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func multiplySSE41(a, b uint32) uint32
TEXT ·multiplySSE41(SB), NOSPLIT, $0-12
	MOVL a+0(FP), X0
	MOVL b+4(FP), X1
	PMULLD X1, X0
	MOVL X0, ret+8(FP)
	RET
