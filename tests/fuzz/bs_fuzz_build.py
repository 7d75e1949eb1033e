"""Builds what is fuzzed, in build/fuzz and build/fuzz-coverage, and says why where it cannot be built."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.environ.get("BINSTREAM_SOURCE_DIR") or os.path.join(HERE, "../.."))
BUILD = os.path.join(SOURCE, "build/fuzz")
COVERAGE_BUILD = os.path.join(SOURCE, "build/fuzz-coverage")
PROBE = "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d == 0 && n > 0; }\n"
COVERAGE_OPTIONS = ["-DBS_SANITIZE=", "-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping"]


def skip(name, why):
    print("SKIPPED: %s: %s" % (name, why))
    sys.exit(77)


def why_not():
    """Why nothing can be fuzzed here, or None."""
    if not shutil.which("clang"):
        return "no clang here"
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.c")
        with open(source, "w") as out:
            out.write(PROBE)
        done = subprocess.run(["clang", "-fsanitize=fuzzer,address,undefined", source, "-o", source + ".out"],
                              capture_output=True, text=True)
    return None if done.returncode == 0 else "clang has no libFuzzer here"


def run_quietly(command, lock):
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        fcntl.flock(lock, fcntl.LOCK_UN)
        sys.exit("%s\n%s failed" % (done.stdout[-8000:], " ".join(command)))


def build(*targets, coverage=False):
    """Returns the folder of the programs. Two tests may ask at once: the second waits for the first."""
    folder = COVERAGE_BUILD if coverage else BUILD
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run_quietly(["cmake", "--preset", "fuzz", "-B", folder] + (COVERAGE_OPTIONS if coverage else []), lock)
        run_quietly(["cmake", "--build", folder, "--target", *targets], lock)
    return os.path.join(folder, "tests/fuzz")
