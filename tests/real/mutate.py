#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation on real files: disables the test that stands in the evidence of a guarded use, in a copy, and scans the copy.

    mutate.py MASKCHECK [LIST]     LIST: lines "package path" as fetch.sh writes them; MASKCHECK_ALL=1 asks for 500 mutants

A mutation is noticed when the use becomes unguarded, misguarded or trapped. While the evidence names another test instead, that
one is disabled, too, until the use falls; a test that was disabled and is still named is a wrong verdict.

    always   the branch after the test always goes to the use; where the result is kept (setcc, cmov), the test says yes
    bit      the test looks at bit 0 instead
    leaf     every CPUID of that leaf asks for the leaf after it

Then the same files are scanned with no symbols and with no section headers: every use must get the verdict it had.
Prints TAP. MASKCHECK_SEED sets the seed of the draw.
"""
import collections, glob, json, os, random, re, shutil, struct, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = os.environ.get("MASKCHECK_ALL") == "1"
DRAWS, FILES = (520, 45) if ALL else (20, 8)
SIZE, USES = (12 << 20, 25000) if ALL else (2 << 20, 1000)  # larger files are left out: each mutant is a scan
ROUNDS = 10  # tests of one use that are disabled one after the other
UNSAFE = ("unguarded", "misguarded", "trapped")
# What every build machine has; the list adds to it.
COMMON = """/usr/bin/cksum /usr/bin/wc /usr/bin/gcc /usr/bin/gcov /usr/bin/zstd /usr/bin/openssl
    /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 /usr/lib/x86_64-linux-gnu/liblzma.so.5 /usr/lib/x86_64-linux-gnu/libstdc++.so.6
    /usr/lib/x86_64-linux-gnu/libdeflate.so.0 /usr/lib/x86_64-linux-gnu/libsodium.so.23
    /usr/lib/x86_64-linux-gnu/libpixman-1.so.0 /usr/lib/x86_64-linux-gnu/libgmp.so.10""".split()


class Image:
    """The bytes of an ELF file, by virtual address."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        self.wide = self.bytes[4] == 2
        offset, size, count = (struct.unpack_from("<QHH", self.bytes, 0x20)[0],) + struct.unpack_from("<HH", self.bytes, 0x36) \
            if self.wide else (struct.unpack_from("<I", self.bytes, 0x1c)[0],) + struct.unpack_from("<HH", self.bytes, 0x2a)
        self.segments = []  # (address, offset, size, executable)
        for i in range(count):
            at = offset + i * size
            if self.wide:
                kind, flags, place, address, _, length = struct.unpack_from("<IIQQQQ", self.bytes, at)
            else:
                kind, place, address, _, length, _, flags = struct.unpack_from("<IIIIIII", self.bytes, at)
            if kind == 1:
                self.segments.append((address, place, length, flags & 1))

    def place(self, address):
        for start, offset, size, _ in self.segments:
            if start <= address < start + size:
                return address - start + offset
        return None

    def write(self, address, data):
        at = self.place(address)
        self.bytes[at:at + len(data)] = data

    def decode(self, address, size=96):
        """[(address, bytes, text)] of the code there."""
        at = self.place(address)
        if at is None:
            return []
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.bytes[at:at + size])
            file.flush()
            text = subprocess.run(["objdump", "-D", "-b", "binary", "-M", "intel", "-w", "-m",
                                   "i386:x86-64" if self.wide else "i386", f"--adjust-vma={address:#x}", file.name],
                                  capture_output=True, text=True, check=True).stdout
        found = re.findall(r"^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*?)\s*$", text, re.M)
        return [(int(a, 16), bytes.fromhex(b), re.sub(r"\s+", " ", t)) for a, b, t in found]


def scan(maskcheck, path, limit=120):
    try:
        out = subprocess.run([maskcheck, "scan", "--format", "json", "--all-uses", "--baseline", "x86-64-v1", path],
                             capture_output=True, timeout=limit).stdout
        return json.loads(out)["files"][0]
    except (subprocess.TimeoutExpired, ValueError):
        return None


