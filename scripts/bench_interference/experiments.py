"""What is measured: experiments, their tasks, and their arms as changes to one common run."""
import dataclasses
import hashlib
import json

from rows import CLINC_DOMAINS

FAMILIES = ("mixing", "curriculum", "weighting", "aggregation", "adaptation")


@dataclasses.dataclass(frozen=True)
class Task:
    name: str
    file: str
    # Most training rows, and most held-out rows (None: all).
    rows: int
    held: int | None = None
    kind: str = "classification"
    metric: str = "accuracy"
    labels: frozenset = frozenset()
    quick: int = 64
    # Scored at every turn, never trained: what the pretrained model could do before.
    watched: bool = False
    # Tasks of the same head share it and its labels; the task is then not known when the model is asked.
    head: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Arm:
    name: str
    # In the table.
    title: str
    # Fields of the run that differ from the experiment's.
    changes: dict = dataclasses.field(default_factory=dict)
    # Each task in a run of its own.
    alone: bool = False
    # Share of the rows that are trained on, balanced over the labels; 0: all of them.
    memory: float = 0
    # Training cost over one pass through the rows, for plans.
    cost: float = 1
    # Chosen by the best of several: the group's name.
    group: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Experiment:
    name: str
    title: str
    model: str
    tasks: tuple
    arms: tuple
    common: dict
    # Passes over the held-out rows in a run, for plans.
    evaluations: int
    # Share of the training rows on which choices are made; the held-out rows are then tested once.
    choose: float = 0

    def body(self, arm, seed, tasks):
        """A run's request without its data sets. `stages` in the fields: `joint`, `sequential`, or the names of each."""
        specs = []
        for task in tasks:
            writes = task.kind in ("generation", "text")
            specs.append({"name": task.name, "kind": "generation" if writes else task.kind, "metric": task.metric}
                         | ({"format": "raw"} if writes else {}) | ({"head": task.head} if task.head else {}))
        body = {**self.common, **arm.changes, "base_model": self.model, "tasks": specs, "seed": seed}
        trained = [task.name for task in tasks if not task.watched]
        stages = body.get("stages", "joint")
        if stages == "joint":
            stages = [trained]
        elif stages == "sequential":
            stages = [[name] for name in trained]
        body["stages"] = [named for stage in stages if (named := [name for name in stage if name in trained])]
        return body

    @property
    def trained(self):
        return [task for task in self.tasks if not task.watched]

    def fingerprint(self, arm):
        """Changes with whatever would change the result; results of another one are not mixed in."""
        parts = [self.body(arm, 0, self.tasks), [[task.rows, task.held] for task in self.tasks], self.choose]
        parts += [arm.memory] if arm.memory else []
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def methods(arm):
    """(family, method, parameters) of every method that an arm names."""
    for family in FAMILIES:
        if arm.changes.get(family):
            yield family, arm.changes[family]
    for method in arm.changes.get("retention", []):
        yield "retention", method


def unavailable(arm, catalogue):
    """What an arm asks for that the service does not have, or None. `catalogue`: of GET /v1/methods."""
    known = {(entry["family"], entry["name"]): entry for entry in catalogue}
    for family, method in methods(arm):
        entry = known.get((family, method["method"]))
        if not entry:
            return f"{family} {method['method']}"
        names = {parameter["name"] for parameter in entry["parameters"]}
        for parameter in set(method) - {"method", "tasks"} - names:
            return f"{parameter} of {family} {method['method']}"
    return None


def replay(rate=1, fraction=0.1):
    return {"method": "replay", "fraction": fraction, "rate": rate}


def ewc(strength, method="ewc"):
    return {"method": method, "lambda": strength}


def adapters(method, title):
    return Arm(method, f"{title} (rate 5e-4)", {
        "adaptation": {"method": method}, "optimizer": {"name": "adamw", "learning_rate": 5e-4}}, cost=0.8)


# One sweep for EWC: too weak forgets, too strong learns nothing new.
LAMBDAS = {"1e2": 1e2, "1e3": 1e3, "1e4": 1e4, "1e5": 1e5}
HYBRID_LAMBDA = 1e3

# The controls and remedies of a sequence, the headline first.
NAIVE = Arm("naive", "naive")
JOINT = Arm("joint", "joint training", {"stages": "joint"})
REPLAY = Arm("replay", "replay 10 %, 1:1", {"retention": [replay()]}, cost=1.8)
# Prabhu et al. (GDumb, ECCV 2020): what a memory alone gives, without the stages that it is kept through.
GDUMB = Arm("gdumb", "GDumb: joint on the 10 % alone, 10 epochs", {"stages": "joint", "epochs": 10}, memory=0.1)
FROZEN = Arm("frozen", "frozen backbone, heads (rate 1e-3)", {
    "adaptation": {"method": "heads"}, "optimizer": {"name": "adamw", "learning_rate": 1e-3}}, cost=0.4)
