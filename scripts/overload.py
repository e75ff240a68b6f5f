"""Admitted work beside twenty times too much of it; see scripts/overload."""
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

KEY = "overload-key"
PLACES = 64  # what the class of generations has
EXCESS = 20
BODY = json.dumps({"prompt": "Once upon a time", "max_tokens": 8, "temperature": 0}).encode()
REQUEST = (b"POST /v1/generate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
           + KEY.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: "
           + str(len(BODY)).encode() + b"\r\n\r\n" + BODY)


class Tally:
    def __init__(self):
        self.asked = self.served = 0
        self.refusals = []  # seconds


async def ask(stream, tally):
    """One request on a connection that is kept; how many seconds to wait for the next."""
    reader, writer = stream
    start = time.perf_counter()
    tally.asked += 1
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    await reader.readexactly(length)
    if status == 200:
        tally.served += 1
        return 0
    if status != 429:
        raise RuntimeError(f"the server answered {status}")
    tally.refusals.append(time.perf_counter() - start)
    return int(re.search(rb"\r\nRetry-After: (\d+)\r\n", head)[1])


async def work(stream, tally, end):
    """As a client that waits as long as it is told."""
    while time.perf_counter() < end:
        await asyncio.sleep(min(await ask(stream, tally), max(0, end - time.perf_counter())))


async def press(streams, tally, end, rate):
    """Asks `rate` times a second, whatever is answered and however long that takes: every request
    takes a connection that is free, of which there are more than the server has places."""
    free, due = list(streams), time.perf_counter()

    async def once(stream):
        await ask(stream, tally)
        free.append(stream)

    async with asyncio.TaskGroup() as asking:
        while (now := time.perf_counter()) < end:
            while due <= now and free:
                asking.create_task(once(free.pop()))
                due += 1 / rate
            await asyncio.sleep(max(0.0005, due - time.perf_counter()))


async def phase(port, seconds, rate):
    """Tally of `seconds` of full load, with `rate` requests a second beyond it."""
    tally = Tally()
    pressing = 2 * PLACES if rate else 0
    streams = [await asyncio.open_connection("127.0.0.1", port)
               for _ in range(PLACES + pressing)]
    end = time.perf_counter() + seconds
    jobs = [work(stream, tally, end) for stream in streams[:PLACES]]
    if rate:
        jobs.append(press(streams[PLACES:], tally, end, rate))
    start = time.perf_counter()
    await asyncio.gather(*jobs)
    for _, writer in streams:
        writer.close()
    return tally, time.perf_counter() - start


def start(binary, model, folder):
    environment = os.environ | {"POLYTASK_DATA_DIR": folder + "/data", "POLYTASK_API_KEY": KEY}
    subprocess.run([binary, "models", "import", model, "--name", "default"],
                   env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen(
        ["taskset", "-c", "0", binary, "serve", "--port", "0"], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in server.stdout:
        if found := re.search(r"ready at http://\S+:(\d+)", line):
            return server, int(found[1])
    sys.exit("error: the server did not start")


def main():
    binary, model, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    os.sched_setaffinity(0, {min(1, os.cpu_count() - 1)})
    with tempfile.TemporaryDirectory() as folder:
        server, port = start(binary, model, folder)
        try:
            warm, took = asyncio.run(phase(port, seconds / 2, 0))
            capacity = warm.served / took
            alone, beside, refusals, offered = [], [], [], []
            for _ in range(3):
                tally, took = asyncio.run(phase(port, seconds, 0))
                alone.append(tally.served / took)
                tally, took = asyncio.run(phase(port, seconds, capacity * EXCESS))
                beside.append(tally.served / took)
                offered.append(tally.asked / seconds)
                refusals += tally.refusals
        finally:
            server.terminate()
            server.wait(40)
    refusals.sort()
    result = {
        "benchmark": "overload", "capacity_per_second": round(statistics.median(alone), 2),
        "offered_over_capacity": round(statistics.median(offered) / statistics.median(alone), 1),
        "refusals": len(refusals),
        "refusal_p99_ms": round(refusals[int(len(refusals) * 0.99)] * 1e3, 2),
        "throughput_ratio": round(statistics.median(beside) / statistics.median(alone), 3),
    }
    print(json.dumps(result))
    sys.exit(result["refusal_p99_ms"] >= 5 or result["throughput_ratio"] <= 0.98)


main()
