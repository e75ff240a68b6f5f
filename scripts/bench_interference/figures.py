"""From the records of an experiment to figures by arm: plain numbers, no layout."""
import math

from intervals import Scores, cut, mean, t_interval, verdict


def summary(values):
    """Mean and half the width of its interval."""
    values = [value for value in values if value is not None]
    if not values:
        return None, None
    middle, interval = t_interval(values)
    return middle, (interval[1] - interval[0]) / 2 if interval else None


def by_name(records, field):
    """Means over seeds of a record's figures by name; of those that all records have."""
    parts = [record.get(field, {}) for record in records]
    return {name: mean([part[name] for part in parts]) for name in parts[0] if all(name in part for part in parts)}


def watched(records):
    """[before, after] of each task that is only watched, means over seeds."""
    parts = [record.get("watched", {}) for record in records]
    return {name: [mean([part[name][turn] for part in parts]) for turn in (0, 1)] for name in parts[0]}


def scores(experiment, record):
    """What became of each task of a sequence; None of a record with one stage."""
    if "own" not in record:
        return None
    tasks = [task.name for task in experiment.trained]
    held = dict(zip([task.name for task in experiment.tasks], [held for _, held in record["rows"]]))
    are_shares = all(task.metric == "accuracy" for task in experiment.trained)
    return Scores([record["own"][task] for task in tasks], [record["best"].get(task) for task in tasks],
                  [record["end"][task] for task in tasks], [held[task] for task in tasks] if are_shares else None)


def common(records):
    """What every arm has; `records` by seed."""
    records = list(records.values())
    acc, half = summary([mean(list(record["end"].values())) for record in records])
    return {"seeds": len(records), "acc": acc, "acc_half": half, "final": by_name(records, "end"),
            "watched": watched(records), "seconds": mean([record["seconds"] for record in records]),
            "parameters": records[0].get("parameters"),
            "computed": " and ".join(sorted({computed(record) for record in records}))}


def computed(record):
    """How, as far as it decides the time: the precision, and whether one thread did it."""
    return record["dtype"] + (", one thread" if record.get("threads") == 1 else "")


def stage_arm(experiment, records):
    """Figures of one arm of a sequence, and its scores by seed; `records` by seed."""
    figures = common(records) | {"chance": chance(experiment, next(iter(records.values())))}
    by_seed = {seed: found for seed, record in records.items() if (found := scores(experiment, record))}
    if not by_seed:
        return figures | {"learnt": figures["acc"]}, {}
    figures["forgetting"], figures["forgetting_half"] = summary([one.mean_forgetting for one in by_seed.values()])
    figures["learnt"] = mean([one.learnt for one in by_seed.values()])
    figures["own_stage"] = by_name(list(records.values()), "own")
    figures["bit_identical"] = all(record["bit_identical"] for record in records.values())
    figures["drift_cosine"], _ = summary([record.get("drift_cosine") for record in records.values()])
    return figures, by_seed


def stages(experiment, results):
    """Figures of every arm of a sequence; `results`: records by arm, then by seed."""
    found, by_arm = {}, {}
    for arm, records in results.items():
        found[arm], by_arm[arm] = stage_arm(experiment, records)
    naive, frozen = found.get("naive"), found.get("frozen")
    if all(arm.name != "frozen" for arm in experiment.arms):
        # A model that writes answers without having been trained: that is what a frozen one can do.
        frozen = {"acc": before(results), "title": "the base model"}
    for arm, figures in found.items():
        if not by_arm[arm] or arm == "naive":
            continue
        if by_arm.get("naive"):
            figures.update(cut(by_arm["naive"], by_arm[arm]) or {})
        if arm != "frozen":
            figures["counts"], figures["why"] = verdict(*alike(experiment, results, arm, figures, naive, frozen))
    return found


def alike(experiment, results, arm, figures, naive, frozen):
    """An arm's figures and those of its controls over the seeds that all have; the controls as they are where the
    seeds are the same, or where they have none in common."""
    controls = [name for name in ("naive", "frozen") if name in results]
    seeds = set(results[arm]).intersection(*[results[name] for name in controls])
    if not seeds or all(set(results[name]) == seeds for name in (arm, *controls)):
        return figures, naive, frozen
    same = {name: stage_arm(experiment, {seed: results[name][seed] for seed in seeds})[0] for name in (arm, *controls)}
    return same[arm], same.get("naive", naive), same.get("frozen", frozen)


def before(results):
    """The mean score before training; None where it is not known."""
    return first(results).get("before")


def first(results):
    return next(iter(next(iter(results.values())).values()))


def together(experiment, results):
    """Figures of every arm of an experiment with one stage; `results`: records by arm, then by seed."""
    return {arm: common(records) | {name: by_name(list(records.values()), name)
                                    for name in ("shares", "variance", "macro_f1")}
            | {"chance": chance(experiment, next(iter(records.values())))} for arm, records in results.items()}


def chance(experiment, record):
    """By how much the held-out rows alone may move a mean score (95 %); None where scores are no shares of rows."""
    if any(task.metric != "accuracy" for task in experiment.trained):
        return None
    held = {task.name: count for task, (_, count) in zip(experiment.tasks, record["rows"])}
    variances = [score * (1 - score) / held[name] for name, score in record["end"].items()]
    return 1.96 * math.sqrt(sum(variances)) / len(variances)


def chosen_of_groups(experiment, results):
    """The arm of a group that is best on the validation rows: for each seed its own choice, scored on
    the held-out rows; none where an arm of that seed has no score on validation rows.
    Returns {group: {seed: (arm, record)}}."""
    groups = {}
    for arm in experiment.arms:
        if arm.group and experiment.choose:
            for seed, record in results.get(arm.name, {}).items():
                groups.setdefault(arm.group, {}).setdefault(seed, []).append((arm.name, record))
    chosen = {group: {seed: max(tried, key=lambda one: mean(list(one[1]["validation"].values())))
                      for seed, tried in by_seed.items() if all("validation" in record for _, record in tried)}
              for group, by_seed in groups.items()}
    return {group: by_seed for group, by_seed in chosen.items() if by_seed}
