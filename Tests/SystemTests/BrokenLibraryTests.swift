import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// The real binary with a matrix library that computes wrong, or is not there.
@Suite(.serialized) struct BrokenLibraryTests {
    /// A library put before OpenBLAS: its products are off by one while `condition` holds.
    private static func preload(_ folder: String, wrongIf condition: String) throws -> String {
        let source = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <string.h>
            typedef void gemm(int, int, int, int, int, int, float, const float *, int,
                const float *, int, float, float *, int);
            void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha,
                const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
                ((gemm *)dlsym(RTLD_NEXT, "cblas_sgemm"))(
                    order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
                const char *type = getenv("OPENBLAS_CORETYPE");
                const char *retried = getenv("POLYTASK_BLAS_RETRIED");
                int is_safe = type && retried && strcmp(type, "Haswell") == 0;
                if (\(condition)) c[0] += 1;
            }
            """
        try source.write(toFile: "\(folder)/wrong.c", atomically: true, encoding: .utf8)
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = [
            "cc", "-shared", "-fPIC", "-o", "\(folder)/wrong.so", "\(folder)/wrong.c", "-ldl",
        ]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else {
            throw ServerProcess.Failure(description: "no C compiler")
        }
        return "LD_PRELOAD=\(folder)/wrong.so"
    }

    @Test("Wrong products: the compute processes start over with a safe core type, and work")
    func retried() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            server.environment = [try Self.preload(folder.path, wrongIf: "!is_safe")]
            try server.start()
            #expect(try server.client.get("/readyz").status == 200)
            let workers = try server.client.get("/v1/info").json["workers"]?.array ?? []
            #expect(workers.count == 2)
            #expect(workers.allSatisfy { $0["problems"] == [] })
            let said = "trying again with OPENBLAS_CORETYPE=Haswell"
            #expect(server.output.components(separatedBy: said).count == 3, "\(server.output)")
        }
    }

    @Test("Products that stay wrong: the server does not start, and says which they are")
    func refused() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let (status, output) = try ServerProcess.run(
                ["serve", "--port", "0"], in: folder.path,
                environment: [try Self.preload(folder.path, wrongIf: "is_safe || !is_safe")])
            #expect(status != 0)
            let last = output.split(separator: "\n").last ?? ""
            #expect(last.contains("refuses to compute"), "\(output)")
            #expect(last.contains("computes wrong products"), "\(output)")
            #expect(last.contains("it is so with OPENBLAS_CORETYPE=Haswell too"), "\(output)")
        }
    }

    @Test("A library that is not there is named in one line")
    func missing() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let binary = try Data(contentsOf: URL(fileURLWithPath: ServerProcess.binary))
            let name = Data("libopenblas.so.0".utf8)
            guard let range = binary.range(of: name) else { return }
            var changed = binary
            changed.replaceSubrange(range, with: Data("libopenblas.so.9".utf8))
            let copy = folder.path + "/polytask"
            try changed.write(to: URL(fileURLWithPath: copy + ".bin"))
            // Copied by another process: one that a test beside forks off while this one has the
            // file open for writing would make it "busy".
            try #require(system("cp \(copy).bin \(copy) && chmod 700 \(copy)") == 0)
            let (status, output) = try ServerProcess.run(
                ["version"], in: folder.path, binary: copy)
            #expect(status == 127)
            #expect(output.contains("libopenblas.so.9"), "\(output)")
            #expect(output.split(separator: "\n").count == 1, "\(output)")
        }
    }

    @Test("Inference goes behind the server and training behind all; threads that answer do not")
    func priority() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let own = try Self.scheduling(server.pid)[server.pid]
            let training = try server.client.workerPID("train")
            for (thread, found) in try Self.scheduling(training) {
                #expect(thread == training ? found == own : found.policy == 5, "SCHED_IDLE is 5")
            }
            let inference = try server.client.workerPID("infer")
            for (thread, found) in try Self.scheduling(inference) where thread != inference {
                #expect(found.policy == own?.policy)
                #expect(found.nice == min((own?.nice ?? 0) + 10, 19))
            }
            #expect(try Self.scheduling(inference)[inference] == own)
        }
    }

    private struct Scheduling: Equatable {
        var policy: Int
        var nice: Int
    }

    /// How each thread is scheduled: the 41st and the 19th field of its `stat`.
    private static func scheduling(_ pid: pid_t) throws -> [pid_t: Scheduling] {
        let tasks = "/proc/\(pid)/task"
        var threads: [pid_t: Scheduling] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            let stat = try String(contentsOfFile: "\(tasks)/\(name)/stat", encoding: .utf8)
            let fields = stat.components(separatedBy: ") ").last?.split(separator: " ") ?? []
            guard let thread = pid_t(name), fields.count > 38, let policy = Int(fields[38]),
                let nice = Int(fields[16])
            else { continue }
            threads[thread] = Scheduling(policy: policy, nice: nice)
        }
        return threads
    }
}