SINGLE = Arm("single_task", "single task each", alone=True)
EWC_SWEEP = tuple(
    Arm(f"ewc_{name}", f"EWC λ={name}", {"retention": [ewc(strength)]}, cost=1.1, group="ewc")
    for name, strength in LAMBDAS.items())
REPLAY_EWC = Arm("replay_ewc", "replay + EWC λ=1e3", {"retention": [replay(), ewc(HYBRID_LAMBDA)]}, cost=1.9)
# Hybrids with less on top of replay, where EWC λ=1e3 leaves no room for new tasks.
REPLAY_EWC_WEAK = Arm("replay_ewc_1e2", "replay + EWC λ=1e2", {"retention": [replay(), ewc(1e2)]}, cost=1.9)
REPLAY_LWF = Arm("replay_lwf", "replay + LwF", {"retention": [replay(), {"method": "lwf"}]}, cost=2.2)
ONLINE_EWC = Arm("online_ewc", "online EWC λ=1e3", {"retention": [ewc(HYBRID_LAMBDA, "online_ewc")]}, cost=1.1)
DER = Arm("der_pp", "DER++ 10 %", {"retention": [{"method": "der_pp"}]}, cost=2.6)
LWF = Arm("lwf", "LwF", {"retention": [{"method": "lwf"}]}, cost=1.4)
SFA = Arm("sfa", "SFA: merged with the stage before", {"retention": [{"method": "sfa"}]})
# Stages trained apart from one another, and what they changed merged.
TASK_ARITHMETIC = Arm("task_arithmetic", "task arithmetic: stages apart, changes added (λ=0.4)", {
    "retention": [{"method": "task_arithmetic"}]})
TIES = Arm("ties", "TIES: stages apart, changes merged by sign", {"retention": [{"method": "ties"}]})
A_GEM = Arm("a_gem", "A-GEM 10 %", {"retention": [{"method": "a_gem"}]}, cost=2)
ADAPTERS = adapters("adapter_per_task", "adapter per task")
LORA = adapters("lora", "one adapter for all")
O_LORA = adapters("o_lora", "O-LoRA: one for each stage, orthogonal")
PROGRESSIVE = Arm("progressive", "progressive columns", {"adaptation": {"method": "progressive"}}, cost=2.5)
NO_LATERALS = Arm("columns_alone", "the same without laterals", {
    "adaptation": {"method": "progressive", "laterals": False}}, cost=2)

FIVE = tuple(Task(name, file, 8000, quick=quick) for name, file, quick in (
    ("sentiment", "sentiment_mr", 64), ("subjectivity", "subjectivity", 64), ("topic", "topic_dbpedia14", 42),
    ("emotion", "emotion_ekman", 64), ("banking", "intent_banking77", 154)))
FINE_TUNING = {"optimizer": {"name": "adamw", "learning_rate": 5e-5}, "epochs": 1, "batch_rows": 32,
               "batch_tokens": 4096, "max_length": 128, "dtype": "auto", "checkpoint_seconds": 300}

SEQUENCE = Experiment(
    "sequence", "Five classification tasks, one after the other", "minilm", FIVE,
    (NAIVE, REPLAY, JOINT, FROZEN, *EWC_SWEEP[1:3], REPLAY_EWC, REPLAY_EWC_WEAK, REPLAY_LWF, GDUMB, SINGLE,
     EWC_SWEEP[0], EWC_SWEEP[3], ONLINE_EWC, DER, LWF, SFA, TASK_ARITHMETIC, TIES, A_GEM, LORA, O_LORA, ADAPTERS,
     PROGRESSIVE, NO_LATERALS),
    {**FINE_TUNING, "stages": "sequential"}, evaluations=6)

CLINC = Experiment(
    "clinc", "CLINC150 by its ten domains, one shared head", "minilm",
    tuple(Task(name, "intent_clinc150", 8000, labels=frozenset(intents.split()), quick=15, head="intent")
          for name, intents in CLINC_DOMAINS.items()),
    (NAIVE, REPLAY, JOINT, EWC_SWEEP[1], EWC_SWEEP[2], FROZEN, REPLAY_EWC, GDUMB, A_GEM, DER, LWF, SFA,
     TASK_ARITHMETIC, TIES),
    {**FINE_TUNING, "stages": "sequential"}, evaluations=11)

# Text of no task, for models that write.
NEUTRAL = Task("neutral_text", "lm_shakespeare", 1, 100, "text", "perplexity", watched=True)

SMALL_MODEL = {"optimizer": {"name": "adamw", "learning_rate": 5e-5}, "epochs": 1, "batch_tokens": 768,
               "max_length": 256, "dtype": "auto", "checkpoint_seconds": 600}


