import HTTP
import JSON
import Spec

extension API {
    /// POST /v1/completions, as the `openai` package sends it.
    @Sendable func completions(_ request: Request) async throws -> Response {
        try await generation(request, as: CompletionDialect()) { fields, limits in
            try GenerateRequest(completion: &fields, limits: limits)
        }
    }

    /// POST /v1/chat/completions, as the `openai` package sends it.
    @Sendable func chatCompletions(_ request: Request) async throws -> Response {
        try await generation(request, as: ChatDialect()) { fields, limits in
            try GenerateRequest(chat: &fields, limits: limits)
        }
    }
}
