"""A measured unit as one line of JSON: all that the tables need of one arm with one seed, and of the rows only counts."""
import json
import os

from intervals import Scores, mean

SMALLER_IS_BETTER = ("perplexity", "loss")


def make(unit, runs, counts, data):
    """- runs: as `units.Measurement` collects them, one, or one a task where each is alone.
    - counts: [rows trained on, rows held out] by task.
    - data: the digest of the rows."""
    experiment = unit.experiment
    split = "test" if experiment.choose else "validation"
    record = {
        "experiment": experiment.name, "arm": unit.arm.name, "seed": unit.seed, "data": data,
        "protocol": experiment.fingerprint(unit.arm), "dtype": runs[0]["spec"]["dtype"],
        "threads": runs[0]["threads"], "rows": counts,
        "before": base(experiment, runs), "end": ends(experiment, runs, split),
        "seconds": sum(run["training_seconds"] for run in runs), "parameters": runs[-1]["parameters"],
    }
    if experiment.choose:
        record["validation"] = ends(experiment, runs, "validation")
    found = scores(experiment, runs)
    if found:
        names = [task.name for task in experiment.trained]
        record |= {"own": dict(zip(names, found.own)), "best": dict(zip(names, found.best)),
                   "bit_identical": bit_identical(experiment, runs[0]), "drift_cosine": drift_cosine(runs[0])}
    record |= {"watched": watched(experiment, runs), "shares": shares(runs), "variance": variances(experiment, runs),
               "macro_f1": ends(experiment, runs, split, "macro_f1")}
    return rounded(record)


def rounded(value):
    """Without what is not known or empty, and to digits that mean something."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        found = {key: rounded(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not None and item != {}}
    return value


def scaled(metric, value):
    """A score as it is written here: BLEU from 0 to 1, like a share."""
    return value / 100 if metric == "bleu" and value is not None else value


def gain(metric, value):
    """A score turned so that more is better."""
    return -value if metric in SMALLER_IS_BETTER else scaled(metric, value)


def points(run, task, name, split):
    """(step, value) in order."""
    return sorted((step, value) for owner, metric, part, step, value in run["scores"]
                  if owner == task and metric == name and part == split)


def ends(experiment, runs, split, name=None):
    """The scores at the end by task, of each task's metric or of the one that is named."""
    found = {}
    for index, task in enumerate(experiment.trained):
        metric = name or task.metric
        values = points(runs[index if len(runs) > 1 else 0], task.name, metric, split)
        found[task.name] = scaled(metric, values[-1][1]) if values else None
    return found


def scores(experiment, runs):
    """What became of each task; None where there is one stage."""
    rows = runs[0]["interference"]["r_matrix"]
    if len(runs) > 1 or len(rows) < 2:
        return None
    return Scores.of([[gain(task.metric, row["scores"][task.name]) for task in experiment.trained] for row in rows],
                     None, last_stages(experiment, runs[0]))


def last_stages(experiment, run):
    """The last stage that trains each task."""
    found = {name: index for index, stage in enumerate(run["spec"]["stages"]) for name in stage}
    return [found[task.name] for task in experiment.trained]


def base(experiment, runs):
    """The mean score before training; None where it is not known."""
    found = [scaled(task.metric, (runs[0]["interference"].get("base") or {}).get(task.name))
             for task in experiment.trained]
    return None if None in found else mean(found)


def bit_identical(experiment, run):
    """Whether every held-out loss of every task stays the same number after its own stage."""
    ends = [row["step"] for row in run["interference"]["r_matrix"]]
    for task, stage in zip(experiment.trained, last_stages(experiment, run)):
        later = [value for step, value in points(run, task.name, "loss", "validation") if step >= ends[stage]]
        if len(set(later)) > 1:
            return False
    return True


def drift_cosine(run):
    """Mean cosine of the last layer's held-out representations to the start; None where not reported."""
    drift = run["interference"].get("drift") or []
    return drift[-1].get("cosine") if drift else None


def watched(experiment, runs):
    """[before, after] of each task that is only watched: what training cost the pretrained model."""
    found = {}
    for task in experiment.tasks:
        values = points(runs[0], task.name, task.metric, "validation") if task.watched else []
        if values:
            found[task.name] = [values[0][1], values[-1][1]]
    return found


def shares(runs):
    """Mean share of the drawn rows over the epochs, by task."""
    sums = {}
    for task, _, value in runs[0]["shares"]:
        sums.setdefault(task, []).append(value)
    return {task: mean(values) for task, values in sums.items()}


def variances(experiment, runs):
    """Variance of each task's loss over the steps of the last epoch."""
    return {entry["task"]: entry["variance"] for entry in runs[0]["loss"]
            if entry["epoch"] == experiment.common["epochs"]}


class Records:
    """A file of records, one a line, in the order in which they were measured."""

    def __init__(self, path):
        self.path = path
        text = path.read_text() if path.exists() else ""
        self.all = [json.loads(line) for line in text.splitlines() if line]

    def add(self, record):
        """Replaces what the same unit gave on the same rows. The file appears whole or not at all."""
        same = ("experiment", "arm", "seed", "data")
        self.all = [one for one in self.all if any(one[key] != record[key] for key in same)] + [record]
        write(self.path, "".join(json.dumps(one) + "\n" for one in self.all))

    def find(self, unit, data):
        """What was measured on these rows by this protocol, or None."""
        return self.results(unit.experiment, data).get(unit.arm.name, {}).get(unit.seed)

    def results(self, experiment, data):
        """{arm: {seed: record}} in the order of the table."""
        protocols = {arm.name: experiment.fingerprint(arm) for arm in experiment.arms}
        found = {arm: {} for arm in protocols}
        for one in self.all:
            if (one["experiment"], one["data"]) == (experiment.name, data) \
                    and one["protocol"] == protocols.get(one["arm"]):
                found[one["arm"]][one["seed"]] = one
        return {arm: dict(sorted(records.items())) for arm, records in found.items() if records}

    def newest_data(self, experiment):
        """The digest of the rows on which the experiment ran last."""
        return next((one["data"] for one in reversed(self.all) if one["experiment"] == experiment.name), None)


def write(path, text):
    """The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
