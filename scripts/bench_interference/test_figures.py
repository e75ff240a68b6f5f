"""Run by scripts/test: python3 -m unittest discover -s scripts/bench_interference"""
import pathlib
import tempfile
import unittest

import experiments as plans
import figures
import intervals
import record
import report
import rows
import units


def scores(own, end, held=900):
    """R of a sequence whose tasks are at chance before their stage and keep `own` until the last."""
    count = len(own)
    matrix = [[own[task] if task <= stage else 0.1 for task in range(count)] for stage in range(count)]
    matrix[-1] = list(end)
    return intervals.Scores.of(matrix, [held] * count)


# An independent run of the five tasks in PyTorch: ACC .714, forgetting .113.
NAIVE = scores([.806, .951, .948, .643, .675], [.650, .819, .875, .552, .675])
REPLAY = scores([.800, .950, .950, .640, .660], [.785, .935, .935, .625, .660])


class Intervals(unittest.TestCase):
    def test_three_values_by_hand(self):
        # s = 1, t(2) = 4.303, 4.303 / √3 = 2.484
        middle, (low, high) = intervals.t_interval([1, 2, 3])
        self.assertAlmostEqual(middle, 2)
        self.assertAlmostEqual(high - middle, 2.484, places=3)
        self.assertAlmostEqual(middle - low, 2.484, places=3)

    def test_one_value_has_no_interval(self):
        self.assertEqual(intervals.t_interval([0.5]), (0.5, None))

    def test_percentiles(self):
        self.assertEqual(intervals.percentiles(range(1000)), (25, 975))


class Forgetting(unittest.TestCase):
    def test_the_independent_run(self):
        self.assertAlmostEqual(NAIVE.acc, 0.714, places=3)
        self.assertAlmostEqual(NAIVE.mean_forgetting, 0.113, places=3)
        self.assertAlmostEqual(NAIVE.learnt, 0.8046, places=4)

    def test_the_best_earlier_stage_counts_and_a_gain_is_negative(self):
        found = intervals.Scores.of([[0.5, 0.1, 0.2], [0.7, 0.6, 0.2], [0.6, 0.8, 0.9]], None).forgetting()
        self.assertAlmostEqual(found[0], 0.1)
        self.assertAlmostEqual(found[1], -0.2)
        self.assertEqual(set(found), {0, 1})

    def test_a_stage_may_train_several_tasks_and_a_task_several_stages(self):
        found = intervals.Scores.of([[0.5, 0.6, 0.2], [0.4, 0.3, 0.9]], None, [0, 0, 1])
        self.assertEqual((found.own, found.best), ([0.5, 0.6, 0.9], [0.5, 0.6, None]))
        self.assertEqual(intervals.Scores.of([[0.5, 0.6], [0.7, 0.3]], None, [1, 0]).best, [None, 0.6])


