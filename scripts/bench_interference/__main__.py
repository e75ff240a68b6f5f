#!/usr/bin/env python3
"""Which remedy pays: the experiments of docs/benchmarks.md on the real service and real data.

Run by `scripts/bench interference`. Each arm with each seed is one line of docs/interference.jsonl: a call does only
what is missing, on whichever machine; one that is killed goes on where it stopped. Standard library only.
"""
import argparse
import json
import os
import pathlib
import queue
import statistics
import sys
import threading
import time

import experiments as plans
import report
from record import Records, rounded, write
from rows import DataFolder
from service import Service
from units import Measurement, order

ROOT = pathlib.Path(".build/interference")
DOCUMENT = pathlib.Path("docs/benchmarks.md")
# What the document's tables are made of.
MEASURED = pathlib.Path("docs/interference.jsonl")
# Tokens a second (forward and backward) of a machine of two cores, until one was measured.
SPEED = {"minilm": 2000.0, "smollm2": 400.0}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench interference", description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", default=os.environ.get("POLYTASK_DATA"), metavar="DIR",
                        help="folder of NAME.train.jsonl and NAME.dev.jsonl (or POLYTASK_DATA)")
    parser.add_argument("--only", metavar="NAME[,…]", help="these experiments, or experiment.arm")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds of each arm (default: 3)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="services side by side, each with its share of the processors: one step seldom keeps "
                        "them all busy (default: 1)")
    parser.add_argument("--quick", action="store_true", help="a handful of rows, one seed: does it work?")
    parser.add_argument("--plan", action="store_true", help="what is left and how long it takes; runs nothing")
    parser.add_argument("--report", action="store_true",
                        help="the tables and the JSON of what was measured: on the rows of --data, else on the last ones")
    return parser.parse_args()


def chosen(only, all_experiments):
    """(experiments with the arms asked for)."""
    if not only:
        return all_experiments
    known = {experiment.name: experiment for experiment in all_experiments}
    found = {}
    for word in only.split(","):
        name, _, arm = word.partition(".")
        if name not in known:
            sys.exit(f"error: --only names {name}; the experiments are {', '.join(known)}")
        arms = [one for one in known[name].arms if not arm or one.name == arm]
        if not arms:
            sys.exit(f"error: {name} has no arm {arm}; it has {', '.join(one.name for one in known[name].arms)}")
        found.setdefault(name, []).extend(arms)
    return tuple(plans.dataclasses.replace(known[name], arms=tuple(arms)) for name, arms in found.items())


