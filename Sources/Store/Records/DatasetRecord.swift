package import Datasets

package struct DatasetRecord: Sendable, Equatable {
    /// Monotonic; pages go by it.
    package var number: Int64
    package var id: String
    package var name: String
    package var created: Double
    package var sha256: String
    package var summary: DatasetSummary
}
