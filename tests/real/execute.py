#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs programs under qemu-user on CPUs that lack features, and holds what happens against the verdicts of every file that ran.

    execute.py MASKCHECK PLUGIN [ROOT]    PLUGIN: executed.c built; ROOT: what fetch.sh unpacked; MASKCHECK_ALL=1: all rows

Each SIGILL must lie in an unsafe finding of its file. Each command also runs on the fullest CPU that qemu has (max): the uses that
run there show that the command is not idle, and a use called dead must not be among them. Prints TAP, a case per run.
"""
import bisect, collections, math, os, re, shlex, shutil, signal, struct, subprocess, sys, tempfile, zlib
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = os.environ.get("MASKCHECK_ALL") == "1"
FULL = "max"
POOR = ("core2duo", "Opteron_G2", "qemu64") if ALL else ("core2duo", "qemu64")
UNSAFE = ("unguarded", "misguarded", "trapped")
LIMIT = 150  # seconds of a run
WANTED = (150, 60, 20)  # of all rows: runs on poor CPUs, programs that carry uses, unguarded findings that kill one
# A use in the report, whose keys come in this order; reports of large files have a million, too many for a tree of objects.
USE = re.compile(rb'\{"address":"(0x[0-9a-f]+)","function":(?:null|"(?:[^"\\]|\\.)*"),[^\n]*?"instruction":"([^"]*)",'
                 rb'[^\n]*?"verdict":"(\w+)","level":[^\n]*?"guard":(?:null|\{"address":"(0x[0-9a-f]+)")')


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b"")


def make_inputs(folder, root):
    """Small inputs; the same ones every time."""
    state = 1

    def some(n):
        nonlocal state
        out = bytearray()
        for _ in range(n):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            out.append(state >> 16 & 255)
        return bytes(out)

    def put(name, data):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)

    noise = some(30000)
    put("random.bin", noise)
    put("secret.txt", b"secret")
    words = "needle haystack thread cotton wool linen silk yarn".split()
    put("words.txt", "".join(words[b % 8] + (" " if b % 9 else "\n") for b in noise[:8000]).encode())
    width, height = 96, 64
    rows = [bytes(c for x in range(width) for c in ((x * 3 + y) & 255, (x ^ y) & 255, (noise[x * y] >> 3) + y)) for y in range(height)]
    put("picture.ppm", b"P6\n%d %d\n255\n" % (width, height) + b"".join(rows))
    put("picture.png", png(width, height, rows))
    tone = struct.pack("<8000h", *(int(9000 * math.sin(i / 9) + noise[i]) for i in range(8000)))
    put("sound.wav", b"RIFF" + struct.pack("<I", 36 + len(tone)) + b"WAVEfmt " +
        struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) + b"data" + struct.pack("<I", len(tone)) + tone)
    frames = b"".join(b"FRAME\n" + bytes((x * 2 + y * 3 + t * 5 + noise[x * y + t] // 16) & 255 for y in range(96) for x in range(128)) +
                      bytes(128 + (t & 7) for _ in range(2 * 64 * 48)) for t in range(3))
    put("film.y4m", b"YUV4MPEG2 W128 H96 F25:1 Ip A1:1 C420jpeg\n" + frames)
    put("list.c", b"".join(b"int f%d(int a, int *b) { for (int i = 0; i < a; i++) b[i] += i * %d; return a; }\n" % (i, i) for i in range(40)))
    genome = bytes(b"ACGT"[b & 3] for b in noise[:20000])
    put("genome.fa", b">one\n" + genome + b"\n")
    put("reads.fa", b"".join(b">r%d\n%s\n" % (i, genome[i * 900:i * 900 + 1500]) for i in range(10)))
    put("tree.phy", b"5 40\n" + b"".join(b"t%d %s\n" % (i, genome[i * 40:i * 40 + 40]) for i in range(5)))
    cjpeg = shutil.which("cjpeg", path=search_path(root))
    if cjpeg:
        subprocess.run([cjpeg, "-outfile", "picture.jpg", "picture.ppm"], cwd=folder, env=environment(root), check=False)


def search_path(root):
    return os.pathsep.join(([f"{root}/usr/bin", f"{root}/bin"] if root else []) + ["/usr/bin", "/bin"])


def find_program(name, root):
    if root and name.startswith("/") and os.access(root + name, os.X_OK):
        return root + name
    return shutil.which(name, path=search_path(root))


def environment(root):
    env = {"PATH": search_path(root), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if root:
        lib = "lib/x86_64-linux-gnu"
        env["LD_LIBRARY_PATH"] = ":".join(f"{root}/{place}" for place in (
            f"usr/{lib}", lib, "usr/lib", f"usr/{lib}/blas", f"usr/{lib}/openblas-pthread", f"usr/{lib}/pulseaudio"))
        env["PYTHONPATH"] = f"{root}/usr/lib/python3/dist-packages:/usr/lib/python3/dist-packages"
    return env


class Files:
    """Reports of the files that ran, scanned once."""

    def __init__(self, maskcheck, root):
        self.maskcheck, self.root, self.reports = maskcheck, root, {}

    def load(self, path):
        if path in self.reports:
            return self.reports[path]
        try:
            with open(path, "rb") as file:
                data = file.read(64)
                if data[:5] != b"\x7fELF\x02":
                    raise OSError
                start, (size, count) = struct.unpack_from("<Q", data, 0x20)[0], struct.unpack_from("<HH", data, 0x36)
                file.seek(start)
                table = file.read(size * count)
            beside = ["--root", self.root] if self.root and path.startswith(self.root + "/") else []
            out = subprocess.run([self.maskcheck, "scan", "--format", "json", "--all-uses", "--baseline", "x86-64-v1"] + beside + [path],
                                 capture_output=True, timeout=1200, check=False).stdout
            if b'"verdict":' not in out:
                raise OSError
            uses = sorted((int(m[1], 16), m[2].decode(), m[3].decode(), int(m[4] or b"-1", 16)) for m in USE.finditer(out))
        except (OSError, subprocess.TimeoutExpired):
            self.reports[path] = None
            return None
        loads = [struct.unpack_from("<IIQQQQ", table, i * size) for i in range(count)]
        self.reports[path] = {"loads": [(l[2], l[3], l[5]) for l in loads if l[0] == 1],
                              "starts": [use[0] for use in uses], "uses": uses,
                              "guards": collections.Counter(use[3] for use in uses if use[2] == "guarded" and use[3] >= 0)}
        self.reports[path]["tests"] = sorted(self.reports[path]["guards"])
        return self.reports[path]


class Ran:
    """What one run executed."""

    def __init__(self, log):
        self.maps, self.blocks = [], []
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file:
                part = line.rstrip("\n").split(" ", 4)
                if part[0] == "map" and len(part) == 5:
                    self.maps.append((int(part[1], 16), int(part[2], 16), int(part[3], 16), part[4]))
                elif part[0] == "run" and len(part) == 3:
                    self.blocks.append((int(part[1], 16), int(part[2], 16)))
        self.maps.sort()
        self.starts = [start for start, _, _, _ in self.maps]

    def locate(self, files, address):
        """(path, address in the file), or (path, None), or (None, None) for code that is in no file."""
        i = bisect.bisect_right(self.starts, address) - 1
        for start, end, offset, path in self.maps[max(i, 0):i + 1]:
            if start <= address < end:
                report = files.load(path)
                for place, virtual, size in report["loads"] if report else ():
                    if place <= address - start + offset < place + size:
                        return path, address - start + offset - place + virtual
                return path, None
        return None, None

    def counts(self, files):
        """Of the uses that ran: a Counter of verdicts, (how many guarded uses' tests ran,) the dead, the unsafe, the files."""
        ran, guards, dead = set(), set(), []
        for first, last in self.blocks:
            path, address = self.locate(files, first)
            if address is None:
                continue
            report, end = files.load(path), address + last - first
            for i in range(bisect.bisect_left(report["starts"], address), bisect.bisect_right(report["starts"], end)):
                ran.add((path, i))
            tests = report["tests"]
            for i in range(bisect.bisect_left(tests, address), bisect.bisect_right(tests, end)):
                guards.add((path, tests[i]))
        verdicts = collections.Counter()
        for path, i in ran:
            use = files.load(path)["uses"][i]
            verdicts[use[2]] += 1
            if use[2] == "dead":
                dead.append(f"{path} {use[0]:#x} {use[1]}")
        tested = sum(files.load(path)["guards"][guard] for path, guard in guards)
        unsafe = {(path, i) for path, i in ran if files.load(path)["uses"][i][2] in UNSAFE}
        return verdicts, tested, sorted(dead), unsafe, {path for path, _ in ran}


def run(arguments, cpu, plugin, root, inputs):
    """(status, [addresses of SIGILL], Ran, last words)"""
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(inputs):
            shutil.copy(os.path.join(inputs, name), folder)
        log, trace = os.path.join(folder, ".ran"), os.path.join(folder, ".trace")
        open(log, "w", encoding="utf-8").close()
        command = ["qemu-x86_64", "-cpu", cpu, "-plugin", f"{plugin},out={log}", "-strace", "-D", trace] + arguments
        source = os.devnull
        if command[-1].startswith("<"):
            source = os.path.join(folder, command.pop()[1:])
        with open(os.path.join(folder, ".said"), "wb+") as said, open(source, "rb") as given:
            child = subprocess.Popen(command, cwd=folder, env=environment(root), stdin=given, stdout=subprocess.DEVNULL,
                                     stderr=said, start_new_session=True)
            try:
                status = child.wait(LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                status = "time-out"
            said.seek(0)
            words = said.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        faults = []
        if os.path.exists(trace):
            with open(trace, encoding="utf-8", errors="replace") as file:
                faults = [int(match.group(1) or "0", 16) for match in
                          re.finditer(r"--- SIGILL \{[^}]*?si_addr=(?:0x)?([0-9a-f]+|NULL)", file.read())]
        return status, sorted(set(faults)), Ran(log), words[-1] if words else ""


def judge(files, ran, faults, status):
    """What is wrong about the faults of a run, or None; and where they are."""
    places = []
    for address in faults:
        path, inside = ran.locate(files, address)
        if inside is None:
            return f"SIGILL at {address:#x}, in {path or 'code that is in no file'}", places
        report = files.load(path)
        i = bisect.bisect_left(report["starts"], inside)
        use = report["uses"][i] if i < len(report["starts"]) and report["starts"][i] == inside else None
        what = f"{os.path.basename(path)} {inside:#x} {use[1] + ': ' + use[2] if use else 'no use'}"
        if not use or use[2] not in UNSAFE:
            return f"SIGILL at {what}", places
        places.append(what)
    if status == -signal.SIGILL and not faults:
        return "died of SIGILL, at an address that was not seen", places
    return None, places


def read_known():
    with open(os.path.join(HERE, "known-wrong.txt"), encoding="utf-8") as file:
        return [line.split(None, 3) for line in file if line.strip() and not line.startswith("#")]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    maskcheck, plugin = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    root = os.path.abspath(sys.argv[3]) if ALL and len(sys.argv) > 3 and os.path.isdir(sys.argv[3]) else None
    if not shutil.which("qemu-x86_64"):
        print("SKIP: qemu-user is not installed")
        sys.exit(77)
    if not os.path.exists(plugin):
        print("SKIP: the plugin was not built")
        sys.exit(77)
    known, failed = read_known(), False
    with open(os.path.join(HERE, "programs.txt"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(None, 2) for line in file if line.strip() and not line.startswith("#")]
    only = os.environ.get("MASKCHECK_ONLY")
    rows = [row for row in rows if (ALL or row[0] == "test") and (not only or re.search(only, row[1]))]
    files, totals, busy, deaths = Files(maskcheck, root), collections.Counter(), set(), set()
    full_only, poor_too = set(), set()  # unsafe uses that ran on the full CPU, and on another

    def say(good, name, kind, text):
        nonlocal failed
        reason = None if good else next((k[3].strip() for k in known if k[0] == kind and re.fullmatch(k[1], name.split(" ")[0]) and
                                         re.search(k[2], text)), None)
        if good:
            print(f"ok - {name}{': ' + text if text else ''}", flush=True)
        elif reason:
            print(f"ok - {name} # SKIP known to be wrong: {reason} ({text})", flush=True)
        else:
            failed = True
            print(f"not ok - {name}\n# {text}", flush=True)

    with tempfile.TemporaryDirectory() as inputs, ThreadPoolExecutor(2) as pool:
        make_inputs(inputs, root)
        jobs = []
        for scope, name, command in rows:
            arguments = shlex.split(command)
            program = find_program(arguments[0], root)
            if not program:
                print(f"ok - {name} # SKIP {arguments[0]} is not here")
                continue
            arguments[0] = os.path.realpath(program)
            with open(arguments[0], "rb") as file:
                if file.read(4) != b"\x7fELF":
                    print(f"ok - {name} # SKIP {arguments[0]} is a script")
                    continue
            jobs.append((scope, name, [pool.submit(run, arguments, cpu, plugin, root, inputs) for cpu in (FULL,) + POOR]))
        for scope, name, runs in jobs:
            status, _, ran, words = runs[0].result()
            verdicts, tested, dead, unsafe, paths = ran.counts(files)
            # The loader's own uses run in every program.
            idle = all(os.path.basename(path).startswith("ld-linux") for path in paths)
            said = f"{', '.join(f'{n} {v}' for v, n in sorted(verdicts.items())) or 'no'} uses ran, tests of {tested} guarded uses ran"
            if status != 0:
                said += f"; status {status}: {words}"
            if idle or status not in (0, 1):
                print(f"ok - {name} on {FULL} # SKIP it shows nothing: {said}", flush=True)
            else:
                busy.add(name)
                totals["guarded"] += verdicts["guarded"]
                totals["tested"] += tested
                full_only |= unsafe
                totals["beyond"] += any(not re.match(r"ld-linux|libc\.so", os.path.basename(path)) for path in paths)
                say(not dead, f"{name} on {FULL}", "dead", f"{len(dead)} dead uses ran: " + "; ".join(dead[:3]) if dead else said)
            fatal = []
            for cpu, job in zip(POOR, runs[1:]):
                status, faults, ran, words = job.result()
                wrong, places = judge(files, ran, faults, status)
                totals["runs"] += name in busy
                deaths.update(places)
                poor_too |= ran.counts(files)[3]
                fatal += places
                say(not wrong, f"{name} on {cpu}", "sigill", wrong or ("SIGILL at " + "; ".join(places) if places else f"status {status}"))
            if scope == "dies":
                say(bool(fatal), f"{name} dies where it is called unsafe", "dies", "; ".join(sorted(set(fatal))) or "it does not")
    print(f"# {totals['runs']} runs of {len(busy)} programs that carry uses ({totals['beyond']} outside the C library); on {FULL} "
          f"{totals['guarded']} guarded uses ran (summed over programs), and tests of {totals['tested']}; "
          f"{len(deaths)} unsafe findings killed a program:")
    for place in sorted(deaths):
        print(f"#   {place}")
    if ALL and not only:
        had = (totals["runs"], len(busy), sum(place.endswith(": unguarded") for place in deaths))
        say(all(a >= b for a, b in zip(had, WANTED)), "enough ran", "enough",
            "{} runs of {} programs, and {} unguarded findings that kill".format(*had) + "; wanted: {}, {}, {}".format(*WANTED))
    # A program that takes them only where the CPU has them is likely to ask: questions to the proof, not failures.
    doubtful = collections.Counter(path for path, _ in full_only - poor_too)
    print(f"# {sum(doubtful.values())} uses called unsafe ran on {FULL} only, though the programs ran elsewhere, too:")
    for path, count in sorted(doubtful.items()):
        print(f"#   {count} of {os.path.basename(path)}")
    sys.exit(failed)


main()
