#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an x86-64 ELF file that is large in one way, for tests that no step grows with the square of a size.

usage: big_file.py KIND COUNT OUT

  functions  COUNT functions of 16 bytes, each calls the next one and holds a use (PMULLD); each has a symbol
  stripped   the same without symbols: all of it is text outside known functions
  long       one function of 16 * COUNT bytes: branches to and fro, a use in each 16 bytes
  tables     one function with COUNT jump tables, whose bases are taken far from the jumps
  callers    one function with a use, called by COUNT others, each from a place of its own
  labels     one function of 16 * COUNT bytes with a label in each 16 bytes that is called from outside"""
import struct
import sys

BASE, PAGE = 0x400000, 0x1000
PMULLD = bytes.fromhex("660f3840c1")


def rel32(place, target):
    return struct.pack("<i", target - (place + 4))


def pad(code):
    assert len(code) <= 16
    return code + b"\x90" * (16 - len(code))


def text_of(kind, count, start):
    """The code, and its symbols as (address, size)."""
    end = start + 16 * count
    code = []
    if kind in ("functions", "stripped"):
        for i in range(count):
            place = start + 16 * i
            code.append(pad(PMULLD + b"\xe8" + rel32(place + 6, min(place + 16, end - 16)) + b"\xc3"))
        symbols = [(start + 16 * i, 16) for i in range(count)] if kind == "functions" else []
    elif kind == "long":
        for i in range(count):
            place = start + 16 * i
            target = start + 16 * (i * 7919 % count)
            code.append(pad(PMULLD + b"\x85\xc0\x0f\x84" + rel32(place + 9, target)))
        code[-1] = pad(b"\xc3")
        symbols = [(start, 16 * count)]
    elif kind == "callers":
        code = [pad(PMULLD + b"\xc3")] + [pad(b"\xe8" + rel32(start + 16 * i + 1, start) + b"\xc3") for i in range(1, count)]
        symbols = [(start + 16 * i, 16) for i in range(count)]
    elif kind == "labels":
        for i in range(count // 2):
            code.append(pad(PMULLD + b"\x85\xc0"))
        code[-1] = pad(b"\xc3")
        body = 16 * len(code)
        for i in range(count // 2):
            place = start + body + 16 * i
            code.append(pad(b"\xe8" + rel32(place + 1, start + 16 * i) + b"\x85\xc0"))
        code[-1] = pad(b"\xc3")
        symbols = [(start, body)] + [(start + 16 * i, 0) for i in range(1, count // 2)] + [(start + body, 16 * (count // 2))]
    else:
        step, data = 32, start + 32 * count
        for i in range(count):
            place, load = start + 16 * i, start + 16 * (count + i)
            lea = b"\x48\x8d\x15" + rel32(place + 3, data + 16 * i) # lea rdx,[rip+table]
            code.append(pad(lea + b"\x0f\x84" + rel32(place + 9, load)))
        code[-1] = pad(PMULLD + b"\xc3")
        code += [pad(b"\x48\x63\x04\x82\x48\x01\xd0\xff\xe0")] * count # movsxd rax,[rdx+rax*4]; add rax,rdx; jmp rax
        for i in range(count):
            table = data + 16 * i
            code.append(struct.pack("<4i", *[start + 16 * (count + (i + k) % count) - table for k in range(4)]))
        symbols = [(start, step * count)]
    return b"".join(code), symbols


def section(name, kind, flags, address, offset, size, link=0, info=0, entry=0):
    return struct.pack("<IIQQQQIIQQ", name, kind, flags, address, offset, size, link, info, 16, entry)


def main():
    kind, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    text, symbols = text_of(kind, count, BASE + PAGE)
    names = b"\0.text\0.symtab\0.strtab\0f\0"
    table = bytes(24) + b"".join(struct.pack("<IBBHQQ", 23, 0x12, 0, 1, address, size) for address, size in symbols)
    table_at = PAGE + len(text)
    names_at = table_at + len(table)
    sections_at = names_at + len(names) + (-(names_at + len(names)) & 7)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, BASE + PAGE, 64, sections_at, 0, 64, 56, 1,
                                                       64, 4, 3)
    program = struct.pack("<IIQQQQQQ", 1, 5, PAGE, BASE + PAGE, BASE + PAGE, len(text), len(text), PAGE)
    sections = (bytes(64) + section(1, 1, 6, BASE + PAGE, PAGE, len(text)) +
                section(7, 2, 0, 0, table_at, len(table), 3, 1, 24) + section(15, 3, 0, 0, names_at, len(names)))
    with open(out, "wb") as file:
        file.write((header + program).ljust(PAGE, b"\0") + text + table)
        file.write(names.ljust(sections_at - names_at, b"\0") + sections)


main()
