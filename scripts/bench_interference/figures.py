"""From the result files of an experiment to figures by arm: plain numbers, no layout."""
from intervals import Scores, cut, mean, t_interval, verdict

SMALLER_IS_BETTER = ("perplexity", "loss")


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


def last(run, task, name, split="validation"):
    found = points(run, task, name, split)
    return found[-1][1] if found else None


def scores(experiment, result):
    """R of a result with stages; None where there is only one."""
    run = result["runs"][0]
    rows = run["interference"]["r_matrix"]
    if len(result["runs"]) > 1 or len(rows) < 2:
        return None
    tasks = experiment.trained
    matrix = [[gain(task.metric, row["scores"][task.name]) for task in tasks] for row in rows]
    held = result["held"] if all(task.metric == "accuracy" for task in tasks) else None
    return Scores(matrix, list(range(len(tasks))), held)


def final(experiment, result, split="validation"):
    """The scores at the end, by task."""
    found = {}
    for index, task in enumerate(experiment.trained):
        run = result["runs"][index if len(result["runs"]) > 1 else 0]
        found[task.name] = scaled(task.metric, last(run, task.name, task.metric, split))
    return found


def base(experiment, result):
    """The mean score before training; None where it is not known."""
    found = [scaled(task.metric, (result["runs"][0]["interference"].get("base") or {}).get(task.name))
             for task in experiment.trained]
    return None if None in found else mean(found)


def bit_identical(experiment, result):
    """Whether every held-out loss of every task stays the same number after its own stage."""
    run = result["runs"][0]
    ends = [row["step"] for row in run["interference"]["r_matrix"]]
    for index, task in enumerate(experiment.trained):
        later = [value for step, value in points(run, task.name, "loss", "validation") if step >= ends[index]]
        if len(set(later)) > 1:
            return False
    return True


def seconds(result):
    return sum(run["training_seconds"] for run in result["runs"])


def summary(values):
    """Mean and half the width of its interval."""
    values = [value for value in values if value is not None]
    if not values:
        return None, None
    middle, interval = t_interval(values)
    return middle, (interval[1] - interval[0]) / 2 if interval else None


def stage_arm(experiment, results):
    """Figures of one arm of a sequence; `results` by seed."""
    by_seed = {seed: scores(experiment, result) for seed, result in results.items()}
    by_seed = {seed: found for seed, found in by_seed.items() if found}
    acc, acc_half = summary([mean(list(final(experiment, result).values())) for result in results.values()])
    forgetting, half = summary([found.mean_forgetting for found in by_seed.values()])
    some = next(iter(results.values()))
    figures = {
        "seeds": len(results), "acc": acc, "acc_half": acc_half, "forgetting": forgetting,
        "forgetting_half": half, "seconds": mean([seconds(result) for result in results.values()]),
        "learnt": mean([found.learnt for found in by_seed.values()]) if by_seed else acc,
        "final": {task.name: mean([final(experiment, result)[task.name] for result in results.values()])
                  for task in experiment.trained},
        "watched": watched(experiment, results),
        "parameters": some["runs"][-1].get("parameters"),
    }
    if by_seed:
        figures["own_stage"] = {
            task.name: mean([found.matrix[index][index] for found in by_seed.values()])
            for index, task in enumerate(experiment.trained)}
        figures["bit_identical"] = all(bit_identical(experiment, result) for result in results.values())
        drift = [drift_cosine(result) for result in results.values()]
        figures["drift_cosine"] = mean(drift) if all(value is not None for value in drift) else None
    return figures, by_seed


def watched(experiment, results):
    """[before, after] of each task that is only watched: what training cost the pretrained model."""
    found = {}
    for task in experiment.tasks:
        if task.watched:
            ends = [points(result["runs"][0], task.name, task.metric, "validation") for result in results.values()]
            if all(ends):
                found[task.name] = [mean([end[0][1] for end in ends]), mean([end[-1][1] for end in ends])]
    return found


def drift_cosine(result):
    """Mean cosine of the last layer's held-out representations to the start; None where not reported."""
    drift = result["runs"][0]["interference"].get("drift") or []
    return drift[-1].get("cosine") if drift else None


def stages(experiment, results):
    """Figures of every arm of a sequence; `results`: by arm, then by seed."""
    found, by_arm = {}, {}
    for arm, by_seed in results.items():
        found[arm], by_arm[arm] = stage_arm(experiment, by_seed)
    naive, frozen = found.get("naive"), found.get("frozen")
    if all(arm.name != "frozen" for arm in experiment.arms):
        # A model that writes answers without having been trained: that is what a frozen one can do.
        some = next(iter(next(iter(results.values())).values()))
        frozen = {"acc": base(experiment, some), "title": "the base model"}
    for arm, figures in found.items():
        if not by_arm[arm] or arm == "naive":
            continue
        if by_arm.get("naive"):
            figures.update(cut(by_arm["naive"], by_arm[arm]) or {})
        if arm != "frozen":
            figures["counts"], figures["why"] = verdict(figures, naive, frozen)
    return found


def together(experiment, results):
    """Figures of every arm of an experiment with one stage."""
    split = "test" if experiment.choose else "validation"
    found = {}
    for arm, by_seed in results.items():
        ends = [final(experiment, result, split) for result in by_seed.values()]
        mean_score, half = summary([mean(list(end.values())) for end in ends])
        found[arm] = {
            "seeds": len(by_seed), "acc": mean_score, "acc_half": half,
            "final": {task.name: mean([end[task.name] for end in ends]) for task in experiment.trained},
            "watched": watched(experiment, by_seed),
            "seconds": mean([seconds(result) for result in by_seed.values()]),
            "shares": last_shares(by_seed), "variance": variances(experiment, by_seed),
        }
        macro = [final_named(experiment, result, "macro_f1", split) for result in by_seed.values()]
        found[arm]["macro_f1"] = {task.name: mean([end[task.name] for end in macro]) for task in experiment.trained
                                  if all(end[task.name] is not None for end in macro)}
    return found


def final_named(experiment, result, name, split):
    return {task.name: last(result["runs"][0], task.name, name, split) for task in experiment.trained}


def last_shares(by_seed):
    """Mean share of the drawn rows, by task."""
    sums = {}
    for result in by_seed.values():
        for task, _, value in result["runs"][0]["shares"]:
            sums.setdefault(task, []).append(value)
    return {task: mean(values) for task, values in sums.items()}


def variances(experiment, by_seed):
    """Variance of each task's loss over the steps of the last epoch."""
    epochs = experiment.common["epochs"]
    found = {}
    for result in by_seed.values():
        for entry in result["runs"][0]["loss"]:
            if entry["epoch"] == epochs:
                found.setdefault(entry["task"], []).append(entry["variance"])
    return {task: mean(values) for task, values in found.items()}


def chosen_of_groups(experiment, results):
    """The arm of a group that is best on the validation rows: for each seed its own choice, scored on
    the held-out rows. Returns {group: {seed: (arm, result)}}."""
    groups = {}
    for arm in experiment.arms:
        if arm.group and experiment.choose:
            for seed, result in results.get(arm.name, {}).items():
                value = mean(list(final(experiment, result, "validation").values()))
                best = groups.setdefault(arm.group, {}).get(seed)
                if not best or value > best[0]:
                    groups[arm.group][seed] = (value, arm.name, result)
    return {group: {seed: (name, result) for seed, (_, name, result) in by_seed.items()}
            for group, by_seed in groups.items()}
