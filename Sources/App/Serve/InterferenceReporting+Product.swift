import API
import Foundation
import JSON
import Multitask
import Report
import Spec
import Store

extension InterferenceReporting {
    /// The product's own reports.
    static let product = InterferenceReporting(
        json: { RunReport($0).json }, next: { RunReport($0).next },
        page: { RunReport($0).page(nextRun: $1) })
}

extension RunReport {
    fileprivate init(_ sources: InterferenceSources) {
        let run = sources.own.run
        let own = BaselineComparison.Candidate(sources.own)
        let comparisons = (run.spec.baselines ?? []).map { baseline in
            BaselineComparison(
                baseline, own: own,
                candidates: sources.baselines.filter { $0.run.baseline == baseline.rawValue }
                    .map { BaselineComparison.Candidate($0) })
        }
        self.init(
            id: run.id, status: run.status.rawValue, spec: run.spec, points: sources.points,
            // One that cannot be read is left out of the report, which is whole without it.
            map: sources.map.flatMap {
                try? JSONDecoder().decode(RepresentationMap.self, from: Data($0.utf8))
            }, comparisons: comparisons)
    }
}

extension BaselineComparison.Candidate {
    fileprivate init(_ candidate: InterferenceSources.Candidate) {
        self.init(
            run: candidate.run.id, spec: candidate.run.spec,
            isComplete: candidate.run.status == .succeeded,
            isOver: candidate.run.status.isEnded,
            status: candidate.run.status.rawValue, validation: candidate.validation,
            test: candidate.test)
    }
}
