import Foundation
import JSON
import Pool
import Testing
import WorkerProtocol

@testable import API
@testable import HTTP

@Suite struct MetricsTests {
    @Test("The exposition has each family once, with help and type, and its samples below it")
    func grammar() async throws {
        let fixture = try Fixture()
        fixture.compute.set {
            $0.figures.generate.waiting = 3
            $0.figures.completionTokens = 17
            $0.figures.launches = [.train: 1, .infer: 3]
            $0.figures.ready = [.train]
        }
        let answer = await fixture.send(.get, "/metrics")
        #expect(answer.status == 200)
        #expect(answer.fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        var families: [String] = []
        for line in answer.text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                families.append(String(line.split(separator: " ")[2]))
            } else if !line.hasPrefix("#") {
                #expect(line.hasPrefix(families.last ?? "?"), "\(line)")
            }
        }
        #expect(Set(families).count == families.count)
        let lines = Set(answer.text.split(separator: "\n"))
        for expected in [
            "polytask_inference_jobs{kind=\"generate\",state=\"waiting\"} 3",
            "polytask_tokens_total{kind=\"completion\"} 17",
            "polytask_worker_restarts_total{role=\"infer\"} 2",
            "polytask_worker_restarts_total{role=\"train\"} 0",
            "polytask_worker_ready{role=\"infer\"} 0", "polytask_runs{status=\"queued\"} 0",
            "http_rejected_total{reason=\"queue_classify\"} 0",
            "http_rejected_total{reason=\"malformed\"} 0",
            "polytask_build_info{version=\"\(Version.current)\"} 1",
        ] { #expect(lines.contains(Substring(expected)), "\(expected)") }
    }

    @Test("A histogram's buckets are cumulative and end with the count")
    func histogram() {
        var durations = DurationHistogram()
        for seconds in [0.0004, 0.002, 0.002, 400] { durations.add(seconds: seconds) }
        var text = Exposition()
        text.histogram("x_seconds", durations, route: "/a\"b\\c\nd")
        let lines = text.text.split(separator: "\n")
        let route = #"route="/a\"b\\c\nd""#
        #expect(lines.first == Substring("x_seconds_bucket{\(route),le=\"0.0005\"} 1"))
        #expect(lines.contains(Substring("x_seconds_bucket{\(route),le=\"0.0025\"} 3")))
        #expect(lines.contains(Substring("x_seconds_bucket{\(route),le=\"60\"} 3")))
        #expect(lines.contains(Substring("x_seconds_bucket{\(route),le=\"+Inf\"} 4")))
        #expect(lines.last == Substring("x_seconds_count{\(route)} 4"))
    }

    @Test(
        "Only a well-formed traceparent counts",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false),
            ("00-\u{1B}[31m-b7ad6b7169203331-01", false), ("", false),
        ])
    func trace(field: String, isValid: Bool) {
        #expect((TraceParent(field) != nil) == isValid)
    }

    @Test("The worker is told the request and its trace")
    func origin() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        let trace = "0af7651916cd43dd8448eb211c80319c"
        _ = await fixture.post(
            "/v1/classify", ["task": "mood", "input": "x"],
            fields: ["traceparent": "00-\(trace)-b7ad6b7169203331-01"])
        let origin = try #require(fixture.compute.get { $0.lastOrigin })
        #expect(origin.request == "test")
        #expect(origin.trace == trace)
        #expect(origin.parent == "b7ad6b7169203331")
    }

    @Test("A log line is one line of JSON that no terminal obeys")
    func logLine() throws {
        let evil = "a\r\nb\u{1B}[31m\u{9B}2J\u{202E}\u{7F}\"é"
        let line = LogEntry(.info, "test", [("message", .string(evil))]).line(time: 1.5)
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.hasSuffix("\n"))
        #expect(
            text.unicodeScalars.dropLast().allSatisfy {
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x202E
            })
        let json = try JSON.parse(String(text.dropLast()))
        #expect(json["message"]?.string == evil)
        #expect(json["time"] == 1.5)
        #expect(json["level"] == "info")
    }

    @Test("What is logged of a request holds no key, path, query or body")
    func secrets() async throws {
        let seen = Fixture.Lines()
        let fixture = try Fixture(key: "secret-key", log: { seen.add($0) })
        fixture.api.note(
            RequestRecord(
                id: "r1", peer: "127.0.0.1", method: .get, route: "/v1/runs/{id}", status: 500,
                seconds: 0.25, receivedBytes: 3, sentBytes: 4,
                traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                isWhole: false))
        fixture.compute.set {
            $0.failure = .init(code: "internal", message: "it broke")
            $0.figures = PoolFigures()
        }
        try fixture.makeBase()
        _ = await fixture.post(
            "/v1/generate", ["model": "tiny", "prompt": "private words"],
            fields: ["Authorization": "Bearer secret-key"])
        let text = seen.text
        #expect(text.contains("\"request_id\":\"r1\""))
        #expect(text.contains("\"level\":\"error\",\"event\":\"request\""))
        #expect(text.contains("\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""))
        #expect(text.contains("\"code\":\"internal\""))
        #expect(!text.contains("secret") && !text.contains("private"))
    }
}

@Suite struct AdmissionTests {
    @Test("A class that is full answers 429 before the body is read, and others are let in")
    func full() async throws {
        var limits = APILimits()
        limits.generateRequestsMax = 2
        let fixture = try Fixture(limits: limits)
        try fixture.makeBase()
        fixture.compute.set { $0.hangs = true }
        fixture.compute.set { $0.outputs = [.delta(.init(choice: 0, text: "a", tokens: 1))] }
        func start() async -> Response {
            let body = #"{"model":"tiny","prompt":"x","stream":true}"#
            return await fixture.router.respond(
                to: Request(
                    method: .post, path: "/v1/generate", body: RequestBody(Array(body.utf8)),
                    authority: "localhost"))
        }
        var open = [await start(), await start()]
        #expect(open.allSatisfy { $0.status.code == 200 })
        // Not JSON: whoever reads it would answer 400.
        let refused = await fixture.send(.post, "/v1/generate", body: "{")
        #expect(refused.status == 429)
        #expect(refused.code == "overloaded")
        let seconds = try #require(refused.fields["Retry-After"].flatMap { Int($0) })
        #expect((1...120).contains(seconds))
        #expect(await fixture.send(.get, "/v1/info").status == 200)
        let metrics = await fixture.send(.get, "/metrics").text
        #expect(metrics.contains("http_rejected_total{reason=\"queue_generate\"} 1"))
        open.removeFirst()
        #expect(await start().status.code == 200)
    }

    @Test("Who is refused is told how long those under way will take, at most two minutes")
    func retryAfter() throws {
        let time = Fixture.Clock()
        var limits = APILimits()
        limits.classifyRequestsMax = 8
        let admission = Admission(limits, clock: { time.now })
        var held = try (0..<8).map { _ in try admission.admit(.classify) }
        // One leaves every half second.
        for _ in 0..<3 {
            time.now += 0.5
            held.removeFirst()
            held.append(try admission.admit(.classify))
        }
        let error = #expect(throws: APIError.self) { try admission.admit(.classify) }
        #expect(error?.retryAfterSeconds == 4)
        #expect(throws: Never.self) { try admission.admit(.generate) }
        #expect(try admission.admit(.health) == nil)
        time.now += 10_000
        held.removeFirst()
        held.append(try admission.admit(.classify))
        let late = #expect(throws: APIError.self) { try admission.admit(.classify) }
        #expect(late?.retryAfterSeconds == 120)
        withExtendedLifetime(held) {}
    }
}
