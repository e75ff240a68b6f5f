package import Spec

package struct EventRecord: Sendable, Equatable {
    package var number: Int64
    package var run: String
    package var time: Double
    package var kind: String
    package var message: String
}

package struct MetricRecord: Sendable, Equatable {
    package var number: Int64
    package var time: Double
    package var point: MetricPoint
}