GENERATION = Experiment(
    "generation", "Five generation tasks, one after the other", "smollm2",
    tuple(Task(name, file, 500, 200, "generation", "bleu", quick=12) for name, file in (
        ("restaurant", "nlg_restaurant"), ("hotel", "nlg_hotel"), ("laptop", "nlg_laptop"),
        ("replies", "reply_camrest"), ("translation", "translation_en_vi"))) + (NEUTRAL,),
    (NAIVE, REPLAY, JOINT, *EWC_SWEEP[:2], REPLAY_EWC, A_GEM, SINGLE, DER, LWF, LORA, O_LORA, ADAPTERS),
    {**SMALL_MODEL, "stages": "sequential"}, evaluations=6)


IMBALANCE = Experiment(
    "imbalance", "10:1: emotion against dbpedia, five epochs", "minilm",
    (Task("emotion", "emotion_ekman", 8000, quick=160), Task("topic", "topic_dbpedia14", 800, quick=16)),
    (Arm("proportional", "proportional batches"),
     Arm("inverse_frequency", "inverse-frequency batches", {"mixing": {"method": "inverse_frequency"}}, cost=2),
     Arm("temperature", "temperature 2", {"mixing": {"method": "temperature", "temperature": 2}}, cost=1.3)),
    {**FINE_TUNING, "epochs": 5}, evaluations=6)

# Two tasks whose losses differ sixfold at the start (ln 2 and ln 77).
PAIR = ("sentiment", "banking")
FIXED = tuple(
    Arm(f"fixed_{first}", f"fixed {first} : {second}",
        {"weighting": {"method": "fixed", "tasks": {"sentiment": first, "banking": second}}}, group="fixed weights")
    for first, second in ((0.25, 1.75), (0.5, 1.5), (1.5, 0.5), (1.75, 0.25)))
# The default α first; the authors tune it to each problem, from 0.12 to 3.
GRADNORM = tuple(
    Arm(name, f"GradNorm α={alpha}", {"weighting": {"method": "gradnorm", "alpha": alpha}}, cost=1.05,
        group="GradNorm")
    for name, alpha in (("gradnorm", 1.5), ("gradnorm_0.5", 0.5), ("gradnorm_0.12", 0.12)))
WEIGHTING = Experiment(
    "weighting", "Loss weights and gradient surgery: sentiment beside 77 banking intents", "minilm",
    (Task("sentiment", "sentiment_mr", 8000), Task("banking", "intent_banking77", 8000, quick=154)),
    (Arm("unweighted", "no weights: each row alike"),
     Arm("equal", "equal", {"weighting": {"method": "equal"}}, group="fixed weights"),
     GRADNORM[0], *FIXED, *GRADNORM[1:],
     Arm("uncertainty", "uncertainty", {"weighting": {"method": "uncertainty"}}),
     *(Arm(method, f"{title}, no weights", {"aggregation": {"method": method}}, cost=1.2) for method, title in (
         ("pcgrad", "PCGrad"), ("cagrad", "CAGrad"), ("mgda", "MGDA"), ("upgrad", "UPGrad")))),
    {**FINE_TUNING, "epochs": 2}, evaluations=3, choose=0.1)

# Weights have something to weigh only where a stage has several tasks.
WEIGHTED = {"weighting": {"method": "gradnorm"}}
HYBRID = Experiment(
    "hybrid", "Two stages of two tasks: loss weights, EWC, and both", "minilm",
    tuple(Task(name, file, 4000, 1000, quick=quick) for name, file, quick in (
        ("sentiment", "sentiment_mr", 64), ("banking", "intent_banking77", 154),
        ("emotion", "emotion_ekman", 64), ("topic", "topic_dbpedia14", 42))),
    (NAIVE, EWC_SWEEP[1], Arm("gradnorm", "GradNorm", WEIGHTED, cost=1.05),
     Arm("gradnorm_ewc", "GradNorm + EWC λ=1e3", {**WEIGHTED, **EWC_SWEEP[1].changes}, cost=1.15), JOINT, FROZEN,
     Arm("equal_ewc", "equal weights + EWC λ=1e3", {"weighting": {"method": "equal"}, **EWC_SWEEP[1].changes}, cost=1.1),
     SINGLE),
    {**FINE_TUNING, "stages": [["sentiment", "banking"], ["emotion", "topic"]]}, evaluations=3)

CURRICULUM = Experiment(
    "curriculum", "Easy rows first: three tasks at once on a small budget", "smollm2",
    tuple(Task(name, file, 600, 300, metric="macro_f1", quick=quick) for name, file, quick in (
        ("sentiment", "sentiment_mr", 24), ("emotion", "emotion_ekman", 24), ("topic", "topic_dbpedia14", 28)))
    + (NEUTRAL,),
    (Arm("any_order", "every row at any time"),
     Arm("competence", "competence curriculum", {"curriculum": {"method": "competence"}}, cost=1.4),
     Arm("random_order", "the same pace, random order", {"curriculum": {"method": "random_order"}}, cost=1.4)),
    {**SMALL_MODEL}, evaluations=2)


# In the order in which they run.
EXPERIMENTS = (SEQUENCE, IMBALANCE, CLINC, GENERATION, WEIGHTING, HYBRID, CURRICULUM)
