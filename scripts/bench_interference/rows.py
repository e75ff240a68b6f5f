"""The rows of the experiments: read from the data folder, sampled by a fixed seed, the same for every arm."""
import functools
import hashlib
import itertools
import json
import pathlib
import random

# CLINC150 (Larson et al., 2019, table 1) names its intents by ten domains; the file has no column for
# them. `oos` belongs to none.
CLINC_DOMAINS = {
    "banking": "transfer transactions balance freeze_account pay_bill bill_balance bill_due interest_rate "
               "routing min_payment order_checks pin_change report_fraud account_blocked spending_history",
    "credit_cards": "credit_score report_lost_card credit_limit rewards_balance new_card application_status "
                    "card_declined international_fees apr redeem_rewards credit_limit_change damaged_card "
                    "replacement_card_duration improve_credit_score expiration_date",
    "kitchen": "recipe restaurant_reviews calories nutrition_info restaurant_suggestion ingredients_list "
               "ingredient_substitution cook_time food_last meal_suggestion restaurant_reservation "
               "confirm_reservation how_busy cancel_reservation accept_reservations",
    "home": "shopping_list shopping_list_update next_song play_music update_playlist todo_list "
            "todo_list_update calendar calendar_update what_song order order_status reminder reminder_update "
            "smart_home",
    "commute": "traffic directions gas gas_type distance current_location mpg oil_change_when oil_change_how "
               "jump_start uber schedule_maintenance last_maintenance tire_pressure tire_change",
    "travel": "book_flight book_hotel car_rental travel_suggestion travel_alert travel_notification carry_on "
              "timezone vaccines translate flight_status international_visa lost_luggage plug_type "
              "exchange_rate",
    "utility": "time alarm share_location find_phone weather text spelling make_call timer date calculator "
               "measurement_conversion flip_coin roll_dice definition",
    "work": "direct_deposit pto_request taxes payday w2 pto_balance pto_request_status next_holiday insurance "
            "insurance_change schedule_meeting pto_used meeting_schedule rollover_401k income",
    "small_talk": "greeting goodbye tell_joke where_are_you_from how_old_are_you what_is_your_name "
                  "who_made_you thank_you what_can_i_ask_you what_are_your_hobbies do_you_have_pets "
                  "are_you_a_bot meaning_of_life who_do_you_work_for fun_fact",
    "meta": "change_ai_name change_user_name cancel user_name reset_settings whisper_mode repeat no yes maybe "
            "change_language change_accent change_volume change_speed sync_device",
}


class DataFolder:
    """A folder of `NAME.train.jsonl` (`.txt` for plain text) with `NAME.test.…` or `NAME.dev.…` beside it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def file(self, name, part):
        parts = ["train"] if part == "train" else ["test", "dev"]
        for candidate in parts:
            for ending in ("jsonl", "txt"):
                path = self.path / f"{name}.{candidate}.{ending}"
                if path.exists():
                    return path
        return None

    def missing(self, experiment):
        """The files that an experiment needs and the folder lacks."""
        names = sorted({task.file for task in experiment.tasks})
        return [name for name in names if not (self.file(name, "train") and self.file(name, "held"))]

    @functools.lru_cache(maxsize=None)
    def digest(self, experiment):
        """Tells results on other rows apart."""
        sha = hashlib.sha256()
        for name in sorted({task.file for task in experiment.tasks}):
            for part in ("train", "held"):
                sha.update(self.file(name, part).read_bytes())
        return sha.hexdigest()[:12]

    @functools.lru_cache(maxsize=None)
    def rows(self, task, part, quick=False):
        """The rows of a task as lines of JSON: whole, or so many drawn by a seed that never changes."""
        text = self.file(task.file, part).read_text("utf-8")
        if task.kind == "text":
            rows = [{"text": block} for block in text.split("\n\n") if block.strip()]
        else:
            rows = [json.loads(line) for line in text.splitlines() if line]
        if task.labels:
            rows = [row for row in rows if row["label"] in task.labels]
        random.Random(f"{task.file} {part}").shuffle(rows)
        if task.kind == "generation":
            rows = [shaped(row) for row in rows]
            if part == "held":
                rows = distinct_prompts(rows)
        limit = task.rows if part == "train" else task.held
        if quick:
            limit = task.quick if part == "train" else 24
            if task.kind == "classification":
                rows = every_label_first(rows, part)
        return rows[:limit]


def shaped(row):
    """A prompt that ends where the answer begins: on a line of its own, unless it ends in a cue."""
    prompt = row["prompt"] if row["prompt"].endswith(":") else row["prompt"] + "\n"
    return {"prompt": prompt, "completion": row["completion"]}


def distinct_prompts(rows):
    """One row for each prompt: a dialogue act with several sentences is one test act."""
    return list({row["prompt"]: row for row in reversed(rows)}.values())[::-1]


def every_label_first(rows, part):
    """Brings one row of each label to the front, so that a small sample knows all labels."""
    if part != "train":
        return rows
    first = {}
    for index, row in enumerate(rows):
        first.setdefault(row["label"], index)
    front = set(first.values())
    return [rows[index] for index in sorted(front)] + [row for index, row in enumerate(rows) if index not in front]


def balanced(rows, share):
    """So large a share of the rows, of each label as many as of any other where there are as many."""
    waiting = {}
    for row in rows:
        waiting.setdefault(row.get("label"), []).append(row)
    turns = itertools.zip_longest(*waiting.values())
    found = [row for turn in turns for row in turn if row is not None]
    return found[:max(len(waiting), round(share * len(rows)))]


def jsonl(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def tokens(rows):
    """A guess, for plans: about four letters a token, and two that frame the row."""
    return sum(2 + sum(len(value) for value in row.values() if isinstance(value, str)) / 4 for row in rows)