# Condition codes by mnemonic suffix, for the two polarities that a test can have.
CODES = {c: n for n, names in enumerate("o no b/c/nae ae/nc/nb e/z ne/nz be/na a/nbe s ns p/pe np/po l/nge ge/nl le/ng g/nle".split())
         for c in names.split("/")}
TRANSPARENT = re.compile(r"^(mov|lea|push|pop|nop|endbr|vmov|cltq|cdq|cwd|movs|movz|not |bswap|xchg|data16|cs nop)")


def consumer(code):
    """Index of the instruction that uses the flags of code[0], or None."""
    for i, (_, _, text) in enumerate(code[1:], 1):
        match = re.match(r"(?:bnd )?(j|set|cmov)([a-z]+) ", text)
        if match and match.group(1) + match.group(2) != "jmp" and match.group(2) in CODES:
            return i, match.group(1), CODES[match.group(2)]
        if not TRANSPARENT.match(text):
            return None
    return None


def says_yes(text, code):
    """The condition code under which the tested bit is set, as far as the test's form tells; else None."""
    name, _, rest = text.partition(" ")
    last = rest.rsplit(",", 1)[-1]
    zero = code in (CODES["e"], CODES["ne"])
    if name in ("test", "and") and zero:
        return CODES["ne"]
    if name == "test" and code in (CODES["s"], CODES["ns"]):
        return CODES["s"]
    if name == "bt" and code in (CODES["c"], CODES["nc"]):
        return CODES["c"]
    if name == "cmp" and zero:
        return CODES["ne"] if last == "0x0" else CODES["e"]
    return None


def always(image, guard, towards):
    """Disables the test at guard. towards: 0 for the side on which it says yes, 1 for the other. A sentence, or None."""
    code = image.decode(guard)
    found = consumer(code) if code else None
    if not found:
        return None
    index, kind, condition = found
    yes = says_yes(code[0][2], condition)
    if yes is None:
        yes = condition
    wanted = yes ^ towards
    address, old, text = code[index]
    if kind == "j":
        if condition != wanted:
            new = b"\x90" * len(old)
        elif old[0] == 0xF2:
            return None
        elif len(old) == 2:
            new = b"\xeb" + old[1:]
        else:
            new = b"\x90\xe9" + old[2:]
        image.write(address, new)
        return f"{text} at {address:#x} made {'a jmp' if condition == wanted else 'a nop'}"
    if code[0][2].split(" ")[0] not in ("test", "bt", "cmp"):
        return None  # it also computes something
    known = {CODES["ne"]: b"\x85\xe4", CODES["e"]: b"\x39\xc0", CODES["c"]: b"\xf9", CODES["nc"]: b"\xf8"}
    size = len(code[0][1])
    if wanted not in known or len(known[wanted]) > size:
        return None
    image.write(guard, known[wanted] + b"\x90" * (size - len(known[wanted])))
    return f"{code[0][2]} replaced by one that says {'yes' if not towards else 'no'} to {text}"


def bit_zero(image, guard, bit):
    """Lets the test look at bit 0 of its word, where it looks at CPUID's own bit. A sentence, or None."""
    code = image.decode(guard, 16)
    if not code:
        return None
    address, old, text = code[0]
    match = re.match(r"(test|bt) .*,0x([0-9a-f]+)$", text)
    if not match or bit == 0:
        return None
    value = int(match.group(2), 16)
    if match.group(1) == "bt":
        if value % 32 != bit:
            return None
        new = old[:-1] + bytes([value - bit])
    else:
        size = 4 if old[-4:] == struct.pack("<I", value) else 1 if old[-1] == value else 0
        if value != 1 << bit or not size:
            return None
        new = old[:-size] + struct.pack("<I", 1)[:size]
    image.write(address, new)
    return f"{text} looks at bit {value - bit if match.group(1) == 'bt' else 0}"


