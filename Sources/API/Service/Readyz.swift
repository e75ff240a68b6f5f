import HTTP
import JSON
import Store

extension API {
    /// GET /readyz: 503 until both compute processes and the store can work.
    @Sendable func readyz(_ request: Request) async throws -> Response {
        guard await compute.isReady else {
            throw APIError(.notReady, "the compute processes are not ready")
        }
        do {
            try await urgently { try $0.ping() }
        } catch {
            throw APIError(.notReady, "the store does not answer; `polytask doctor` checks it")
        }
        return .json(["status": "ready"])
    }
}
