package import JSON
package import Spec
package import Store

/// What the interference report of a run is made of.
package struct InterferenceSources: Sendable {
    /// A run or one of a baseline, with the held-out metrics of the model that it ended with.
    package struct Candidate: Sendable {
        package var run: RunRecord
        package var validation: [MetricPoint]
        package var test: [MetricPoint]
    }

    package var own: Candidate
    /// Of the splits validation, test and diagnosis; of the split train the rows and shares of each
    /// epoch, loss weights as their means by epoch, and the losses where the report is drawn.
    package var points: [MetricPoint]
    /// The map of held-out rows as the worker wrote it, JSON.
    package var map: String?
    package var baselines: [Candidate]
}

/// Writes interference reports; the application says how.
package struct InterferenceReporting: Sendable {
    /// The body, without that of the suggested run.
    package var json: @Sendable (InterferenceSources) -> JSON
    /// The run to try next.
    package var next: @Sendable (InterferenceSources) -> RunSpec?
    /// An HTML page; it gets the body of the run to try next.
    package var page: @Sendable (InterferenceSources, _ nextRun: JSON?) -> String

    package init(
        json: @escaping @Sendable (InterferenceSources) -> JSON,
        next: @escaping @Sendable (InterferenceSources) -> RunSpec?,
        page: @escaping @Sendable (InterferenceSources, _ nextRun: JSON?) -> String
    ) {
        self.json = json
        self.next = next
        self.page = page
    }
}
