package import JSON

package struct ModelRecord: Sendable, Equatable {
    package var number: Int64
    package var id: String
    package var name: String
    package var created: Double
    /// `base` or `finetuned`.
    package var kind: String
    package var baseSHA256: String
    package var weightsSHA256: String?
    package var run: String?
    /// Architecture, parameters, context_length, tasks.
    package var summary: JSON
}