class Bench:
    def __init__(self, options):
        self.options = options
        self.seeds = 1 if options.quick else options.seeds
        self.data = DataFolder(options.data) if options.data else None
        self.records = Records(ROOT / "quick.jsonl" if options.quick else MEASURED)
        # What the jobs share: records, the document and the screen.
        self.lock = threading.Lock()

    def digest(self, experiment):
        """Of the rows whose records count."""
        return self.data.digest(experiment) if self.data else self.records.newest_data(experiment)

    def record(self, unit):
        return self.records.find(unit, self.digest(unit.experiment))

    def speed(self, units):
        """Tokens a second by model: the median of what was measured, else a guess."""
        rates = {}
        for unit in units:
            record = self.record(unit)
            if record:
                cost = unit.cost(self.data, self.options.quick)
                rates.setdefault(unit.experiment.model, []).append(cost / max(record["seconds"], 1))
        return {model: statistics.median(rates.get(model, [guess])) for model, guess in SPEED.items()}

    def left(self, units):
        return [unit for unit in units if not self.is_done(unit)]

    def is_done(self, unit):
        """Figures that were published without the scores that choose between arms are to be measured anew."""
        record = self.record(unit)
        return bool(record) and not (unit.experiment.choose and "validation" not in record)

    def seconds(self, units, everything):
        speed = self.speed(everything)
        return sum(unit.cost(self.data, self.options.quick) / speed[unit.experiment.model] for unit in units)

    def plan(self, units):
        print(f"{'experiment':<12} {'arm':<20} {'seeds left':>10} {'minutes each':>13}")
        left = self.left(units)
        for experiment, arm in dict.fromkeys((unit.experiment.name, unit.arm.name) for unit in units):
            mine = [unit for unit in units if (unit.experiment.name, unit.arm.name) == (experiment, arm)]
            missing = [unit for unit in mine if unit in left]
            each = self.seconds(mine[:1], units) / 60
            print(f"{experiment:<12} {arm:<20} {len(missing):>10} {each:>13.1f}")
        for experiment in dict.fromkeys(unit.experiment.name for unit in units):
            hours = self.seconds([unit for unit in left if unit.experiment.name == experiment], units) / 3600
            print(f"{experiment}: {hours:.1f} hours left")
        print(f"all: {self.seconds(left, units) / 3600:.1f} hours left (speed: "
              + ", ".join(f"{model} {value:.0f} tokens/s" for model, value in self.speed(units).items()) + ")")

    def show(self, unit, index, total, rest):
        is_live = sys.stdout.isatty() and self.options.jobs == 1
        shown = 0

        def progress(run):
            nonlocal shown
            if time.monotonic() - shown < (1 if is_live else 30):
                return
            shown = time.monotonic()
            eta = run.get("eta_seconds")
            line = (f"[{index}/{total}] {unit.name}: {run['phase']}, step {run['step']} of {run['steps'] or '?'}, "
                    f"{run['tokens_per_second'] or 0:.0f} tokens/s, "
                    + (f"{eta / 60:.1f} min left" if eta is not None else "…")
                    + f"; then {rest / 3600:.1f} h for the rest")
            print(f"\r\033[K{line}" if is_live else line, end="" if is_live else "\n", flush=True)
        return progress

    def run(self, units, everything):
        models = {"minilm": os.environ["POLYTASK_MINILM"], "smollm2": os.environ["POLYTASK_SMOLLM2"]}
        needed = {unit.experiment.model for unit in units}
        kind = "quick" if self.options.quick else "full"
        jobs = self.options.jobs
        # All processors are a service's own default.
        threads = max(1, len(os.sched_getaffinity(0)) // jobs) if jobs > 1 else None
        services = [
            Service(os.environ["POLYTASK_BINARY"], ROOT / (f"service-{kind}" + (f"-{job}" if job > 1 else "")),
                    {name: pathlib.Path(models[name]).resolve() for name in needed}, threads)
            for job in range(1, jobs + 1)]
        failures = []
        try:
            for service in services:
                service.start()
            catalogue = services[0].call("GET", "/v1/methods")["data"]
            units = [unit for unit in units if not self.skip(unit, catalogue)]
            waiting = queue.SimpleQueue()
            for index, unit in enumerate(units, 1):
                rest = self.seconds(units[index:], everything) / jobs
                waiting.put((index, unit, self.show(unit, index, len(units), rest)))
            workers = [threading.Thread(target=self.work, args=(service, waiting, len(units), failures), daemon=True)
                       for service in services]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        finally:
            for service in services:
                service.stop()
        return failures

    def work(self, service, waiting, total, failures):
        """Measures what is waiting, one after the other."""
        while True:
            try:
                index, unit, progress = waiting.get_nowait()
            except queue.Empty:
                return
            measurement = Measurement(unit, service, self.data, self.options.quick, progress)
            try:
                record = measurement.measure()
            except Exception as error:  # Whatever it is, the other units are measured.
                failures.append(unit.name)
                print(f"\nerror: {unit.name}: {type(error).__name__}: {error}", flush=True)
                continue
            with self.lock:
                self.records.add(record)
                self.publish()
            measurement.forget()
            print(f"\n[{index}/{total}] {unit.name} is done: {record['seconds'] / 60:.1f} min, "
                  + ", ".join(f"{task} {value:.3f}" for task, value in record["end"].items()), flush=True)

    def skip(self, unit, catalogue):
        why = plans.unavailable(unit.arm, catalogue)
        if why and unit.seed == 1:
            print(f"{unit.experiment.name}.{unit.arm.name} is not available: the service has no {why}", flush=True)
        return why

    def publish(self):
        """Brings the section of the document up to date; a quick call has nothing to say there."""
        if not self.options.quick:
            write(DOCUMENT, report.put(DOCUMENT, report.document(self.records)))

    def report(self):
        """Of these rows; without a folder, of the last ones."""
        known = [one for one in plans.EXPERIMENTS if not (self.data and self.data.missing(one))]
        sections = report.sections(self.records, known, self.digest)
        for _, text, _ in sections:
            print(text + "\n")
        print(json.dumps({experiment.name: rounded(figures) for experiment, _, figures in sections}))


def main():
    options = arguments()
    if options.jobs < 1:
        sys.exit(f"error: --jobs must be at least 1, found {options.jobs}")
    bench = Bench(options)
    if options.report:
        bench.report()
        return
    if not options.data:
        sys.exit("error: --data DIR (or POLYTASK_DATA) must name the folder of the data sets")
    known = chosen(options.only, plans.EXPERIMENTS)
    for experiment in known:
        missing = bench.data.missing(experiment)
        if missing:
            print(f"{experiment.name} is left out: {options.data} has no {', '.join(missing)}")
    if all(bench.data.missing(one) for one in known):
        sys.exit(f"error: {options.data} has the data sets of none of these experiments; their files are named above "
                 "and described in experiments.py")
    units = order([one for one in known if not bench.data.missing(one)], bench.seeds)
    if options.plan:
        bench.plan(units)
        return
    left = bench.left(units)
    print(f"{len(units) - len(left)} of {len(units)} results are there; the rest takes about "
          f"{bench.seconds(left, units) / 3600:.1f} hours", flush=True)
    failures = bench.run(left, units) if left else []
    bench.publish()
    bench.report()
    if failures:
        sys.exit(f"error: {len(failures)} failed: {', '.join(failures)}")


if __name__ == "__main__":
    main()
