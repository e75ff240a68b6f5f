"""The service under test: the release binary as a child, spoken to over HTTP, resumed where it stopped."""
import ctypes
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse

READY_SECONDS = 180
CALL_SECONDS = 120
POLL_SECONDS = 1
PR_SET_PDEATHSIG = 1
OVER = ("succeeded", "failed", "cancelled")


class ServiceError(Exception):
    """An answer that no retry mends."""


class Service:
    """`polytask serve` on a data folder of its own. The folder keeps what was uploaded, what was trained and
    where a run stopped, so that starting it again goes on."""

    def __init__(self, binary, folder, models, threads=None):
        self.binary, self.folder, self.models = binary, folder, models
        self.options = ["--threads", str(threads)] if threads else []
        self.process, self.address, self.is_over = None, None, False

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + READY_SECONDS
        log_path = self.folder / "server.log"
        # One that was killed may still be saving: its successor is refused until it is gone.
        while time.monotonic() < deadline:
            self.import_models(deadline)
            with open(log_path, "wb") as log:
                self.process = subprocess.Popen(
                    [self.binary, "serve", "--data", str(self.folder), "--port", "0", *self.options], stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=die_with_parent)
            while self.process.poll() is None and time.monotonic() < deadline:
                found = re.search(r"http://[^\s/]+", log_path.read_text(errors="replace"))
                if found:
                    self.address = urllib.parse.urlsplit(found[0]).netloc
                    return
                time.sleep(0.2)
            self.end()
            time.sleep(1)
        sys.exit("error: the server did not become ready:\n" + log_path.read_text(errors="replace")[-2000:])

    def import_models(self, deadline):
        listed = self.command("models", "list", "--data", str(self.folder)).stdout
        for name, path in self.models.items():
            while name not in listed.split():
                done = self.command("models", "import", str(path), "--data", str(self.folder), "--name", name)
                if done.returncode == 0 or "exist" in done.stderr:
                    break
                if time.monotonic() > deadline:
                    sys.exit(f"error: {path} could not be imported: {done.stderr}")
                time.sleep(1)

    def command(self, *arguments):
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True)

    def stop(self):
        """For good: whoever still asks it is refused."""
        self.is_over = True
        self.end()

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def call(self, method, path, body=None, key=None, kind="application/json"):
        return json.loads(self.text(method, path, body, key, kind) or "null")

    def text(self, method, path, body=None, key=None, kind="application/json"):
        """An answer's body. What broke on the way is asked again: a POST that makes something has a key."""
        # A key is good for one body, byte for byte.
        data = json.dumps(body, sort_keys=True).encode() if isinstance(body, dict) else body
        headers = {"Content-Type": kind} if data else {}
        if key:
            headers["Idempotency-Key"] = key
        for attempt in range(8):
            if self.is_over:
                break
            if self.process.poll() is not None:
                self.start()
            try:
                connection = http.client.HTTPConnection(self.address, timeout=CALL_SECONDS)
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                text = response.read().decode()
                connection.close()
            except (OSError, http.client.HTTPException):
                time.sleep(2 ** attempt / 4)
                continue
            if response.status in (429, 503):
                time.sleep(int(response.headers.get("Retry-After") or 1))
                continue
            if response.status >= 400:
                raise ServiceError(f"{method} {path.split('?')[0]} answered {response.status}: {text}")
            return text
        raise ServiceError(f"{method} {path} was not answered; see {self.folder}/server.log")

    def upload(self, name, content):
        """The id of a data set with this content."""
        key = f"{name}-{hashlib.sha256(content).hexdigest()[:32]}"
        return self.call("POST", f"/v1/datasets?name={name}", content, key, "application/jsonl")["id"]

    def run(self, body, progress):
        """Starts a run, or takes up the same one of an earlier call, and waits for its end.

        - progress: called with the run object about once a second."""
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
        for attempt in range(1, 4):
            run = self.call("POST", "/v1/runs", body, f"{body['name']}-{attempt}-{digest}")
            self.cancel_others(run)
            while run["status"] not in OVER:
                time.sleep(POLL_SECONDS)
                run = self.call("GET", f"/v1/runs/{run['id']}")
                progress(run)
            # A run that somebody cancelled, or that failed, was not this experiment's answer.
            if run["status"] == "succeeded":
                return run
        raise ServiceError(f"the run {run['id']} {run['status']}: {json.dumps(run.get('error'))}")

    def cancel_others(self, run):
        """A run of an earlier call that nobody waits for any more must not be waited for."""
        for other in self.call("GET", "/v1/runs?limit=20&order=desc")["data"]:
            if other["id"] != run["id"] and other["status"] not in OVER:
                self.call("POST", f"/v1/runs/{other['id']}/cancel")

    def metrics(self, run, query):
        """Every point of a run that the query selects."""
        text = self.text("GET", f"/v1/runs/{run['id']}/metrics?format=jsonl&{query}")
        return [json.loads(line) for line in text.splitlines()]

    def forget(self, run):
        """Deletes a run's model: its scores are kept, 90 MB a run are not."""
        if run.get("model"):
            try:
                self.call("DELETE", f"/v1/aliases/{run['name']}")
                self.call("DELETE", f"/v1/models/{run['model']}")
            except ServiceError as error:
                print(f"warning: {error}", file=sys.stderr)


def die_with_parent():
    """In the child before exec: a server whose script was killed saves its run and ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        os._exit(1)
