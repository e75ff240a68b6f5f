"""One arm with one seed, and how it is measured on the service."""
import dataclasses

import experiments as plans
import record
import rows as data_rows


@dataclasses.dataclass(frozen=True)
class Unit:
    experiment: plans.Experiment
    arm: plans.Arm
    seed: int

    @property
    def name(self):
        return f"{self.experiment.name}-{self.arm.name}-s{self.seed}"

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
        self.runs = []

    def measure(self):
        """The unit's record."""
        experiment, arm = self.unit.experiment, self.unit.arm
        groups = [[task] for task in experiment.trained] if arm.alone else [list(experiment.tasks)]
        counts = [[len(self.data.rows(task, part, self.quick)) for part in ("train", "held")]
                  for task in experiment.tasks]
        found = [self.found(self.run(tasks)) for tasks in groups]
        return record.make(self.unit, found, counts, self.data.digest(experiment))

    def forget(self):
        """Deletes the models, once the record is safe."""
        for run in self.runs:
            self.service.forget(run)

    def run(self, tasks):
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
        self.runs.append(self.service.run(body, self.progress))
        return self.runs[-1]

    def upload(self, task, part):
        rows = self.data.rows(task, part, self.quick)
        name = f"{self.unit.experiment.name}-{task.name}-{part}"
        if part == "train" and self.unit.arm.memory:
            rows, name = data_rows.balanced(rows, self.unit.arm.memory), f"{name}-memory"
        content = data_rows.jsonl(rows)
        return self.service.upload(name, content)

    def found(self, run):
        points = self.service.metrics(run, "split=validation")
        points += self.service.metrics(run, "split=test")
        return {
            "spec": run["spec"], "training_seconds": run["training_seconds"],
            "threads": max(worker["threads"] for worker in self.service.call("GET", "/v1/info")["workers"]),
            "parameters": self.service.call("GET", f"/v1/models/{run['model']}").get("parameters"),
            "interference": self.service.call("GET", f"/v1/runs/{run['id']}/interference"),
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
