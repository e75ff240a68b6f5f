import HTTP
import Store

extension API {
    /// GET /metrics: Prometheus' text format 0.0.4. What the store cannot say now is left out.
    @Sendable func serviceMetrics(_ request: Request) async throws -> Response {
        try QueryReader(request).finish()
        var text = Exposition()
        text.family("polytask_build_info", .gauge, "The version, as a label of the value 1.")
        text.sample("polytask_build_info", 1, ["version": Version.current])
        text.add(ProcessFigures(startTime: startedAt))
        text.add(metrics.snapshot(), own: Rejection.service)
        text.add(compute.figures)
        if let figures = try? await urgently({ try $0.figures() }) { text.add(figures) }
        var fields = Fields()
        fields["Content-Type"] = Exposition.contentType
        fields["Cache-Control"] = "no-store"
        return Response(200, fields, body: .bytes(Array(text.text.utf8)))
    }
}