class Cut(unittest.TestCase):
    def test_one_seed_has_an_interval_over_the_rows_around_the_ratio(self):
        found = intervals.cut({1: NAIVE}, {1: REPLAY})
        self.assertAlmostEqual(found["cut"], 1 - 0.015 / 0.113, places=3)
        self.assertLess(found["cut_low"], found["cut"])
        self.assertGreater(found["cut_high"], found["cut"])
        self.assertEqual(found["interval"], "over held-out rows")
        # More rows, a narrower interval.
        wide = intervals.cut({1: scores([.8] * 5, [.6] * 5, 90)}, {1: scores([.8] * 5, [.78] * 5, 90)})
        narrow = intervals.cut({1: scores([.8] * 5, [.6] * 5, 9000)}, {1: scores([.8] * 5, [.78] * 5, 9000)})
        self.assertLess(narrow["cut_high"] - narrow["cut_low"], (wide["cut_high"] - wide["cut_low"]) / 5)

    def test_scores_that_are_no_shares_of_rows_have_no_interval_yet(self):
        naive, arm = (intervals.Scores.of([[.4, .1], [last, .4]], None) for last in (.2, .3))
        found = intervals.cut({1: naive}, {1: arm})
        self.assertEqual(set(found), {"cut"})
        self.assertAlmostEqual(found["cut"], 0.5)

    def test_three_seeds_are_paired(self):
        naive = {seed: scores([.8] * 3, [.8 - loss] * 3) for seed, loss in ((1, .10), (2, .20), (3, .40))}
        arm = {seed: scores([.8] * 3, [.8 - loss] * 3) for seed, loss in ((1, .02), (2, .04), (3, .08))}
        found = intervals.cut(naive, arm)
        self.assertEqual(found["interval"], "t over seeds")
        # Each seed cuts four fifths: the seeds differ in how much is forgotten, not in the cut.
        self.assertAlmostEqual(found["cut_low"], 0.8)
        self.assertAlmostEqual(found["cut_high"], 0.8)

    def test_the_ratio_is_one_of_means_whatever_a_seed_that_hardly_forgets_says(self):
        naive = {seed: scores([.8] * 3, [.8 - loss] * 3) for seed, loss in ((1, .10), (2, .01), (3, .06))}
        arm = {seed: scores([.8] * 3, [.8 - loss] * 3) for seed, loss in ((1, .02), (2, .03), (3, .02))}
        found = intervals.cut(naive, arm)
        # .07 of .17; the mean of the three ratios is −.18.
        self.assertAlmostEqual(found["cut"], 1 - .07 / .17)
        # Jackknife by hand: 3·.5882 − 2·(.5714, .8750, .5455 without 1, 2, 3), mean ± 4.303·s/√3.
        pseudo = [3 * (1 - .07 / .17) - 2 * (1 - b / a) for a, b in ((.07, .05), (.16, .04), (.11, .05))]
        middle, (low, high) = intervals.t_interval(pseudo)
        self.assertAlmostEqual(found["cut_low"], low)
        self.assertAlmostEqual(found["cut_high"], high)

    def test_without_forgetting_there_is_no_share(self):
        self.assertIsNone(intervals.cut({1: scores([.8] * 3, [.76] * 3)}, {1: REPLAY}))

    def test_only_seeds_of_both_count(self):
        self.assertIsNone(intervals.cut({1: NAIVE}, {2: REPLAY}))


class Verdict(unittest.TestCase):
    NAIVE, FROZEN = {"acc": 0.71, "learnt": 0.80}, {"acc": 0.75}

    def test_what_counts(self):
        for arm, expected in (({"acc": 0.79, "learnt": 0.79}, True), ({"acc": 0.79, "learnt": 0.77}, False),
                              ({"acc": 0.70, "learnt": 0.80}, False), ({"acc": 0.74, "learnt": 0.80}, False)):
            self.assertEqual(intervals.verdict(arm, self.NAIVE, self.FROZEN)[0], expected, arm)

    def test_what_chance_explains_is_said(self):
        frozen = self.FROZEN | {"chance": 0.01}
        counts, why = intervals.verdict({"acc": 0.76, "learnt": 0.8, "chance": 0.01}, self.NAIVE, frozen)
        self.assertTrue(counts)
        self.assertEqual(why, "above a frozen backbone with heads, of 1.0 points chance on the held-out rows explains "
                         "up to 1.4")
        self.assertEqual(intervals.verdict({"acc": 0.77, "learnt": 0.8, "chance": 0.01}, self.NAIVE, frozen), (True, ""))

    def test_without_the_control_it_is_open(self):
        self.assertIsNone(intervals.verdict({"acc": 0.79, "learnt": 0.8}, self.NAIVE, None)[0])


class Choice(unittest.TestCase):
    def chosen(self, **validation):
        results = {name: {1: {"end": {"a": .5}} | ({"validation": {"a": score}} if score else {})}
                   for name, score in validation.items()}
        return {group: by_seed[1][0] for group, by_seed in figures.chosen_of_groups(plans.WEIGHTING, results).items()}

    def test_the_validation_rows_choose_within_a_group(self):
        self.assertEqual(self.chosen(**{"equal": .7, "fixed_0.5": .8, "gradnorm": .6}),
                         {"fixed weights": "fixed_0.5", "GradNorm": "gradnorm"})

    def test_nothing_is_chosen_where_one_was_not_scored_on_them(self):
        self.assertEqual(self.chosen(**{"equal": .7, "fixed_0.5": None, "gradnorm": .6}), {"GradNorm": "gradnorm"})


