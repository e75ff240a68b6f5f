// What of a model a run trains. It knows needs, never methods.

import Models
import Multitask
import Spec
import Tensor

extension Model {
    /// The name of an adapter that all tasks use.
    private static let shared = "shared"

    private var sharesAdapter: Bool {
        !adapters.isEmpty && heads.allSatisfy { $0.adapter == Self.shared }
    }

    /// Before the run's heads are there: an adapter of the starting weights that the run does not
    /// train further becomes part of the backbone.
    /// - Throws: `invalid_input` where the starting weights have an adapter for each task, and the
    ///   run something else.
    func takeUp(_ needs: AdaptationNeeds) throws {
        switch needs {
        case .backbone: try mergeAdapters()
        case .nothing: break
        case .adapters(let need) where need.isPerTask:
            if sharesAdapter { try mergeAdapters() }
        case .adapters(let need):
            let goesOn = sharesAdapter && adapters.map(\.spec) == [need.spec(Self.shared)]
            if !goesOn { try mergeAdapters() }
        }
    }

    /// Adds the adapters that the tasks' heads lack, and freezes all that the run does not train.
    /// - Throws: `invalid_input` where adapters do not fit the model.
    func adapt(to needs: AdaptationNeeds, tasks: [String], seed: UInt64) throws {
        for place in heads.indices where tasks.contains(heads[place].task) {
            switch needs {
            case .backbone: break
            case .nothing:
                if adapter(named: Self.shared) != nil { heads[place].adapter = Self.shared }
            case .adapters(let need):
                let name = need.isPerTask ? heads[place].task : Self.shared
                try provide(need.spec(name), seed: seed)
                heads[place].adapter = name
            }
        }
        let trained = Set(trained(by: needs, tasks: tasks).map(ObjectIdentifier.init))
        for parameter in parameters {
            parameter.isTrainable = trained.contains(ObjectIdentifier(parameter))
        }
    }

    private func provide(_ spec: AdapterSpec, seed: UInt64) throws {
        guard let found = adapter(named: spec.name) else {
            let seed = SeededGenerator.hash("adapter \(spec.name)", seed: seed)
            try addAdapter(spec, seed: seed)
            return
        }
        guard found.spec == spec else {
            throw TrainingError(
                code: "spec_invalid",
                message: "adaptation: the base model has an adapter of rank \(found.spec.rank) and "
                    + "alpha \(found.spec.alpha) for the task \(spec.name), found rank "
                    + "\(spec.rank) and alpha \(spec.alpha); give the same rank, alpha and targets")
        }
    }

    private func trained(by needs: AdaptationNeeds, tasks: [String]) -> [Parameter] {
        let own = tasks.compactMap { classifiers[$0] }.flatMap { [$0.weight, $0.bias] }
        switch needs {
        case .backbone: return backbone.parameters + own
        case .nothing: return own
        case .adapters:
            let used = Set(heads.filter { tasks.contains($0.task) }.compactMap(\.adapter))
            return adapters.filter { used.contains($0.spec.name) }.flatMap(\.parameters) + own
        }
    }
}

extension AdaptationNeeds.LowRank {
    fileprivate func spec(_ name: String) -> AdapterSpec {
        AdapterSpec(name: name, rank: rank, alpha: alpha, targets: targets)
    }
}
