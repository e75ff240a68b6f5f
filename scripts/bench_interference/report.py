"""The tables, the published claims beside our figures, and the JSON of the last line."""
import math
import pathlib

import experiments as plans
import figures
from intervals import surpasses

BEGIN, END = "<!-- interference:begin -->", "<!-- interference:end -->"
INTRO = """## Which remedy pays: `scripts/bench interference --data DIR`

One protocol for every arm of an experiment: model, order of tasks, rows, optimiser, batch, epochs and
whole held-out sets; only the method differs, and where a frozen backbone needs another learning rate the arm says
so. The task is known when the model is asked, except where a head is shared. ACC is the mean score on all tasks at
the end; forgetting the mean, over the tasks of earlier stages, of the best score less the last one; *own stage* the
mean score of each task at the end of its own. Scores are means over seeds with 95 % t-intervals. The interval of a
cut is over seeds from three seeds on, and before that over the held-out rows (each score drawn anew from a normal
distribution, independently, which is wider than the truth). A cut is given only where naive forgets at least five
points. A remedy *counts* only if its tasks reach their own stage's score within two points of naive's and it ends
above both naive and the frozen backbone with heads (of models that write: the base model); where chance on the
held-out rows may explain by how much, the table says so, and a claim that needs it is open. Where the best of several
is named, it was chosen on the rows that it is reported on, unless a line says that others chose. A claim is open while a
control or an interval that decides it is missing, and where chance may explain a difference. Minutes are of a
machine of two cores, fp32 on another one than bf16; with one thread another arm was measured beside.
"""


def number(value, half=None):
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ± {half:.3f}" if half is not None else "")


def digits(value):
    """Two that count; what was rounded to nothing when it was written down is less than that."""
    return f"{value:.2g}" if value else "less than 0.00001"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cut_text(found):
    if "cut" not in found:
        return "–"
    text = f"{100 * found['cut']:.0f} %"
    if found.get("cut_low") is not None:
        text += f" ({100 * found['cut_low']:.0f} … {100 * found['cut_high']:.0f})"
    return text


def counts_text(found):
    if "counts" not in found:
        return ""
    why = f": {found['why']}" if found["why"] else ""
    return {True: "yes", False: "no", None: "open"}[found["counts"]] + why


def stage_table(experiment, found):
    titles = {arm.name: arm.title for arm in experiment.arms}
    rows = []
    for name, arm in found.items():
        rows.append([
            titles[name], str(arm["seeds"]), number(arm["acc"], arm["acc_half"]),
            number(arm.get("forgetting"), arm.get("forgetting_half")), number(arm["learnt"]), cut_text(arm),
            counts_text(arm), f"{arm['seconds'] / 60:.0f} ({arm['computed']})"])
    text = table(["arm", "seeds", "ACC", "forgetting", "own stage", "cut of forgetting (95 %)", "counts",
                  "minutes"], rows)
    for name in ("naive", "replay"):
        if name in found and "own_stage" in found[name]:
            ends = ", ".join(f"{task} {number(found[name]['own_stage'][task])} → {number(value)}"
                             for task, value in found[name]["final"].items())
            text += f"\n\nAfter its own stage → at the end, {titles[name]}: {ends}."
    return text


def together_table(experiment, found, results):
    titles = {arm.name: arm.title for arm in experiment.arms}
    names = [task.name for task in experiment.trained]
    metric = experiment.tasks[0].metric
    head = ["arm", "seeds", *[f"{name}, {metric}" for name in names], "mean"]
    rows = [[titles[arm], str(found[arm]["seeds"]), *[number(found[arm]["final"][name]) for name in names],
             number(found[arm]["acc"], found[arm]["acc_half"])] for arm in found]
    if experiment.name == "imbalance":
        head += ["shares", *[f"{name}, macro-F1" for name in names], "variance of the loss, last epoch"]
        for row, arm in zip(rows, found.values()):
            row += [" / ".join(f"{100 * arm['shares'].get(name, 0):.0f}" for name in names),
                    *[number(arm["macro_f1"].get(name)) for name in names],
                    " / ".join(number(arm["variance"].get(name)) for name in names)]
    text = table(head, rows)
    for group, by_seed in figures.chosen_of_groups(experiment, results).items():
        middle, half = figures.summary([figures.mean(list(record["end"].values())) for _, record in by_seed.values()])
        chosen = ", ".join(titles[name] for name, _ in by_seed.values())
        tried = sum(arm.group == group and arm.name in found for arm in experiment.arms)
        text += f"\n\nTuned {group} (of {tried}, the best on the validation rows: {chosen}): {number(middle, half)}."
    return text


