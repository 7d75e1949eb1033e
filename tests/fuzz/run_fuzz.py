#!/usr/bin/python3
"""Runs the fuzz targets: first all seeds and all cases that were found before, then new inputs.

    run_fuzz.py [--seconds-cpu N] [--targets a,b] [--work DIR] [--no-build]
    run_fuzz.py --coverage [--targets a,b] [--work DIR]

A target gets N seconds of CPU time, however busy the machine is. DIR keeps, between runs, what was learnt of each
target (DIR/corpus/TARGET) and what broke it (DIR/found/TARGET); it is build/fuzz/work unless told otherwise. The exit
code is 1 if anything broke. docs/internals/fuzzing.md tells more."""

import argparse
import glob
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import bs_fuzz_build as fuzz_build

HERE = fuzz_build.HERE
TARGETS = sorted(os.path.basename(path)[:-2] for path in glob.glob(os.path.join(HERE, "targets/*.c")))

# Longest inputs that are tried, where it is not the usual.
MAX_LEN = {"event": 16384, "decimal": 48}
USUAL_MAX_LEN = 4096
SECONDS_PER_INPUT = 10
LIMITS = ["-timeout=%d" % SECONDS_PER_INPUT, "-rss_limit_mb=1500", "-malloc_limit_mb=400"]
TICKS = os.sysconf("SC_CLK_TCK")


class Target:
    def __init__(self, name, programs, work):
        self.name = name
        self.program = os.path.join(programs, "fuzz_" + name)
        self.corpus = os.path.join(work, "corpus", name)
        self.found = os.path.join(work, "found", name)
        self.log = os.path.join(work, name + ".log")
        os.makedirs(self.corpus, exist_ok=True)
        os.makedirs(self.found, exist_ok=True)

    def kept(self):
        """Seeds and cases that were found before, in the tree and in the work folder."""
        folders = [os.path.join(HERE, kind, self.name) for kind in ("seeds", "found")] + [self.found]
        return sorted(path for folder in folders for path in glob.glob(os.path.join(folder, "*"))
                      if not path.endswith(".md"))

    def options(self):
        return LIMITS + ["-max_len=%d" % MAX_LEN.get(self.name, USUAL_MAX_LEN)]


def environment():
    """Found cases are told by libFuzzer on stderr, not in files of the sanitizers."""
    names = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return dict(kept, UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS="detect_leaks=1")


def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as handle:
        fields = handle.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tail(path, lines=40):
    with open(path, errors="replace") as handle:
        return "".join(handle.readlines()[-lines:])


def replay(target):
    """False if a seed or an old case breaks the target."""
    files = target.kept()
    if not files:
        return True
    with open(target.log, "w") as log:
        done = subprocess.run([target.program, *LIMITS, *files], stdout=log, stderr=log, env=environment())
    if done.returncode:
        print("FAIL %s: a kept case breaks it\n%s" % (target.name, tail(target.log)), flush=True)
    return done.returncode == 0


def interrupt_after(process, seconds):
    """Asks the fuzzer to end once it has used its CPU time; False if it ended by itself before."""
    while process.poll() is None:
        try:
            used = cpu_of(process.pid)
        except (FileNotFoundError, ProcessLookupError, IndexError):
            break
        if used >= seconds:
            process.send_signal(signal.SIGINT)
            process.wait()
            return True
        time.sleep(min(0.2, max(0.02, seconds - used)))
    process.wait()
    return False


def fuzz(target, seconds):
    """What a run came to; "broke" if it found something."""
    before = set(os.listdir(target.found))
    command = [target.program, *target.options(), "-print_final_stats=1", "-artifact_prefix=" + target.found + "/",
               target.corpus]
    command += [folder for folder in (os.path.join(HERE, "seeds", target.name), os.path.join(HERE, "found", target.name))
                if os.path.isdir(folder)]
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(target.log, "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
        try:
            interrupted = interrupt_after(process, seconds)
        except BaseException:
            process.kill()
            process.wait()
            raise
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = figures(target)
    result["cpu"] = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    new = sorted(name for name in set(os.listdir(target.found)) - before if not name.startswith("slow-unit"))
    result["broke"] = bool(new) or not interrupted
    if result["broke"]:
        print("FAIL %s: %s\n%s" % (target.name, ", ".join(os.path.join(target.found, name) for name in new) or
                                   "it ended with %d" % process.returncode, tail(target.log)))
    return result


def figures(target):
    with open(target.log, errors="replace") as handle:
        text = handle.read()
    last = re.findall(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+) corp: (\d+)", text, re.MULTILINE)
    count = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text)
    executions, cov, features, corpus = map(int, last[-1]) if last else (0, 0, 0, 0)
    return {"executions": int(count[-1]) if count else executions, "cov": cov, "ft": features, "corpus": corpus}


