"""What `scripts/trackers` does once everything is there: one run, three trackers, every value compared."""
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BINARY = os.environ["POLYTASK_BINARY"]
TOOLS = pathlib.Path(sys.executable).parent
PATIENCE_SECONDS = 600
SECRET = "s3cret-token"


def call(address, path, body=None, kind="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise urllib.error.URLError(f"{path} answered {error.code}: {error.read().decode()}") from None


def until(what, condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    sys.exit(f"error: waited in vain until {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Polytask:
    def __init__(self, folder, mlflow):
        self.folder, self.mlflow, self.starts = folder, mlflow, 0

    def start(self):
        self.starts += 1
        log = self.folder / f"server-{self.starts}.log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", self.folder / "data", "--port", "0", "--log-mlflow", self.mlflow,
                 "--log-tensorboard", self.folder / "boards"],
                stdout=output, stderr=subprocess.STDOUT, env=os.environ | {"MLFLOW_TRACKING_TOKEN": SECRET})
        found = until("the server is ready", lambda: re.search(r"http://[^\s/]+", log.read_text()))
        self.address = found[0]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def metrics(self, run):
        points, after = [], 0
        while True:
            page = call(self.address, f"/v1/runs/{run}/metrics?limit=1000&after={after}")
            points += [point for point in page["data"] if point["value"] is not None]
            after = page["last_id"]
            if not page["has_more"]:
                return points


class MLflow:
    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self):
        with open(self.folder / "mlflow.log", "ab") as output:
            self.process = subprocess.Popen(
                [TOOLS / "mlflow", "server", "--port", str(self.port), "--workers", "1",
                 "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"],
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def runs(self):
        experiment = call(self.address, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=polytask")
        return call(self.address, "/api/2.0/mlflow/runs/search",
                    {"experiment_ids": [experiment["experiment"]["experiment_id"]]}).get("runs", [])

    def history(self, run):
        points = []
        for metric in run["data"]["metrics"]:
            answer = call(self.address, "/api/2.0/mlflow/metrics/get-history?run_id="
                          f"{run['info']['run_id']}&metric_key={urllib.request.quote(metric['key'], safe='')}")
            points += [(m["key"], int(m["step"]), m["value"]) for m in answer["metrics"]]
        return points


def train(server):
    texts = {"mood": ("I love it", "I hate it"), "topic": ("the match was won", "the bank was robbed")}
    tasks = []
    for name, (one, other) in texts.items():
        rows = "".join(json.dumps({"text": f"{one if i % 2 else other}, {i}", "label": "ab"[i % 2]}) + "\n"
                       for i in range(400)).encode()
        data = call(server.address, f"/v1/datasets?name={name}", rows, "application/jsonl")
        tasks.append({"name": name, "kind": "classification", "dataset": data["id"]})
    return call(server.address, "/v1/runs", {
        "name": "trackers", "base_model": "minilm", "tasks": tasks, "epochs": 2, "batch_tokens": 256, "max_length": 64,
        "weighting": {"method": "gradnorm"}, "checkpoint_seconds": 1})["id"]


def untimed(points):
    """A step that is repeated after a kill takes another time: of speeds only the step is compared."""
    return [(key, step, 0 if "tokens_per_second" in key else value) for key, step, value in points]


def held(name, expected, found):
    """Every (key, step, value), each once."""
    expected, found = untimed(expected), untimed(found)
    if sorted(expected) != sorted(found):
        missing, extra = set(expected) - set(found), set(found) - set(expected)
        sys.exit(f"error: {name}: {len(expected)} values expected, {len(found)} found; missing "
                 f"{sorted(missing)[:5]}, too many {sorted(extra)[:5]}")
    print(f"{name}: all {len(found)} values of {len({key for key, _, _ in found})} metrics, each once")


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def group(point):
    return point["task"] or "run"


def with_split(point):
    split = point["split"] + "_" if point["split"] in ("validation", "test") else ""
    return f"{group(point)}/{split}{point['name']}"


def check_tensorboard(folder, points):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    [run] = (folder / "boards").iterdir()
    found = []
    for split in run.iterdir():
        reader = EventAccumulator(str(split), size_guidance={"scalars": 0})
        reader.Reload()
        for tag in reader.Tags()["scalars"]:
            found += [(f"{split.name}:{tag}", event.step, event.value) for event in reader.Scalars(tag)]
    expected = [(f"{p['split']}:{group(p)}/{p['name']}", p["step"], single(p["value"])) for p in points]
    held("TensorBoard", expected, found)


def log_records(file):
    """LevelDB's log format, in which the offline files are written, after seven bytes of their own."""
    block, place, record = 32768, 7, b""
    while place + 7 <= len(file):
        left = block - place % block
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", file, place)
        record += file[place + 7:place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # Whole, or the last part.
            yield record
            record = b""


def check_wandb(folder, server, run, points):
    from wandb.proto import wandb_internal_pb2
    for _ in range(2):  # The second time there is nothing left to send.
        subprocess.run(
            [sys.executable, "scripts/wandb_bridge", run, "--server", server.address],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"WANDB_MODE": "offline", "WANDB_DIR": str(folder)})
    found = []
    for file in (folder / "wandb").glob("offline-run-*/*.wandb"):
        for data in log_records(file.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            items = {item.key or "/".join(item.nested_key): json.loads(item.value_json)
                     for item in record.history.item}
            step = items.pop("step", None)
            found += [(key, step, value) for key, value in items.items() if not key.startswith("_")]
    held("Weights & Biases", [(with_split(p), p["step"], p["value"]) for p in points], found)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mlflow = MLflow(folder)
        server = Polytask(folder, mlflow.address)
        subprocess.run([BINARY, "models", "import", os.environ["POLYTASK_MINILM"], "--data", folder / "data",
                        "--name", "minilm"], check=True, stdout=subprocess.DEVNULL)
        server.start()
        try:
            run = train(server)
            state = lambda: call(server.address, f"/v1/runs/{run}")
            # MLflow is not there yet: the run goes on.
            until("the run has made steps", lambda: state()["step"] >= 3)
            server.kill()
            server.start()
            mlflow.start()
            until("MLflow has the run", mlflow.runs)
            mlflow.stop()
            server.kill()
            server.start()
            until("the run is over", lambda: state()["status"] == "succeeded")
            mlflow.start()
            there = until("MLflow knows that the run is over",
                          lambda: [r for r in mlflow.runs() if r["info"]["status"] == "FINISHED"])
            if len(there) != 1:
                sys.exit(f"error: MLflow has {len(there)} runs")
            points = server.metrics(run)
            held("MLflow", [(with_split(p), p["step"], p["value"]) for p in points], mlflow.history(there[0]))
            parameters = {p["key"]: p["value"] for p in there[0]["data"]["params"]}
            print(f"MLflow: weighting {parameters['weighting']}, tasks {parameters['tasks']}")
            check_tensorboard(folder, points)
            check_wandb(folder, server, run, points)
            logs = "".join(log.read_text() for log in folder.glob("server-*.log"))
            if SECRET in logs:
                sys.exit("error: the token is in the log")
            print(f"the log has {logs.count('metrics_not_forwarded')} lines that MLflow was away, and no secret")
        finally:
            server.kill()
            if mlflow.process and mlflow.process.poll() is None:
                mlflow.stop()


if __name__ == "__main__":
    main()