def section(experiment, results):
    """The Markdown of one experiment, and its figures; `results`: records by arm, then by seed."""
    if "stages" in experiment.common:
        found = figures.stages(experiment, results)
        text = stage_table(experiment, found)
    else:
        found = figures.together(experiment, results)
        text = together_table(experiment, found, results)
    rows = ", ".join(f"{task.name} {round((1 - experiment.choose) * trained)} / {held}"
                     for task, (trained, held) in zip(experiment.tasks, figures.first(results)["rows"]))
    common = experiment.common
    dtypes = sorted({record["dtype"] for records in results.values() for record in records.values()})
    batch = f"{common['batch_rows']} rows" if "batch_rows" in common else f"{common['batch_tokens']} tokens"
    intro = (f"{experiment.model} in {' and '.join(dtypes)}, AdamW {common['optimizer']['learning_rate']:g}, "
             f"{common['epochs']} epoch(s), {batch} a step. Rows, trained / held out: {rows}.")
    before = figures.before(results)
    if before is not None:
        intro += f" Mean score before training: {number(before)}."
    parts = [f"### {experiment.title}", intro, text]
    parts += base_lines(experiment, found)
    claims = claim_lines(experiment.name, found)
    if claims:
        parts.append(table(["published", "here"], claims))
    missing = [arm.title for arm in experiment.arms if arm.name not in results]
    if missing:
        parts.append("Not measured yet: " + "; ".join(missing) + ".")
    return "\n\n".join(parts), found


def sections(records, experiments, data):
    """[(experiment, Markdown, figures)] of what was measured; `data`: the digest of an experiment's rows."""
    found = []
    for experiment in experiments:
        results = records.results(experiment, data(experiment))
        if results:
            found.append((experiment, *section(experiment, results)))
    return found


def document(records):
    """What is to stand between the markers: of each experiment what was measured on its last rows."""
    return INTRO + "\n" + "\n\n".join(text for _, text, _ in sections(records, plans.EXPERIMENTS, records.newest_data))


def base_lines(experiment, found):
    """The base model's column: what each arm cost text of no task."""
    lines = []
    for task in experiment.tasks:
        values = [f"{arm} {number(one['watched'][task.name][1])}" for arm, one in found.items()
                  if task.name in one["watched"]]
        if task.watched and values:
            before = next(one["watched"][task.name][0] for one in found.values() if task.name in one["watched"])
            lines.append(f"{task.metric.capitalize()} on {task.name.replace('_', ' ')}, which no arm trains on: "
                         f"{number(before)} before, after {', '.join(values)}.")
    return lines


def claim_lines(name, found):
    return [[claim, text] for experiment, claim, sentence in CLAIMS if experiment == name
            for text in [sentence(found)] if text]


def all_of(*parts):
    """Whether all hold; None while none fails and one is not known."""
    return False if False in parts else None if None in parts else True


def above(value, *others):
    """Whether a value is above all others; None while it is above those that are known, and one is not."""
    return all_of(*[None if value is None or other is None else value > other for other in others])


def ends_above(arm, *others):
    """Whether an arm ends above all others (None: has not run), beyond chance; and the words for a doubt."""
    found = [surpasses(arm, other) if other else (None, "") for other in others]
    return all_of(*[is_so for is_so, _ in found]), "".join(f"; {doubt}" for _, doubt in found if doubt)


def counts(arm):
    """Whether a remedy counts, beyond chance."""
    return None if arm["counts"] and arm["why"] else arm["counts"]


def holds(is_so, text):
    """A verdict; `is_so` is None while a control or an interval that decides is missing."""
    return {True: "Holds: ", False: "Does not hold: ", None: "Open: "}[is_so] + text + "."


def replay_claim(found):
    arm, joint = found.get("replay"), found.get("joint")
    if not arm or "cut" not in arm:
        return None
    text = f"a cut of {cut_text(arm)}, ACC {number(arm['acc'])}"
    if joint:
        below = 100 * (joint["acc"] - arm["acc"])
        text += f", {abs(below):.1f} points {'below' if below > 0 else 'above'} joint training"
    return holds(all_of(arm["cut"] >= 0.65, above(arm.get("cut_low"), 0), counts(arm)), text)


def ewc_claim(found):
    arms = {name: arm for name, arm in found.items() if name.startswith("ewc_") and "cut" in arm}
    if not arms:
        return None
    counting = {name: arm for name, arm in arms.items() if arm["counts"]}
    open_ = {name: arm for name, arm in arms.items() if arm["counts"] is None}
    name, best = max((counting or open_ or arms).items(), key=lambda item: item[1]["cut"])
    which = "that counts" if counting else "that ran" if open_ else "that ran, none of which counts,"
    text = f"the best of {len(arms)} strengths {which} is λ={name.removeprefix('ewc_')}: a cut of {cut_text(best)}, "
    text += f"ACC {number(best['acc'])}" + (f" ({best['why']})" if best["why"] else "")
    return holds(all_of(best["cut"] >= 0.7, above(best.get("cut_low"), 0), counts(best)), text)