def run_all(targets, seconds):
    broke = False
    print("%-12s %8s %12s %6s %6s %7s" % ("target", "CPU s", "executions", "cov", "ft", "corpus"))
    for target in targets:
        if not replay(target):
            broke = True
            continue
        result = fuzz(target, seconds) if seconds > 0 else None
        if result:
            broke |= result["broke"]
            print("%-12s %8.1f %12d %6d %6d %7d" % (target.name, result["cpu"], result["executions"], result["cov"],
                                                  result["ft"], result["corpus"]), flush=True)
    return broke


# -- coverage --------------------------------------------------------------------------------------


def find_llvm(name):
    version = re.search(r"version (\d+)", subprocess.run(["clang", "--version"], capture_output=True, text=True).stdout)
    for candidate in ("%s-%s" % (name, version.group(1) if version else ""), name):
        if shutil.which(candidate):
            return candidate
    fuzz_build.skip("fuzz coverage", "no %s here" % name)


def profile_of(target, work):
    """Runs all that is known of the target once, without looking for more."""
    raw = os.path.join(work, target.name + ".profraw")
    folders = [folder for folder in (target.corpus, os.path.join(HERE, "seeds", target.name),
                                     os.path.join(HERE, "found", target.name)) if os.path.isdir(folder)]
    with open(target.log, "w") as log:
        done = subprocess.run([target.program, "-runs=0", *target.options(), *folders], stdout=log, stderr=log,
                              env=dict(environment(), LLVM_PROFILE_FILE=raw))
    if done.returncode:
        sys.exit("%s broke\n%s" % (target.name, tail(target.log)))
    return raw


def lines_of(programs, raws, work):
    """{file: (lines covered, lines)} of src/."""
    merged = os.path.join(work, "merged.profdata")
    subprocess.run([find_llvm("llvm-profdata"), "merge", "-sparse", "-o", merged, *raws], check=True)
    objects = [programs[0]] + [word for program in programs[1:] for word in ("-object", program)]
    out = subprocess.run([find_llvm("llvm-cov"), "export", "-summary-only", "-instr-profile", merged, *objects],
                         check=True, capture_output=True, text=True).stdout
    lines = {}
    for entry in json.loads(out)["data"][0]["files"]:
        path = os.path.relpath(entry["filename"], fuzz_build.SOURCE)
        if path.startswith(("src/binlog/", "src/wire/")):
            lines[path] = entry["summary"]["lines"]["covered"], entry["summary"]["lines"]["count"]
    return lines


def percent(pairs):
    pairs = list(pairs)
    covered, count = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return "%5.1f %% (%d of %d lines)" % (100.0 * covered / count if count else 0.0, covered, count)


def coverage(targets, work):
    raws = {target.name: profile_of(target, work) for target in targets}
    lines = lines_of([target.program for target in targets], list(raws.values()), work)
    for target in targets:
        # Code that a program does not link counts as not reached.
        reached = dict({path: (0, pair[1]) for path, pair in lines.items()},
                       **lines_of([target.program], [raws[target.name]], work))
        room = "src/wire/" if target.name == "packet" else "src/binlog/"
        print("%-12s %s of %s" % (target.name, percent(n for path, n in reached.items() if path.startswith(room)), room))
    print()
    for path, pair in sorted(lines.items()):
        print("%-36s %s" % (path, percent([pair])))
    for room in ("src/binlog/", "src/wire/"):
        print("%-36s %s" % (room, percent(pair for path, pair in lines.items() if path.startswith(room))))


# -- the run ---------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description="Runs the fuzz targets: seeds, cases found before, new inputs.")
    parser.add_argument("--seconds-cpu", type=float, default=60, metavar="N",
                        help="CPU time for each target; 0: only what is kept (default 60)")
    parser.add_argument("--targets", default=",".join(TARGETS), help="of " + ",".join(TARGETS))
    parser.add_argument("--work", default=os.path.join(fuzz_build.BUILD, "work"), metavar="DIR",
                        help="where corpora and finds are kept (default build/fuzz/work)")
    parser.add_argument("--fresh", action="store_true", help="forget the corpora of earlier runs first")
    parser.add_argument("--coverage", action="store_true",
                        help="do not fuzz: print which lines of src/ the kept inputs reach")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    options = parser.parse_args()
    names = options.targets.split(",")
    if not set(names) <= set(TARGETS):
        parser.error("there is no target " + ", ".join(sorted(set(names) - set(TARGETS))))
    why = fuzz_build.why_not()
    if why:
        fuzz_build.skip("fuzz", why)
    work = os.path.abspath(options.work)
    if options.fresh:
        shutil.rmtree(os.path.join(work, "corpus"), ignore_errors=True)
    folder = fuzz_build.COVERAGE_BUILD if options.coverage else fuzz_build.BUILD
    programs = os.path.join(folder, "tests/fuzz")
    if not options.no_build:
        programs = fuzz_build.build("fuzz_targets", coverage=options.coverage)
    targets = [Target(name, programs, work) for name in names]
    if options.coverage:
        coverage(targets, work)
        return 0
    return run_all(targets, options.seconds_cpu)


if __name__ == "__main__":
    sys.exit(main())