def next_leaf(image, leaf):
    """Changes the leaf of every CPUID that asks for it; None when one is not understood."""
    number = int(leaf.split(".")[0].split(":")[0].split("/")[0], 16)
    places = []
    for _, offset, size, executable in image.segments:
        if not executable:
            continue
        for match in re.finditer(rb"\x0f\xa2", image.bytes[offset:offset + size]):
            before = bytes(image.bytes[max(offset, offset + match.start() - 48):offset + match.start()])
            at = max(before.rfind(b"\xb8" + struct.pack("<I", n)) for n in (1, 7, 0xd, 0x80000001, 0x80000000, 0x14, 0x19)) \
                if len(before) >= 5 else -1
            zero = max(before.rfind(b"\x31\xc0"), before.rfind(b"\x33\xc0"))
            if at < 0 and zero < 0 or b"\xc3" in before[max(at + 5, zero + 2):]:
                return None  # a number of the function before: the leaf is an argument
            rest = before[max(at + 5, zero + 2):]
            if rest[:1] in (b"\xe9", b"\xeb") or re.search(rb"\x89[\xc0\xc8\xd0\xd8\xe0\xe8\xf0\xf8]|\x8b[\xc0-\xc7]", rest):
                return None  # likewise: EAX is copied from elsewhere
            if at > zero and before[at + 1:at + 5] == struct.pack("<I", number):
                places.append(offset + match.start() - len(before) + at + 1)
    if not places:
        return None
    for place in places:
        image.bytes[place:place + 4] = struct.pack("<I", number + 1)
    return f"leaf {number:#x} of {len(set(places))} CPUID made {number + 1:#x}"


class Mutant:
    def __init__(self, maskcheck, path, use, kind, folder):
        self.maskcheck, self.path, self.use, self.kind, self.folder = maskcheck, path, use, kind, folder
        self.guards, self.done = [], []

    def rescan(self, image):
        copy = os.path.join(self.folder, f"{os.path.basename(self.path)}.{id(self)}")
        with open(copy, "wb") as file:
            file.write(image.bytes)
        report = scan(self.maskcheck, copy)
        os.unlink(copy)
        return {use["address"]: use for use in report["uses"]} if report else None

    def first(self, image, guard):
        """The mutation itself: [(sentence, image)], the likeliest first."""
        address = int(guard["address"], 16)
        made = []
        for towards in (0, 1) if self.kind == "always" else (0,):
            copy = Image.__new__(Image)
            copy.__dict__.update(image.__dict__, bytes=bytearray(image.bytes))
            said = always(copy, address, towards) if self.kind == "always" else \
                bit_zero(copy, address, guard["bit"]) if self.kind == "bit" else next_leaf(copy, guard["leaf"])
            if said:
                made.append((said, copy))
        return made

    def run(self):
        """("noticed"|"other"|"missed"|"none", what came out)"""
        guard, image = self.use["guard"], Image(self.path)
        leaf = guard["leaf"].split(".")[0]
        for turn in range(ROUNDS):
            self.guards.append(guard["address"])
            made = self.first(image, guard)
            if not made:
                return ("other", f"another test, at {guard['address']}, of another form") if turn else ("none", None)
            results = []
            for said, copy in made:
                uses = self.rescan(copy)
                if uses is None:
                    return "missed", f"{said}: no report"
                use = uses.get(self.use["address"])
                results.append((said, copy, use))
                if use and use["verdict"] in UNSAFE:
                    self.done.append(said)
                    return "noticed", use["verdict"] + (f" after {turn + 1} tests" if turn else "")
            said, image, use = results[0]
            for result in results:  # the side on which the use is still guarded goes on
                if result[2] and result[2]["verdict"] == "guarded":
                    said, image, use = result
                    if use["guard"] and use["guard"]["address"] not in self.guards:
                        break
            self.done.append(said)
            if not use:
                return "missed", "no use any more"
            if use["verdict"] == "dead":
                return ("noticed", "dead") if self.kind != "always" else ("missed", "dead")
            named = use["guard"]
            if not named:
                return "missed", "guarded, and no test is named: " + use["reason"]
            if self.kind == "leaf":
                if named["leaf"].split(".")[0] == leaf:
                    return "missed", f"guarded by the same leaf: {use['reason']}"
                return "other", "guarded by another leaf: " + use["reason"]
            if named["address"] in self.guards:
                if self.kind == "bit" and named["bit"] != guard["bit"]:
                    return "noticed", "guarded by what it tests now: " + use["reason"]
                return "missed", "still guarded by it: " + use["reason"]
            if self.kind == "bit":
                return "other", "guarded by another test: " + use["reason"]
            guard = named
        return "other", f"guarded by more than {ROUNDS} tests"