class Claims(unittest.TestCase):
    """A claim is open, not refuted or proved, while what decides it is missing."""
    ARM = {"acc": .8, "cut": .9, "cut_low": .5, "cut_high": 1, "counts": True, "why": "", "bit_identical": True}

    def verdict(self, sentence, found):
        text = sentence(found)
        return text and text.partition(":")[0]

    def test_an_interval_or_a_control_that_is_missing_leaves_it_open(self):
        bleu = {key: value for key, value in self.ARM.items() if not key.startswith("cut_")}
        for sentence, name in ((report.replay_claim, "replay"), (report.ewc_claim, "ewc_1e3")):
            self.assertEqual(self.verdict(sentence, {name: self.ARM}), "Holds")
            self.assertEqual(self.verdict(sentence, {name: bleu}), "Open")
            self.assertEqual(self.verdict(sentence, {name: self.ARM | {"counts": None, "why": "x"}}), "Open")
            self.assertEqual(self.verdict(sentence, {name: self.ARM | {"cut": .2}}), "Does not hold")
            self.assertEqual(self.verdict(sentence, {name: bleu | {"counts": False}}), "Does not hold")
            self.assertEqual(self.verdict(sentence, {name: self.ARM | {"why": "of 1 point …"}}), "Open")
        self.assertEqual(self.verdict(report.progressive_claim, {"progressive": self.ARM}), "Holds")
        self.assertIsNone(report.progressive_claim({"progressive": {"acc": .8, "counts": None}}))

    def test_what_is_compared_with_several_waits_for_all_of_them(self):
        found = {"gradnorm": {"acc": .8}, "equal": {"acc": .7}}
        self.assertEqual(self.verdict(report.gradnorm_claim, found), "Open")
        self.assertEqual(self.verdict(report.gradnorm_claim, found | {"fixed_1": {"acc": .75}}), "Holds")
        self.assertEqual(self.verdict(report.gradnorm_claim, found | {"equal": {"acc": .9}}), "Does not hold")
        found = {"competence": {"acc": .8}, "any_order": {"acc": .7}}
        self.assertEqual(self.verdict(report.curriculum_claim, found), "Open")
        self.assertEqual(self.verdict(report.curriculum_claim, found | {"random_order": {"acc": .81}}), "Does not hold")

    def test_a_variance_that_falls_only_as_that_of_more_rows_does_is_none(self):
        def arm(share, variance):
            return {"shares": {"a": 1 - share, "b": share}, "variance": {"a": .1, "b": variance}, "final": {"b": .9}}
        for variance, expected in ((.1, "Holds"), (.3, "Does not hold")):
            found = {"proportional": arm(.1, 1.0), "inverse_frequency": arm(.5, variance)}
            self.assertEqual(self.verdict(report.imbalance_claim, found), expected)
        found["proportional"]["variance"] = {}
        self.assertIsNone(report.imbalance_claim(found))


class Hybrids(unittest.TestCase):
    def test_the_best_one_must_beat_each_of_its_parts(self):
        found = {"replay": {"acc": .7}, "lwf": {"acc": .6}, "replay_lwf": {"acc": .8}, "replay_ewc": {"acc": .75}}
        self.assertTrue(report.best_hybrid_claim(found).startswith("Holds: the best of 2, replay_lwf"))
        found["lwf"]["acc"] = .9
        self.assertTrue(report.best_hybrid_claim(found).startswith("Does not hold"))
        del found["lwf"]
        self.assertTrue(report.best_hybrid_claim(found).startswith("Open"))

    def test_weights_with_ewc_must_beat_both(self):
        found = {"gradnorm_ewc": {"acc": .8}, "gradnorm": {"acc": .7}, "ewc_1e3": {"acc": .6}}
        self.assertTrue(report.weighted_claim(found).startswith("Holds"))
        found["ewc_1e3"]["acc"] = .85
        self.assertTrue(report.weighted_claim(found).startswith("Does not hold"))

    def test_adapters_apart_must_forget_less_and_end_higher(self):
        found = {"o_lora": {"acc": .7, "forgetting": .1}, "lora": {"acc": .6, "forgetting": .2}}
        self.assertTrue(report.o_lora_claim(found).startswith("Holds"))
        found["o_lora"]["forgetting"] = .3
        self.assertTrue(report.o_lora_claim(found).startswith("Does not hold"))

    def test_the_best_of_gradient_surgery_must_end_above_equal_weights(self):
        found = {"pcgrad": {"acc": .7}, "mgda": {"acc": .5}, "equal": {"acc": .6}}
        self.assertTrue(report.surgery_claim(found).startswith("Holds"))
        found["equal"]["acc"] = .8
        self.assertTrue(report.surgery_claim(found).startswith("Does not hold"))

    def test_a_difference_that_chance_explains_decides_nothing(self):
        record = {"rows": [[9, 400], [9, 900]], "end": {"sentiment": .8, "banking": .9}}
        # 1.96 √(.16/400 + .09/900)/2
        self.assertAlmostEqual(figures.chance(plans.WEIGHTING, record), 1.96 * .0005 ** .5 / 2)
        found = {"pcgrad": {"acc": .72, "chance": .03}, "equal": {"acc": .7, "chance": .04}}
        self.assertTrue(report.surgery_claim(found).startswith("Open"))
        found["pcgrad"]["acc"] = .76
        self.assertTrue(report.surgery_claim(found).startswith("Holds"))

    def test_merging_by_sign_must_end_above_adding(self):
        found = {"ties": {"acc": .7}, "task_arithmetic": {"acc": .6}}
        self.assertTrue(report.merge_claim(found).startswith("Holds"))
        found["ties"]["acc"] = .5
        self.assertTrue(report.merge_claim(found).startswith("Does not hold"))


