"""Run by scripts/test: python3 -m unittest discover -s scripts/bench_interference"""
import json
import pathlib
import tempfile
import unittest

import experiments as plans
import intervals
import report
import rows
import units


def scores(own, end, held=900):
    """R of a sequence whose tasks are at chance before their stage and keep `own` until the last."""
    count = len(own)
    matrix = [[own[task] if task <= stage else 0.1 for task in range(count)] for stage in range(count)]
    matrix[-1] = list(end)
    return intervals.Scores(matrix, list(range(count)), [held] * count)


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
        found = intervals.Scores([[0.5, 0.1, 0.2], [0.7, 0.6, 0.2], [0.6, 0.8, 0.9]], [0, 1, 2], None).forgetting()
        self.assertAlmostEqual(found[0], 0.1)
        self.assertAlmostEqual(found[1], -0.2)
        self.assertEqual(set(found), {0, 1})


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
        naive, arm = (intervals.Scores([[.4, .1], [last, .4]], [0, 1], None) for last in (.2, .3))
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

    def test_without_the_control_it_is_open(self):
        self.assertIsNone(intervals.verdict({"acc": 0.79, "learnt": 0.8}, self.NAIVE, None)[0])


class Plans(unittest.TestCase):
    def test_an_arm_names_what_the_service_lacks(self):
        catalogue = [{"family": "retention", "name": "replay",
                      "parameters": [{"name": "fraction"}, {"name": "rate"}]}]
        self.assertIsNone(plans.unavailable(plans.NAIVE, catalogue))
        self.assertIsNone(plans.unavailable(plans.REPLAY, catalogue))
        self.assertEqual(plans.unavailable(plans.FROZEN, catalogue), "adaptation heads")
        catalogue[0]["parameters"].pop()
        self.assertEqual(plans.unavailable(plans.REPLAY, catalogue), "rate of retention replay")

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

    def test_a_result_of_another_protocol_is_none(self):
        unit = units.Unit(plans.SEQUENCE, plans.NAIVE, 1)
        with tempfile.TemporaryDirectory() as folder:
            self.assertIsNone(unit.result(folder))
            units.write(unit.path(folder), json.dumps({"fingerprint": "of another"}))
            self.assertIsNone(unit.result(folder))
            kept = {"fingerprint": plans.SEQUENCE.fingerprint(plans.NAIVE)}
            units.write(unit.path(folder), json.dumps(kept))
            self.assertEqual(unit.result(folder), kept)


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