def candidates(rng, listed):
    """Paths, each file once, in an order of chance."""
    paths, seen = [], set()
    for path in COMMON + listed:
        real = os.path.realpath(path)
        if real not in seen and os.path.isfile(real):
            seen.add(real)
            paths.append(real)
    rng.shuffle(paths)
    return paths


def choose(maskcheck, paths):
    """Reports of FILES files with guarded uses, none the double of another."""
    chosen, doubles = {}, set()

    paths = [path for path in paths if os.path.getsize(path) <= SIZE]
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(paths), 16):
            batch = paths[start:start + 16]
            for path, report in zip(batch, pool.map(lambda path: scan(maskcheck, path), batch)):
                if not report or len(report["uses"]) > USES or len(chosen) >= FILES:
                    continue
                guarded = [use for use in report["uses"] if use["verdict"] == "guarded" and use["guard"]]
                key = frozenset(collections.Counter((use["instruction"], use["guard"]["text"]) for use in guarded).items())
                if guarded and key not in doubles:
                    doubles.add(key)
                    chosen[path] = report["uses"]
            if len(chosen) >= FILES:
                break
    return chosen


def draw(rng, chosen):
    """(path, use, kind) without end: a file, a test in it, a use that it guards, a kind."""
    by_guard = {}
    for path in sorted(chosen):
        groups = collections.defaultdict(list)
        for use in chosen[path]:
            if use["verdict"] == "guarded" and use["guard"]:
                groups[use["guard"]["address"]].append(use)
        by_guard[path] = groups
    while True:
        path = rng.choice(sorted(by_guard))
        use = rng.choice(by_guard[path][rng.choice(sorted(by_guard[path]))])
        yield path, use, rng.choices(("always", "bit", "leaf"), (6, 3, 1))[0]


def without(path, kind, copy):
    """Makes a copy with no symbols or no section headers; False when that is no different."""
    if kind == "symbols":
        return subprocess.run(["strip", "-s", "-o", copy, path], capture_output=True).returncode == 0
    image = Image(path)
    wide = image.wide
    struct.pack_into("<Q" if wide else "<I", image.bytes, 0x28 if wide else 0x20, 0)
    struct.pack_into("<HHH", image.bytes, 0x3A if wide else 0x2E, 0, 0, 0)
    with open(copy, "wb") as file:
        file.write(image.bytes)
    return True


def stripped(maskcheck, path, uses, kind, folder):
    """What differs in a copy with no symbols or no section headers."""
    copy = os.path.join(folder, f"{os.path.basename(path)}.{kind}")
    if not without(path, kind, copy):
        return None
    report = scan(maskcheck, copy)
    os.unlink(copy)
    if not report:
        return ["no report"]
    before = {use["address"]: use["verdict"] for use in uses}
    after = {use["address"]: use["verdict"] for use in report["uses"]}
    return [f"{address}: {before.get(address, 'no use')}, then {after.get(address, 'no use')}"
            for address in sorted(before.keys() | after.keys()) if before.get(address) != after.get(address)]


