"""The demo's two data sets, made from packages that others published under free licences.

sentiment: tweets that 20 people rated from -4 to +4 (vaderSentiment, MIT). A mean of +0.5 or more is
`positive`, of -0.5 or less `negative`; the tweets in between, on which raters disagree or feel little, are
left out. Split by text: equal tweets fall on one side.

reply: prompt and answer of two-person conversations (chatterbot-corpus, BSD). Exact repetitions are dropped.
Rows that share a prompt or an answer with another row (letter case aside) fall on the same side of the split,
so that no held-out answer was trained on.
"""
import csv
import hashlib
import html
import io
import json
import pathlib
import tarfile

import yaml

SENTIMENT_CUT = 0.5
HELD_OUT = 0.15


def side(key):
    """`held_out` for a fixed 15 % of the keys, else `train`; the same on every machine."""
    digest = hashlib.sha256(key.encode()).digest()
    return "held_out" if int.from_bytes(digest[:4], "big") < HELD_OUT * 2**32 else "train"


def sentiment(downloads):
    archive = next(pathlib.Path(downloads, "vaderSentiment").rglob("hutto_ICWSM_2014.tar.gz"))
    with tarfile.open(archive) as tar:
        text = tar.extractfile("hutto_ICWSM_2014/tweets_GroundTruth.txt").read().decode()
    rows, seen = {"train": [], "held_out": []}, set()
    for _, rating, tweet in csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        tweet = html.unescape(tweet).strip()
        key = " ".join(tweet.lower().split())
        if abs(float(rating)) < SENTIMENT_CUT or key in seen or not key:
            continue
        seen.add(key)
        label = "positive" if float(rating) > 0 else "negative"
        rows[side(key)].append({"text": tweet, "label": label})
    return rows


def reply(downloads):
    pairs = {}
    for file in sorted(pathlib.Path(downloads, "chatterbot-corpus").rglob("english/*.yml")):
        for turns in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            turns = [str(turn).strip() for turn in turns]
            for prompt, completion in zip(turns, turns[1:]):
                if prompt and completion:
                    pairs[(prompt, completion)] = None
    group = {}

    def root(node):
        group.setdefault(node, node)
        while group[node] != node:
            group[node] = group[group[node]]
            node = group[node]
        return node

    for prompt, completion in pairs:
        group[root(("prompt", prompt.lower()))] = root(("completion", completion.lower()))
    first = {}
    for prompt, completion in pairs:
        first.setdefault(root(("prompt", prompt.lower())), prompt.lower())
    rows = {"train": [], "held_out": []}
    for prompt, completion in pairs:
        key = first[root(("prompt", prompt.lower()))]
        rows[side(key)].append({"prompt": prompt, "completion": completion})
    return rows


def shuffled(rows, limit=None):
    """A fixed order that does not follow the file's, so that a prefix is a fair sample."""
    ordered = sorted(rows, key=lambda row: hashlib.sha256(repr(row).encode()).digest())
    return ordered[:limit]


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