class Plans(unittest.TestCase):
    def test_an_arm_names_what_the_service_lacks(self):
        catalogue = [{"family": "retention", "name": "replay",
                      "parameters": [{"name": "fraction"}, {"name": "rate"}]}]
        self.assertIsNone(plans.unavailable(plans.NAIVE, catalogue))
        self.assertIsNone(plans.unavailable(plans.REPLAY, catalogue))
        self.assertEqual(plans.unavailable(plans.FROZEN, catalogue), "adaptation heads")
        catalogue[0]["parameters"].pop()
        self.assertEqual(plans.unavailable(plans.REPLAY, catalogue), "rate of retention replay")

    def test_stages_name_the_tasks_that_a_run_has(self):
        def stages(arm, tasks):
            return plans.HYBRID.body(arm, 1, tasks)["stages"]
        self.assertEqual(stages(plans.NAIVE, plans.HYBRID.tasks), [["sentiment", "banking"], ["emotion", "topic"]])
        self.assertEqual(stages(plans.JOINT, plans.HYBRID.tasks), [["sentiment", "banking", "emotion", "topic"]])
        self.assertEqual(stages(plans.SINGLE, plans.HYBRID.tasks[2:3]), [["emotion"]])

    def test_every_arm_has_a_name_of_its_own(self):
        for experiment in plans.EXPERIMENTS:
            names = [arm.name for arm in experiment.arms]
            self.assertEqual(len(names), len(set(names)), experiment.name)

    def test_the_domains_share_no_intent(self):
        intents = [intent for domain in rows.CLINC_DOMAINS.values() for intent in domain.split()]
        self.assertEqual((len(intents), len(set(intents)), len(rows.CLINC_DOMAINS)), (150, 150, 10))

    def test_a_memory_has_as_many_rows_of_each_label(self):
        whole = [{"label": "a"}] * 80 + [{"label": "b"}] * 17 + [{"label": "c"}] * 3
        labels = [row["label"] for row in rows.balanced(whole, 0.1)]
        self.assertEqual(sorted(labels), ["a"] * 4 + ["b"] * 3 + ["c"] * 3)
        self.assertEqual(len(rows.balanced(whole, 0.001)), 3)
        self.assertEqual(rows.balanced([{"prompt": "x"}, {"prompt": "y"}], 0.5), [{"prompt": "x"}])

    def test_every_arm_runs_once_before_any_runs_twice(self):
        seeds = [unit.seed for unit in units.order([plans.SEQUENCE], 2)]
        self.assertEqual(seeds, sorted(seeds))


def raw_run(experiment, matrix, losses=None):
    """What the service says of a sequence: R, and the held-out losses of each task after each stage."""
    names = [task.name for task in experiment.trained]
    stages = [{"step": 10 * (index + 1), "scores": dict(zip(names, row))} for index, row in enumerate(matrix)]
    points = [[name, "accuracy", "validation", stage["step"], score]
              for stage in stages for name, score in stage["scores"].items()]
    points += [[name, "loss", "validation", stage["step"], value]
               for name, values in (losses or {}).items() for stage, value in zip(stages, values)]
    return {"spec": {"dtype": "fp32", "stages": [[name] for name in names]}, "training_seconds": 60.5, "threads": 2, "parameters": 7, "scores": points,
            "interference": {"r_matrix": stages, "base": dict.fromkeys(names, 0.2), "drift": [{"cosine": 0.123456}]},
            "shares": [["sentiment", 1, 0.25], ["sentiment", 2, 0.75]],
            "loss": [{"task": "sentiment", "epoch": epoch, "variance": epoch / 2} for epoch in (1, 2)]}


