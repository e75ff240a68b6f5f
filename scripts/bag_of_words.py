"""Bag-of-words baselines, standard library only: multinomial naive Bayes and logistic regression over
unigrams and bigrams. A language model must beat the better of the two to be worth its price."""
import collections
import math
import random
import re


def features(text):
    words = re.findall(r"[a-z0-9']+|[^\sa-z0-9']+", text.lower())
    return list(dict.fromkeys(words + [f"{a} {b}" for a, b in zip(words, words[1:])]))


def naive_bayes(train):
    counts, totals, priors = collections.defaultdict(collections.Counter), collections.Counter(), collections.Counter()
    for row in train:
        priors[row["label"]] += 1
        for feature in features(row["text"]):
            counts[row["label"]][feature] += 1
            totals[row["label"]] += 1
    vocabulary = len({feature for counter in counts.values() for feature in counter})

    def predict(text):
        def score(label):
            scale = math.log(totals[label] + vocabulary)
            return math.log(priors[label]) + sum(
                math.log(counts[label][feature] + 1) - scale for feature in features(text))
        return max(sorted(priors), key=score)
    return predict


def logistic_regression(train, epochs=12, rate=0.2, decay=1e-5):
    labels = sorted({row["label"] for row in train})
    examples = [(features(row["text"]), row["label"]) for row in train]
    weights = {label: collections.defaultdict(float) for label in labels}
    generator = random.Random(1)

    def probabilities(names):
        scores = [sum(weights[label][name] for name in names) + weights[label][""] for label in labels]
        top = max(scores)
        exponents = [math.exp(score - top) for score in scores]
        return [value / sum(exponents) for value in exponents]

    for epoch in range(epochs):
        generator.shuffle(examples)
        step = rate / (1 + epoch)
        for names, target in examples:
            for label, probability in zip(labels, probabilities(names)):
                gradient = probability - (label == target)
                for name in names + [""]:
                    weights[label][name] -= step * (gradient / math.sqrt(len(names) + 1) + decay * weights[label][name])

    def predict(text):
        scored = probabilities(features(text))
        return labels[scored.index(max(scored))]
    return predict


def accuracy(predict, rows):
    return sum(predict(row["text"]) == row["label"] for row in rows) / len(rows)


def best(train, held_out):
    """Accuracy of the better of the two on the held-out rows (the choice favours the baseline)."""
    return max(accuracy(fit(train), held_out) for fit in (naive_bayes, logistic_regression))