def read_known():
    """[(kind, file, expression, reason)]"""
    with open(os.path.join(HERE, "known-wrong.txt"), encoding="utf-8") as file:
        return [line.split(None, 3) for line in file if line.strip() and not line.startswith("#")]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    maskcheck = os.path.abspath(sys.argv[1])
    for tool in ("objdump", "strip"):
        if not shutil.which(tool):
            print(f"SKIP: {tool} is not installed")
            sys.exit(77)
    listed = []
    if ALL:
        listed = [path for folder in ("/usr/bin/*", "/usr/lib/x86_64-linux-gnu/*.so*") for path in sorted(glob.glob(folder))]
        if len(sys.argv) > 2 and os.path.exists(sys.argv[2]):
            with open(sys.argv[2], encoding="utf-8") as file:
                listed += [line.split(None, 1)[1].rstrip("\n") for line in file]
    seed = int(os.environ.get("MASKCHECK_SEED") or (random.SystemRandom().randrange(1 << 31) if ALL else 1))
    print(f"# seed {seed}: set MASKCHECK_SEED to repeat this draw", flush=True)
    rng, known = random.Random(seed), read_known()
    chosen = choose(maskcheck, candidates(rng, listed))
    failed = False

    def say(good, label, kind, path, text):
        nonlocal failed
        reason = None if good else next((k[3].strip() for k in known if k[0] in (kind, "any") and
                                         re.fullmatch(k[1], os.path.basename(path)) and re.search(k[2], f"{label}: {text}")), None)
        if good:
            print(f"ok - {label}: {text}", flush=True)
        elif reason:
            print(f"ok - {label} # SKIP known to be wrong: {reason} ({text})", flush=True)
        else:
            failed = True
            print(f"not ok - {label}\n# {path}: {text}", flush=True)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        tally, files, seen = collections.Counter(), set(), set()
        endless, tried, impossible = draw(rng, chosen) if chosen else iter(()), 0, 0
        while sum(tally.values()) < DRAWS and tried < 20 * DRAWS and chosen:
            batch = []
            while len(batch) < min(16, DRAWS) and tried < 20 * DRAWS:
                tried += 1
                path, use, kind = next(endless)
                key = (path, use["guard"]["leaf"], use["feature"], kind) if kind == "leaf" else (path, use["address"], kind)
                if key not in seen:
                    seen.add(key)
                    batch.append(Mutant(maskcheck, path, use, kind, folder))
            for mutant, (outcome, text) in zip(batch, pool.map(Mutant.run, batch)):
                if outcome == "none":
                    impossible += 1  # it stays among those seen
                    continue
                tally[outcome] += 1
                files.add(mutant.path)
                guard = mutant.use["guard"]
                say(outcome != "missed", f"{os.path.basename(mutant.path)} {mutant.use['address']} "
                    f"{mutant.use['instruction'].split(' ')[0]} guard {guard['address']} ({guard['text']}: {guard['leaf']} bit "
                    f"{guard['bit']}, {mutant.use['confidence']}) {mutant.kind}", mutant.kind, mutant.path,
                    f"{text} [{'; '.join(mutant.done)}]")
        total = sum(tally.values())
        print(f"# {total} mutants of {len(files)} files: {tally['noticed']} noticed, {tally['other']} guarded by another test, "
              f"{tally['missed']} missed, {impossible} draws of a form that cannot be mutated" +
              (f"; {100 * (total - tally['missed']) / total:.1f} % right" if total else ""))
        for kind in ("symbols", "sections"):
            different = pool.map(lambda path: stripped(maskcheck, path, chosen[path], kind, folder), sorted(chosen))
            for path, lines in zip(sorted(chosen), different):
                if lines is not None:
                    say(not lines, f"{os.path.basename(path)} without {kind}", kind, path,
                        f"{len(lines)} of {len(chosen[path])} uses differ: " + "; ".join(lines[:3]) if lines else "the same")
    if not chosen:
        print("SKIP: no file with a guarded use is here")
        sys.exit(77)
    sys.exit(failed)


main()