class OneRecord(unittest.TestCase):
    MATRIX = [[.8, .1, .1, .1, .0], [.7, .9, .1, .1, .0], [.75, .8, .9, .1, .0], [.6, .9, .8, .6, .0],
              [.5, .7, .8, .5, .7]]

    def make(self, seed=1, **changes):
        unit = units.Unit(plans.SEQUENCE, plans.NAIVE, seed)
        run = raw_run(plans.SEQUENCE, self.MATRIX, changes.pop("losses", None))
        return unit, record.make(unit, [run], [[100, 50]] * 5, "rows") | changes

    def test_it_holds_what_became_of_each_task(self):
        _, found = self.make()
        self.assertEqual(list(found["own"].values()), [.8, .9, .9, .6, .7])
        self.assertEqual(found["best"], {"sentiment": .8, "subjectivity": .9, "topic": .9, "emotion": .6})
        self.assertEqual(list(found["end"].values()), self.MATRIX[-1])
        self.assertEqual((found["before"], found["seconds"], found["drift_cosine"]), (0.2, 60.5, 0.12346))
        self.assertEqual((found["shares"], found["variance"]), ({"sentiment": 0.5}, {"sentiment": 0.5}))

    def test_losses_before_a_tasks_own_stage_may_move(self):
        still = {"subjectivity": [3, 1, 1, 1, 1]}
        self.assertTrue(self.make(losses=still)[1]["bit_identical"])
        self.assertFalse(self.make(losses={"subjectivity": [3, 1, 1, 1, 1.0000001]})[1]["bit_identical"])

    def test_figures_are_means_over_seeds(self):
        records = {seed: self.make(seed)[1] for seed in (1, 2, 3)}
        records[3] = records[3] | {"end": {**records[3]["end"], "sentiment": .2}}
        found, _ = figures.stage_arm(plans.SEQUENCE, records)
        self.assertEqual(found["seeds"], 3)
        # .64, .64 and .58; what is forgotten of four tasks: .3, .2, .1 and .1, then .6 of the first.
        self.assertAlmostEqual(found["acc"], (.64 + .64 + .58) / 3)
        self.assertAlmostEqual(found["forgetting"], (.175 + .175 + .25) / 3)
        self.assertAlmostEqual(found["final"]["sentiment"], .4)
        self.assertEqual(found["computed"], "fp32")
        records[3]["threads"] = 1
        self.assertEqual(figures.stage_arm(plans.SEQUENCE, records)[0]["computed"], "fp32 and fp32, one thread")

    def test_a_file_of_records_knows_rows_and_protocol_and_keeps_one_of_each(self):
        unit, found = self.make()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "records.jsonl"
            self.assertIsNone(record.Records(path).find(unit, "rows"))
            record.Records(path).add(found)
            record.Records(path).add(found | {"seconds": 1, "data": "other rows"})
            records = record.Records(path)
            records.add(found | {"seconds": 2})
            self.assertEqual(record.Records(path).find(unit, "rows")["seconds"], 2)
            self.assertEqual(len(record.Records(path).all), 2)
            self.assertEqual(records.newest_data(plans.SEQUENCE), "rows")
            records.add(found | {"protocol": "another"})
            self.assertIsNone(records.find(unit, "rows"))


class Published(unittest.TestCase):
    def test_the_tables_of_the_document_are_made_of_the_records_beside_it(self):
        docs = pathlib.Path(__file__).parents[2] / "docs"
        records = record.Records(docs / "interference.jsonl")
        self.assertGreater(len(records.all), 0)
        is_same = report.document(records) in (docs / "benchmarks.md").read_text()
        self.assertTrue(is_same, "scripts/bench interference writes both")


class Document(unittest.TestCase):
    def test_the_section_is_replaced_between_its_markers(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.md"
            path.write_text("# Page\n\nbefore\n")
            path.write_text(report.put(path, "one"))
            path.write_text(path.read_text() + "\nafter\n")
            text = report.put(path, "two")
        self.assertEqual(text, f"# Page\n\nbefore\n\n{report.BEGIN}\ntwo\n{report.END}\n\nafter\n")


if __name__ == "__main__":
    unittest.main()
