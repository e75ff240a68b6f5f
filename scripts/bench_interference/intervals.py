"""Means and 95 % intervals, the figures of continual learning, and the rules by which a remedy counts."""
import math
import random

# Student's t, two-sided 95 %, by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
# Below that a cut of forgetting is a ratio of noise.
FORGETTING_MIN = 0.05
# A remedy that learns every task worse than that is no remedy.
LEARNING_MAX_BELOW = 0.02
SEEDS_FOR_T = 3
DRAWS = 2000


def mean(values):
    return sum(values) / len(values)


def t_interval(values):
    """Mean and its 95 % interval over seeds; the interval is None below two."""
    middle = mean(values)
    if len(values) < 2:
        return middle, None
    deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))
    half = T95.get(len(values) - 1, 1.96) * deviation / math.sqrt(len(values))
    return middle, (middle - half, middle + half)


def percentiles(draws):
    ordered = sorted(draws)
    return ordered[int(0.025 * len(ordered))], ordered[min(len(ordered) - 1, int(0.975 * len(ordered)))]


class Scores:
    """What became of each task of one run, larger is better; tasks in the order of their stages."""

    def __init__(self, own, best, end, held):
        """`own[j]`: at the end of its own stage; `best[j]`: the best before the last stage, None of a task that
        only the last one trains; `end[j]`: after the last; `held`: rows behind each, None where a score is no
        share of rows."""
        self.own, self.best, self.end, self.held = own, best, end, held

    @classmethod
    def of(cls, matrix, held, stages=None):
        """From R[i][j], the score on task j after stage i, and the last stage that trains each task (None: task i
        is trained by stage i)."""
        stages = stages or range(len(matrix))
        best = [max(row[task] for row in matrix[:-1]) if stage < len(matrix) - 1 else None
                for task, stage in enumerate(stages)]
        return cls([matrix[stage][task] for task, stage in enumerate(stages)], best, list(matrix[-1]), held)

    @property
    def acc(self):
        return mean(self.end)

    @property
    def learnt(self):
        """Mean of R[j][j]: what each task reached at the end of its own stage."""
        return mean(self.own)

    def earlier(self):
        return [task for task, best in enumerate(self.best) if best is not None]

    def forgetting(self):
        """max over earlier stages of R[l][j] − R[T][j], by task of an earlier stage."""
        return {task: self.best[task] - self.end[task] for task in self.earlier()}

    @property
    def mean_forgetting(self):
        return mean(list(self.forgetting().values()))

    def drawn_forgetting(self, draw):
        """The mean forgetting had other rows been held out. The best stage stays the observed one:
        a new maximum over noisy draws would always be larger."""
        def drawn(score, task):
            share = min(1, max(0, score))
            return draw.gauss(share, math.sqrt(share * (1 - share) / self.held[task]))
        return mean([drawn(self.best[task], task) - drawn(self.end[task], task) for task in self.earlier()])


def cut(naive, arm):
    """The share of forgetting that an arm avoids, with its 95 % interval and what that is over.

    `naive` and `arm`: Scores by seed. None where naive forgets too little to speak of a share. Of scores that are
    no shares of rows, like BLEU, there is no interval before there are seeds for one."""
    seeds = sorted(set(naive) & set(arm))
    if not seeds or mean([naive[seed].mean_forgetting for seed in seeds]) < FORGETTING_MIN:
        return None

    def ratio(seeds):
        return 1 - (mean([arm[seed].mean_forgetting for seed in seeds])
                    / mean([naive[seed].mean_forgetting for seed in seeds]))
    whole = ratio(seeds)
    if len(seeds) >= SEEDS_FOR_T and min(naive[seed].mean_forgetting for seed in seeds) > 0:
        # A ratio of means by the jackknife: a mean of ratios would follow the seed that forgot least.
        count = len(seeds)
        low, high = t_interval([count * whole - (count - 1) * ratio([one for one in seeds if one != left])
                                for left in seeds])[1]
        return {"cut": whole, "cut_low": low, "cut_high": high, "interval": "t over seeds"}
    if not all(scores[seed].held for scores in (naive, arm) for seed in seeds):
        return {"cut": whole}
    draw = random.Random(1)
    draws = []
    for _ in range(DRAWS):
        before = mean([naive[seed].drawn_forgetting(draw) for seed in seeds])
        after = mean([arm[seed].drawn_forgetting(draw) for seed in seeds])
        if before > 0:
            draws.append(1 - after / before)
    low, high = percentiles(draws)
    return {"cut": whole, "cut_low": low, "cut_high": high, "interval": "over held-out rows"}


def surpasses(one, other):
    """Whether an arm ends above another by more than chance on the held-out rows explains; None by no more. And
    the words for it."""
    difference = one["acc"] - other["acc"]
    if difference <= 0 or one.get("chance") is None or other.get("chance") is None:
        return difference > 0, ""
    most = math.hypot(one["chance"], other["chance"])
    if difference > most:
        return True, ""
    return None, f"of {100 * difference:.1f} points chance on the held-out rows explains up to {100 * most:.1f}"


def verdict(arm, naive, frozen):
    """Whether a remedy counts: (True, False or None for not yet known, and why not, or why it is not sure).

    It still learns every task (mean R[j][j] within two points of naive), and ends above both naive
    and the frozen backbone with heads. Arguments: figures by name, means over seeds."""
    if not naive:
        return None, "naive has not run"
    if arm["learnt"] < naive["learnt"] - LEARNING_MAX_BELOW:
        return False, f"learns {100 * (naive['learnt'] - arm['learnt']):.1f} points less in its own stages"
    if arm["acc"] <= naive["acc"]:
        return False, "ends no better than naive"
    if not frozen or frozen["acc"] is None:
        return None, "frozen has not run"
    title = frozen.get("title", "a frozen backbone with heads")
    if arm["acc"] <= frozen["acc"]:
        return False, f"ends no better than {title}"
    doubts = [f"above {name}, {doubt}" for name, other in (("naive", naive), (title, frozen))
              for doubt in [surpasses(arm, other)[1]] if doubt]
    return True, "; ".join(doubts)
