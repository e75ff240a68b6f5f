#!/usr/bin/env python3
"""Polytask's HTTP stack beside nginx, Hummingbird and FlyingFox: the same small JSON answer, the same core, in turns.

Run by `scripts/bench http`. Ours parses, routes, checks a key (SHA-256) and counts; nginx returns a
constant. The server has the first processor, wrk the second. Reported are medians over the rounds,
the server's processor time per request (which other programs disturb less than the clock), and what
idle connections cost. The last line is one JSON object.
"""
import argparse, json, os, re, shutil, signal, socket, ssl, statistics, subprocess, sys, tempfile, time

BODY = '{"object":"echo","status":"ok"}'
KEY = "benchmark-key"
PEERS = "scripts/bench_peers/http/.build/release"
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def cpu_seconds(pid):
    """Processor time of a process and its children that live."""
    total = 0.0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(entry) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def resident_bytes(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, name, command, port, scheme):
        self.name, self.port, self.scheme = name, port, scheme
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None:
                sys.exit(f"{name} ended: {self.process.stderr.read().decode()[:500]}")
            time.sleep(0.05)
        sys.exit(f"{name} does not listen")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def load(server, connections, seconds):
    """One run of wrk: requests/s, p99 in ms, processor microseconds per request."""
    before = cpu_seconds(server.process.pid)
    text = subprocess.run(
        ["taskset", "-c", str(min(1, os.cpu_count() - 1)), "wrk", "-t", "1", "-c",
         str(connections), "-d", f"{seconds}s", "--latency", "-H", f"Authorization: Bearer {KEY}",
         f"{server.scheme}://127.0.0.1:{server.port}/"],
        capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.process.pid) - before
    if "Non-2xx" in text or "Socket errors" in text and "timeout 0" not in text:
        sys.exit(f"{server.name} answered with errors:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", text)
    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "p99_ms": float(p99[1]) * UNITS[p99[2]],
        "cpu_us_per_request": used * 1e6 / max(1, requests),
    }


def median(runs):
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def compare(servers, connections, rounds, seconds):
    """Interleaved rounds, so that both meet the same disturbances."""
    runs = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            runs[server.name].append(load(server, connections, seconds))
    result = {name: median(list) for name, list in runs.items()}
    for name, row in result.items():
        print(f"{connections:>6} {servers[0].scheme:<6} {name:<9} "
              f"{row['requests_per_second']:>10.0f} requests/s   p99 {row['p99_ms']:>8.2f} ms   "
              f"{row['cpu_us_per_request']:>6.2f} µs of processor a request")
    if "nginx" in result:
        ours, theirs = result["polytask"], result["nginx"]
        for key in ("requests_per_second", "p99_ms", "cpu_us_per_request"):
            result[f"ratio_{key}"] = round(ours[key] / theirs[key], 3) if theirs[key] else None
    return result


def hold_idle(server, count, context=None):
    """Connections that asked once and stay."""
    request = (f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n").encode()
    held = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", server.port))
        if context:
            client = context.wrap_socket(client, server_hostname="localhost")
        client.sendall(request)
        client.recv(4096)
        held.append(client)
    return held


def measure_idle(server, other, count, rounds, seconds, context=None):
    """What `count` idle connections cost `server`: memory, and throughput over that of `other`, the same without
    them, in turns, so that both meet the same disturbances."""
    load(server, 64, 1)
    before = resident_bytes(server.process.pid)
    held = hold_idle(server, count, context)
    cost = (resident_bytes(server.process.pid) - before) / count
    ratio = statistics.median(
        load(server, 64, seconds)["requests_per_second"] / load(other, 64, seconds)["requests_per_second"]
        for _ in range(rounds))
    for client in held:
        client.close()
    print(f"{count} idle {server.scheme} connections: {cost / 1024:.1f} KiB each, "
          f"throughput beside them {ratio:.3f} of that without")
    return {"connections": count, "bytes_each": round(cost), "throughput_ratio": round(ratio, 3)}


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 75s; tcp_nodelay on;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 127.0.0.1:{port} {tls};
    {certificate}
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


def start_nginx(folder, tls):
    port = free_port()
    place = os.path.join(folder, "tls" if tls else "clear")
    os.makedirs(place)
    certificate = (f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
                   if tls else "")
    path = os.path.join(place, "nginx.conf")
    with open(path, "w") as file:
        file.write(NGINX.format(folder=place, port=port, tls="ssl" if tls else "",
                                certificate=certificate, body=BODY))
    return Server("nginx", ["nginx", "-p", place, "-c", path], port, "https" if tls else "http")


def start_ours(binary, folder, tls):
    port = free_port()
    command = [binary, "bench", "echo", "--port", str(port), "--threads", "1", "--key", KEY]
    if tls:
        command += ["--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"]
    return Server("polytask", command, port, "https" if tls else "http")


def start_peers():
    """The peers of `scripts/bench_peers/http` that are built; of the others it is said."""
    peers = []
    for name in ("hummingbird", "flyingfox"):
        binary = os.path.join(PEERS, f"{name}-peer")
        if os.access(binary, os.X_OK):
            port = free_port()
            peers.append(Server(name, [binary, str(port)], port, "http"))
        else:
            print(f"{name} is not built (scripts/bench peers-http); it is left out")
    return peers


def compare_peers(ours, rounds, seconds):
    """How many times the peers' throughput ours is; nil for one that is not built."""
    result = {"hummingbird": None, "flyingfox": None}
    peers = start_peers()
    try:
        if peers:
            rows = compare([ours, *peers], 64, rounds, seconds)
            for peer in peers:
                ratio = (rows["polytask"]["requests_per_second"]
                         / rows[peer.name]["requests_per_second"])
                result[peer.name] = {**rows[peer.name], "times": round(ratio, 1)}
    finally:
        for peer in peers:
            peer.stop()
    return result


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-days", "2",
         "-subj", "/CN=localhost"], check=True, capture_output=True)
    os.chmod(folder, 0o755)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench http")
    parser.add_argument("--quick", action="store_true", help="one short round")
    arguments = parser.parse_args()
    binary = os.environ.get("POLYTASK_BINARY", ".build/release/polytask")
    missing = [tool for tool in ("wrk", "nginx", "openssl", "taskset") if not shutil.which(tool)]
    for tool in missing:
        print(f"{tool} is not installed (apt-get install {tool}); what needs it is left out")
    if {"wrk", "openssl", "taskset"} & set(missing):
        sys.exit("nothing can be measured")
    rounds, seconds = (1, 2) if arguments.quick else (5, 5)
    result = {"benchmark": "http", "processors": os.cpu_count(), "nginx": "nginx" not in missing}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        for tls in (False, True):
            servers = [start_ours(binary, folder, tls)]
            without_idle = start_ours(binary, folder, tls)
            if "nginx" not in missing:
                servers.append(start_nginx(folder, tls))
            try:
                part = {str(count): compare(servers, count, rounds, seconds)
                        for count in (64, 512)}
                part["idle"] = measure_idle(
                    servers[0], without_idle, 400 if arguments.quick else 4000, rounds, seconds,
                    context if tls else None)
                result["https" if tls else "http"] = part
                if not tls:
                    result["peers"] = compare_peers(servers[0], rounds, seconds)
            finally:
                for server in [*servers, without_idle]:
                    server.stop()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
