"""Starts a server on a tiny random model and holds it to its contracts; see scripts/conformance."""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import urllib.request

import openai
from prometheus_client.parser import text_string_to_metric_families

KEY = "conformance-key"


def tiny_model(path):
    """A random Llama of a few thousand weights as GGUF, with a token for each byte."""
    width, hidden, vocabulary, context = 32, 64, 259, 128
    random.seed(1)
    printable = [b for b in range(256) if (0x21 <= b <= 0x7E or b >= 0xA1) and b != 0xAD]
    others = [b for b in range(256) if b not in printable]
    characters = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    tokens = [characters[b] for b in range(256)] + ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    template = (
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content']"
        " + '<|im_end|>' + '\\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")

    def text(value):
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def entry(key, kind, body):
        return text(key) + struct.pack("<I", kind) + body

    def number(key, value):
        return entry(key, 4, struct.pack("<I", value))

    def array(key, kind, values):
        return entry(key, 9, struct.pack("<IQ", kind, len(values)) + b"".join(values))

    metadata = [
        entry("general.architecture", 8, text("llama")), number("llama.embedding_length", width),
        number("llama.block_count", 1), number("llama.attention.head_count", 4),
        number("llama.attention.head_count_kv", 2), number("llama.feed_forward_length", hidden),
        number("llama.context_length", context), number("llama.vocab_size", vocabulary),
        number("llama.rope.dimension_count", width // 4),
        entry("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        entry("llama.rope.freq_base", 6, struct.pack("<f", 10_000)),
        entry("tokenizer.ggml.model", 8, text("gpt2")),
        entry("tokenizer.ggml.pre", 8, text("smollm")),
        array("tokenizer.ggml.tokens", 8, [text(token) for token in tokens]),
        array("tokenizer.ggml.token_type", 4,
              [struct.pack("<I", 1 if i < 256 else 3) for i in range(vocabulary)]),
        array("tokenizer.ggml.merges", 8, []), number("tokenizer.ggml.eos_token_id", 258),
        entry("tokenizer.chat_template", 8, text(template)),
    ]
    shapes = [("token_embd", [vocabulary, width]), ("output_norm", [width])] + [
        (f"blk.0.{name}", shape) for name, shape in [
            ("attn_norm", [width]), ("attn_q", [width, width]), ("attn_k", [width // 2, width]),
            ("attn_v", [width // 2, width]), ("attn_output", [width, width]),
            ("ffn_norm", [width]), ("ffn_gate", [hidden, width]), ("ffn_up", [hidden, width]),
            ("ffn_down", [width, hidden])]]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(metadata)) + b"".join(metadata)
    data = b""
    for name, shape in shapes:
        header += text(name + ".weight") + struct.pack("<I", len(shape))
        header += b"".join(struct.pack("<Q", size) for size in reversed(shape))
        header += struct.pack("<IQ", 0, len(data))
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        weights = [1.0 if len(shape) == 1 else random.uniform(-0.15, 0.15) for _ in range(count)]
        data += struct.pack(f"<{count}f", *weights)
        data += b"\0" * (-len(data) % 32)
    with open(path, "wb") as file:
        file.write(header + b"\0" * (-len(header) % 32) + data)


def start(binary, folder):
    environment = os.environ | {"POLYTASK_DATA_DIR": folder + "/data", "POLYTASK_API_KEY": KEY}
    tiny_model(folder + "/tiny.gguf")
    subprocess.run([binary, "models", "import", folder + "/tiny.gguf", "--name", "default"],
                   env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([binary, "serve", "--port", "0"], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=open(folder + "/log", "w"))
    for line in server.stdout:
        if found := re.search(r"ready at (http://\S+)", line):
            return server, found[1]
    sys.exit("error: the server did not start: " + open(folder + "/log").read())


def check_openai(url):
    client = openai.OpenAI(base_url=url + "/v1", api_key=KEY, max_retries=0)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    chat = client.chat.completions.create(
        model="default", messages=messages, max_tokens=8, temperature=0, logprobs=True,
        top_logprobs=2, user="someone")
    assert chat.choices[0].message.role == "assistant" and chat.usage.completion_tokens <= 8
    assert len(chat.choices[0].logprobs.content[0].top_logprobs) == 2
    stream = client.chat.completions.create(
        model="default", messages=messages, max_tokens=8, temperature=0, stream=True,
        stream_options={"include_usage": True})
    chunks = list(stream)
    streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert streamed == chat.choices[0].message.content, (streamed, chat)
    assert chunks[-1].usage.total_tokens == chat.usage.total_tokens
    text = client.completions.create(
        model="default", prompt="Hello", max_tokens=4, n=2, seed=1, logprobs=1)
    assert [choice.index for choice in text.choices] == [0, 1]
    assert len(text.choices[0].logprobs.tokens) >= 1
    parts = list(client.completions.create(
        model="default", prompt="Hello", max_tokens=4, temperature=0, stream=True))
    assert parts[-1].choices[0].finish_reason in ("stop", "length")
    assert "default" in [model.name for model in client.models.list()]
    for error, call in [
        (openai.NotFoundError, lambda: client.completions.create(model="none", prompt="x")),
        (openai.BadRequestError, lambda: client.chat.completions.create(
            model="default", messages=messages, temperature=99)),
        (openai.AuthenticationError, lambda: openai.OpenAI(
            base_url=url + "/v1", api_key="wrong", max_retries=0).models.list()),
    ]:
        try:
            call()
        except error as refusal:
            assert refusal.body["message"], refusal
        else:
            raise AssertionError(f"no {error.__name__}")


def check_metrics(url):
    request = urllib.request.Request(url + "/metrics", headers={"Authorization": f"Bearer {KEY}"})
    text = urllib.request.urlopen(request).read().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.type != "unknown" and family.documentation for family in families.values())
    tokens = sum(sample.value for sample in families["polytask_tokens"].samples)
    assert tokens > 0, "the requests before were counted"
    histogram = families["http_request_duration_seconds"]
    counts = {s.labels["route"]: s.value for s in histogram.samples if s.name.endswith("_count")}
    for sample in histogram.samples:
        if sample.labels.get("le") == "+Inf":
            assert sample.value == counts[sample.labels["route"]]
    if shutil.which("promtool"):
        subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)
    else:
        print("promtool is not installed (apt-get install prometheus); names and units were not checked by it")


def main():
    binary, schemathesis, examples = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(binary, folder)
        try:
            check_openai(url)
            print("openai: ok", flush=True)
            check_metrics(url)
            print("metrics: ok", flush=True)
            # TRACE and CONNECT are unknown here: 501, which RFC 9110 (section 9.1) allows.
            with open(folder + "/schemathesis.toml", "w") as file:
                file.write('[phases.coverage]\nunexpected-methods = '
                           '["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]\n')
            status = subprocess.run([
                sys.executable, schemathesis, "--config-file", folder + "/schemathesis.toml", "run", url + "/openapi.yaml", "--header",
                f"Authorization: Bearer {KEY}", "--max-examples", examples, "--checks", "all",
                # A well-formed id of nothing is "valid data" that gets 404, rightly.
                "--exclude-checks", "positive_data_acceptance", "--no-color",
            ], cwd=folder).returncode
            assert server.poll() is None, "the server ended"
        finally:
            server.terminate()
            server.wait()
            if "Fatal error" in (log := open(folder + "/log").read()):
                sys.exit(log)
    sys.exit(status)


if __name__ == "__main__":
    main()
