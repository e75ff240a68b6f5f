// Everything that is said of how a run's tasks interfere, ready to be written as JSON or as a page.
// It knows neither where the figures are kept nor who asks.

package import Multitask
package import Spec

/// A run, its measurements and what they are compared with.
package struct RunReport: Sendable {
    package var id: String
    package var status: String
    package var spec: RunSpec
    /// Of the splits validation, test and diagnosis; of the split train rows, shares and loss
    /// weights, for the page the losses too.
    package var points: [MetricPoint]
    package var map: RepresentationMap?
    package var comparisons: [BaselineComparison]
    package let findings: InterferenceReport

    package init(
        id: String, status: String, spec: RunSpec, points: [MetricPoint],
        map: RepresentationMap? = nil, comparisons: [BaselineComparison] = []
    ) {
        self.id = id
        self.status = status
        self.spec = spec
        self.points = points
        self.map = map
        self.comparisons = comparisons
        findings = InterferenceReport(spec, points: points)
    }

    /// The findings in a few sentences, each with its numbers.
    package var summary: String {
        ([findings.summary(spec)] + comparisons.compactMap { $0.sentence(spec) })
            .joined(separator: " ")
    }

    /// The run to try next; `nil` where the findings speak for none.
    package var next: RunSpec? { findings.suggestion(spec)?.applied(to: spec) }
}
