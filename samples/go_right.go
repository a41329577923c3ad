// SPDX-License-Identifier: Apache-2.0
package main

func isFast() bool { return x86.hasSSE41 }
