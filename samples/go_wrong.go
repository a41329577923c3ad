// SPDX-License-Identifier: Apache-2.0
// Of another feature than the one that is used.
package main

func isFast() bool { return x86.hasSSSE3 }