def bleu_claim(found):
    arms = {name: arm for name, arm in found.items() if name.startswith("ewc_")}
    if not arms or "naive" not in found:
        return None
    name, best = max(arms.items(), key=lambda item: item[1]["acc"])
    return holds(best["acc"] > 0.35 > found["naive"]["acc"],
                 f"mean BLEU {number(best['acc'])} at λ={name.removeprefix('ewc_')} against "
                 f"{number(found['naive']['acc'])} when naive")


def progressive_claim(found):
    arm, alone = found.get("progressive"), found.get("columns_alone")
    if not arm or "cut" not in arm:
        return None
    text = f"a cut of {cut_text(arm)}, old tasks' losses " + (
        "the same to the bit" if arm.get("bit_identical") else "NOT the same to the bit")
    if arm.get("parameters") and found.get("naive", {}).get("parameters"):
        text += f", {arm['parameters'] / found['naive']['parameters']:.1f} times the parameters"
    if alone:
        gain = 100 * (arm["acc"] - alone["acc"])
        # Below a point, arms differ by their seeds.
        text += f"; laterals are worth {gain:+.1f} points of ACC" + ("" if gain >= 1 else ", so they do not pay")
    return holds(all_of(bool(arm.get("bit_identical")), arm["cut"] >= 0.8, counts(arm)), text)


def hybrid_claim(found):
    both, one, part = best_of(found, "replay_ewc"), found.get("replay"), best_of(found, "ewc_")
    if not (both and one and part):
        return None
    is_so, doubt = ends_above(both, one, part)
    return holds(is_so, f"ACC at most {number(both['acc'])} against {number(one['acc'])} with replay alone "
                 f"and at most {number(part['acc'])} with EWC alone{doubt}")


# Hybrids, and the arms of their parts.
PARTS = {"replay_ewc": ("replay", "ewc_1e3"), "replay_ewc_1e2": ("replay", "ewc_1e2"), "replay_lwf": ("replay", "lwf")}


def best_hybrid_claim(found):
    """Of the hybrids that ran: the one that ends highest, beside each of its parts."""
    ran = {name: found[name] for name in PARTS if name in found}
    if not ran:
        return None
    name, both = max(ran.items(), key=lambda item: item[1]["acc"])
    parts = {part: found.get(part) for part in PARTS[name]}
    beside = " and ".join(f"{number(one['acc'])} of {part}" if one else f"{part}, which has not run"
                          for part, one in parts.items())
    is_so, doubt = ends_above(both, *parts.values())
    return holds(is_so, f"the best of {len(ran)}, {name}, ends at ACC {number(both['acc'])}, beside {beside}{doubt}")


def o_lora_claim(found):
    apart, one = found.get("o_lora"), found.get("lora")
    if not (apart and one):
        return None
    is_so, doubt = ends_above(apart, one)
    return holds(all_of(above(one["forgetting"], apart["forgetting"]), is_so),
                 f"forgetting {number(apart['forgetting'])} against {number(one['forgetting'])}, ACC "
                 f"{number(apart['acc'])} against {number(one['acc'])}{doubt}")


def merge_claim(found):
    ties, added = found.get("ties"), found.get("task_arithmetic")
    if not (ties and added):
        return None
    text = f"ACC {number(ties['acc'])} against {number(added['acc'])}"
    if "naive" in found:
        text += f", and {number(found['naive']['acc'])} when naive"
    is_so, doubt = ends_above(ties, added)
    return holds(is_so, text + doubt)


def weighted_claim(found):
    both, weights, part = found.get("gradnorm_ewc"), found.get("gradnorm"), found.get("ewc_1e3")
    if not (both and weights and part):
        return None
    text = (f"ACC {number(both['acc'])} against {number(weights['acc'])} with GradNorm alone and {number(part['acc'])} "
            "with EWC alone")
    equal = found.get("equal_ewc")
    if equal:
        text += f"; {number(equal['acc'])} with equal weights + EWC"
    is_so, doubt = ends_above(both, weights, part)
    return holds(is_so, text + doubt)


def drift_claim(found):
    naive = found.get("naive")
    if not naive or naive.get("drift_cosine") is None:
        return None
    kept = {name: arm["drift_cosine"] for name, arm in found.items()
            if name != "naive" and arm.get("drift_cosine") is not None}
    text = f"cosine to the start {naive['drift_cosine']:.2f} when naive"
    text += "".join(f", {name} {value:.2f}" for name, value in kept.items())
    return text + "."


