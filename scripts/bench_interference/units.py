"""One arm with one seed: runs it on the service and keeps all that the report needs in one file."""
import dataclasses
import json
import os
import pathlib
import time

import experiments as plans
import rows as data_rows

# Of the interference report: long, and drawn rather than tabulated.
NOT_KEPT = ("map",)


@dataclasses.dataclass(frozen=True)
class Unit:
    experiment: plans.Experiment
    arm: plans.Arm
    seed: int

    @property
    def name(self):
        return f"{self.experiment.name}-{self.arm.name}-s{self.seed}"

    def path(self, folder):
        return pathlib.Path(folder) / self.experiment.name / f"{self.arm.name}.seed{self.seed}.json"

    def result(self, folder):
        """What an earlier call measured; None where it did not, or measured something else."""
        try:
            found = json.loads(self.path(folder).read_text())
        except (OSError, ValueError):
            return None
        return found if found.get("fingerprint") == self.experiment.fingerprint(self.arm) else None

    def cost(self, data, quick):
        """Tokens through forward and backward; a pass forward counts a third."""
        training = sum(data_rows.tokens(data.rows(task, "train", quick)) for task in self.experiment.trained)
        held = sum(data_rows.tokens(data.rows(task, "held", quick)) for task in self.experiment.tasks)
        # Writing an answer token by token costs about as much as training on it.
        held *= 3 if any(task.metric == "bleu" for task in self.experiment.tasks) else 1
        passes = 2 if self.arm.alone or self.arm.changes.get("stages") == "joint" else self.experiment.evaluations
        return self.arm.cost * training * self.experiment.common["epochs"] + held * passes / 3


def order(chosen, seeds):
    """Seed by seed, so that every arm has one result before any has two; the headline first."""
    return [Unit(experiment, arm, seed) for experiment in chosen
            for seed in range(1, seeds + 1) for arm in experiment.arms]


class Measurement:
    """A unit under way."""

    def __init__(self, unit, service, data, quick, progress):
        self.unit, self.service, self.data, self.quick, self.progress = unit, service, data, quick, progress

    def measure(self):
        experiment, arm = self.unit.experiment, self.unit.arm
        groups = [[task] for task in experiment.trained] if arm.alone else [list(experiment.tasks)]
        return {
            "experiment": experiment.name, "arm": arm.name, "seed": self.unit.seed,
            "fingerprint": experiment.fingerprint(arm), "model": experiment.model,
            "tasks": [task.name for task in experiment.tasks],
            "held": [len(self.data.rows(task, "held", self.quick)) for task in experiment.tasks],
            "rows": [len(self.data.rows(task, "train", self.quick)) for task in experiment.tasks],
            "cost": self.unit.cost(self.data, self.quick), "finished": time.time(),
            "version": self.service.call("GET", "/v1/info").get("version"),
            "runs": [self.run(index, tasks) for index, tasks in enumerate(groups)],
        }

    def run(self, index, tasks):
        experiment, arm = self.unit.experiment, self.unit.arm
        body = experiment.body(arm, self.unit.seed, tasks)
        body["name"] = self.unit.name + (f"-{tasks[0].name}" if arm.alone else "")
        for task, spec in zip(tasks, body["tasks"]):
            spec["dataset"] = self.upload(task, "train")
            held = self.upload(task, "held")
            if experiment.choose and not task.watched:
                spec["validation"], spec["test"] = {"fraction": experiment.choose}, held
            else:
                spec["validation"] = held
        run = self.service.run(body, self.progress)
        kept = self.kept(run)
        self.service.forget(run)
        return kept

    def upload(self, task, part):
        rows = self.data.rows(task, part, self.quick)
        name = f"{self.unit.experiment.name}-{task.name}-{part}"
        if part == "train" and self.unit.arm.memory:
            rows, name = data_rows.balanced(rows, self.unit.arm.memory), f"{name}-memory"
        content = data_rows.jsonl(rows)
        return self.service.upload(name, content)

    def kept(self, run):
        report = self.service.call("GET", f"/v1/runs/{run['id']}/interference")
        points = self.service.metrics(run, "split=validation")
        points += self.service.metrics(run, "split=test")
        return {
            "id": run["id"], "spec": run["spec"], "training_seconds": run["training_seconds"],
            "tokens_per_second": run["tokens_per_second"], "steps": run["steps"],
            "parameters": self.service.call("GET", f"/v1/models/{run['model']}").get("parameters"),
            "interference": {key: value for key, value in report.items() if key not in NOT_KEPT},
            "scores": [[point[key] for key in ("task", "name", "split", "step", "value")] for point in points],
            "shares": self.shares(run), "loss": self.losses(run),
        }

    def shares(self, run):
        points = self.service.metrics(run, "split=train&name=sample_share")
        return [[point["task"], point["epoch"], point["value"]] for point in points]

    def losses(self, run):
        """Mean and variance over the steps of each epoch, by task."""
        by_epoch = {}
        for point in self.service.metrics(run, "split=train&name=loss"):
            if point["value"] is not None:
                by_epoch.setdefault((point["task"], point["epoch"]), []).append(point["value"])
        found = []
        for (task, epoch), values in sorted(by_epoch.items()):
            middle = sum(values) / len(values)
            variance = sum((value - middle) ** 2 for value in values) / len(values)
            found.append({"task": task, "epoch": epoch, "steps": len(values), "mean": middle, "variance": variance})
        return found


def write(path, text):
    """The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
