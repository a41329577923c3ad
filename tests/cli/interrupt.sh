#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: what was found so far is reported, in every format, and the exit status is 130. And the line that shows progress.
. "$(dirname "$0")/lib.sh"
needs jq python3
make_programs
folder=$(cd "$(dirname "$0")" && pwd)

# More output than a pipe holds: the program waits for the reader, who sends SIGINT when the first file is reported. It cannot
# have come to the end by then.
mkdir "$work/many" "$work/damaged"
for i in $(seq 1000 2999); do
    cp "$work/unguarded" "$work/many/$i"
    head -c 20 "$work/unguarded" >"$work/damaged/$i"
done
cp "$work/unguarded" "$work/damaged/9999" # the others do not wait for it: it takes longest
cat >"$work/interrupt.py" <<'PY'
"""interrupt.py STREAM WORD COMMAND...: sends SIGINT when the stream (1, 2) has the word."""
import os, signal, subprocess, sys, threading
stream, word = sys.argv[1], sys.argv[2].encode()
process = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
watched, other = (process.stdout, process.stderr) if stream == "1" else (process.stderr, process.stdout)
texts = {watched: b"", other: b""}
def read_rest(pipe):
    texts[pipe] += pipe.readall()
def caught():
    with open("/proc/%d/status" % process.pid) as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt:"))
reader = threading.Thread(target=read_rest, args=(other,))
reader.start()
while word not in texts[watched]:
    piece = os.read(watched.fileno(), 512)
    if not piece:
        break
    texts[watched] += piece
process.send_signal(signal.SIGINT)
while caught() & 1 << signal.SIGINT - 1: # the handler is for one signal: until it has run, the pipe stays full
    os.sched_yield()
read_rest(watched)
reader.join()
sys.stdout.buffer.write(texts[process.stdout])
sys.stderr.buffer.write(texts[process.stderr])
sys.stdout.flush()
sys.exit(process.wait() % 256)
PY
interrupted() { # interrupted STREAM WORD ARGUMENT...
    said="maskcheck ${*:3} | SIGINT"
    python3 "$work/interrupt.py" "$1" "$2" "$maskcheck" "${@:3}" >"$out" 2>"$err"
    check "$said: exit status 130" test $? = 130
    err_has "interrupted: "
    err_has " of 200$((1 - ($1 == 1))) files were scanned"
}
json() { check "$said: $1" jq -e "$1" "$out" >/dev/null; }
interrupted 1 many/1000 scan --no-cache --format json "$work/many"
json '.summary.not_scanned > 0 and .summary.files > 0 and .summary.not_scanned + .summary.files == 2000'
json '(.files | length) == .summary.files and ([.files[].path] == ([.files[].path] | sort))'
if python3 -c 'import jsonschema' 2>/dev/null; then
    check "$said: valid" python3 -W ignore "$folder/validate.py" "$folder/../../docs/schema/scan-1.schema.json" "$out"
fi
interrupted 1 many/1000 scan --format jsonl "$work/many"
check "$said: the last line says it" bash -c 'tail -n 1 "$1" | jq -e ".summary.not_scanned > 0" >/dev/null' - "$out"
interrupted 1 ruleIndex scan --format sarif "$work/many"
json '.runs[0].invocations[0] | .executionSuccessful == false and .exitSignalName == "SIGINT"'
interrupted 1 many/1000 scan -j 1 "$work/many"
out_has "Interrupted: "
out_has " unguarded."
interrupted 1 many/1000 scan --format csv "$work/many"

# Formats that begin with the answer write nothing before they know it: here the diagnostics fill the pipe.
interrupted 2 damaged/1 scan --format html "$work/damaged"
out_has "more files were not scanned"
out_has "</html>"
interrupted 2 damaged/1 scan --format junit "$work/damaged"
out_has 'name="interrupted"'
check "$said: well formed" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$out"
interrupted 2 damaged/1 scan --format prometheus "$work/damaged"
check "$said: files left are counted" grep -qE '^maskcheck_scan_files_not_judged\{status="not-scanned"\} [1-9]' "$out"

# Before the scan begins: while the list is awaited. And within an archive: its members so far are reported.
cat >"$work/early.py" <<'PY'
"""early.py TICKS COMMAND...: standard input stays open; sends SIGINT once the command catches it and has used that many clock ticks."""
import signal, subprocess, sys, time
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
def ready():
    status = open("/proc/%d/status" % process.pid).read()
    ticks = open("/proc/%d/stat" % process.pid).read().rsplit(")", 1)[1].split()[11]
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt:"))
    return caught & 1 << signal.SIGINT - 1 and int(ticks) >= int(sys.argv[1])
while process.poll() is None and not ready():
    time.sleep(0.01)
process.send_signal(signal.SIGINT)
sys.exit(process.wait(timeout=60) % 256)
PY
early() { # early TICKS ARGUMENT...
    said="maskcheck ${*:2} | SIGINT"
    python3 "$work/early.py" "$1" "$maskcheck" "${@:2}" >"$out" 2>"$err"
    check "$said: exit status 130" test $? = 130
}
early 0 scan --no-cache --files-from -
err_has "interrupted while the files were being listed: none was scanned"
out_has "Interrupted: "
early 0 scan --no-cache --format json - "$work/many"
json '.summary.not_scanned > 0 and .summary.files == 0'
early 0 probe --watch 1000
python3 - "$work/unguarded" "$work/many.tar.gz" <<'PY'
import io, sys, tarfile
data = open(sys.argv[1], "rb").read()
with tarfile.open(sys.argv[2], "w:gz", compresslevel=1) as archive:
    for i in range(8000):
        member = tarfile.TarInfo("%04d" % i)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
PY
early 20 scan --no-cache --format json "$work/many.tar.gz"
err_has "interrupted: 0 of 1 files were scanned"
json '.summary.not_scanned == 1 and .summary.unguarded > 0 and .summary.unguarded < 8000'
json '(.files | length) == .summary.files'
early 20 scan --no-cache --format html "$work/many.tar.gz"
out_has "</html>"

# Progress: on a terminal only, and gone at the end. The reader lets the program go on piece by piece.
run 1 scan "$work/many"
check "$said: no progress in a file" bash -c '! grep -q $'"'\\r'"' "$1"' - "$err"
said="maskcheck scan, on a terminal"
python3 - "$maskcheck" scan --no-cache --format json "$work/many" >"$out" 2>"$err" <<'PY'
import os, pty, subprocess, sys, time
terminal, other_end = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=other_end, bufsize=0)
os.close(other_end)
while True:
    time.sleep(0.1) # the program redraws a few times a second
    if not os.read(process.stdout.fileno(), 65536):
        break
text = b""
try:
    while piece := os.read(terminal, 4096):
        text += piece
except OSError:
    pass
sys.stdout.buffer.write(text)
PY
check "$said: files, bytes, rate and time left" grep -qaE '[0-9]+ of 2000 files, [0-9.]+ of [0-9.]+ MB, [0-9]+ [kM]B/s, [0-9]+:[0-9]{2} left' "$out"
check "$said: the line is taken away" bash -c 'tail -c 4 "$1" | grep -qa $'"'\\r\\033\\\\[K'"'' - "$out"
finish