def imbalance_claim(found):
    before, after = found.get("proportional"), found.get("inverse_frequency")
    if not before or not after or not all(arm["shares"] and arm["variance"] for arm in (before, after)):
        return None
    small = min(before["shares"], key=before["shares"].get)
    # The mean of more rows varies less, whatever the rows do.
    rows = after["shares"][small] / before["shares"][small]
    text = (f"the small task's share goes from {100 * before['shares'][small]:.0f} to "
            f"{100 * after['shares'][small]:.0f} %, the variance of its loss over the steps of the last epoch from "
            f"{digits(before['variance'][small])} to {digits(after['variance'][small])} (a step has {rows:.1f} times as many of "
            f"its rows, which alone divides the variance of their mean by that), its score from "
            f"{number(before['final'][small])} to {number(after['final'][small])}")
    return holds(above(before["variance"][small] / rows, after["variance"][small]), text)


def best_of(found, prefix):
    """The arm of a sweep with the best mean score."""
    return max((one for name, one in found.items() if name.startswith(prefix)),
               key=lambda one: one["acc"], default=None)


def gradnorm_claim(found):
    arm, base = best_of(found, "gradnorm"), found.get("equal")
    if not arm or not base:
        return None
    best = best_of(found, "fixed_")
    text = f"mean at most {number(arm['acc'])} against {number(base['acc'])} with equal weights"
    if best:
        text += f" and at most {number(best['acc'])} with fixed ones"
    is_so, doubt = ends_above(arm, base, best)
    return holds(is_so, text + doubt)


# What combines the gradients of equal weights.
SURGERY = {"pcgrad": "PCGrad", "cagrad": "CAGrad", "mgda": "MGDA", "upgrad": "UPGrad"}


def surgery_claim(found):
    ran, base = {name: found[name] for name in SURGERY if name in found}, found.get("equal")
    if not ran or not base:
        return None
    beside = ", ".join(f"{number(arm['acc'])} with {SURGERY[name]}" for name, arm in ran.items())
    is_so, doubt = ends_above(max(ran.values(), key=lambda arm: arm["acc"]), base)
    return holds(is_so, f"mean {beside}, against {number(base['acc'])} with equal weights{doubt}")


def curriculum_claim(found):
    arm, base, control = (found.get(name) for name in ("competence", "any_order", "random_order"))
    if not arm or not base:
        return None
    text = f"mean macro-F1 {number(arm['acc'])} against {number(base['acc'])}"
    if control:
        text += f", and {number(control['acc'])} in random order at the same pace"
    is_so, doubt = ends_above(arm, base, control)
    return holds(is_so, text + doubt)


CLAIMS = (
    ("sequence", "replay, buffer 10 %: forgetting −65…75 %", replay_claim),
    ("sequence", "EWC: forgetting −70…80 %", ewc_claim),
    ("sequence", "EWC + replay: better than either", hybrid_claim),
    ("sequence", "the best hybrid: better than each of its parts", best_hybrid_claim),
    ("sequence", "progressive columns: forgetting −80…90 %", progressive_claim),
    ("sequence", "O-LoRA: forgets less than one adapter for all stages, and ends above it", o_lora_claim),
    ("sequence", "TIES: models of stages trained apart merge better than by task arithmetic", merge_claim),
    ("sequence", "drift of the representation: cosine .92 → .31 when naive", drift_claim),
    ("clinc", "replay, buffer 10 %: forgetting −65…75 %", replay_claim),
    ("clinc", "EWC: forgetting −70…80 %; expected to fail where one head is shared, whose later labels push the "
     "earlier ones down whatever the backbone keeps", ewc_claim),
    ("generation", "replay, buffer 10 %: forgetting −65…75 %", replay_claim),
    ("generation", "EWC: forgetting −70…80 %", ewc_claim),
    ("generation", "EWC: BLEU > .35 after five tasks against .12", bleu_claim),
    ("generation", "EWC + replay: better than either", hybrid_claim),
    ("generation", "O-LoRA: forgets less than one adapter for all stages, and ends above it", o_lora_claim),
    ("imbalance", "inverse frequency: 90/10 becomes 50/50, variance of the loss .45 → .12", imbalance_claim),
    ("weighting", "GradNorm: old-task accuracy 85 % against 60 %", gradnorm_claim),
    ("weighting", "gradient surgery: better than equal weights", surgery_claim),
    ("hybrid", "EWC: forgetting −70…80 %", ewc_claim),
    ("hybrid", "weighting + EWC: better than either", weighted_claim),
    ("curriculum", "curriculum: old-task F1 88 % against 65 %", curriculum_claim),
)


def put(document, text):
    """The document with the section between the markers replaced; appended where it has none."""
    whole = pathlib.Path(document).read_text()
    block = f"{BEGIN}\n{text}\n{END}"
    if BEGIN in whole and END in whole:
        return whole[:whole.index(BEGIN)] + block + whole[whole.index(END) + len(END):]
    return whole.rstrip("\n") + f"\n\n{block}\n"
