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
        guard columns.isEmpty else {
            throw TrainingError(
                code: "spec_invalid",
                message: "base_model has \(columns.count + 1) networks, one for each stage of its "
                    + "run, and cannot be trained further; take its base model")
        }
        switch needs {
        case .columns:
            guard adapters.isEmpty else {
                throw TrainingError(
                    code: "spec_invalid",
                    message: "base_model has adapters beside its weights, which further networks "
                        + "would begin without; take its base model, or another adaptation")
            }
        case .backbone: try mergeAdapters()
        case .nothing: break
        case .adapters(let need):
            switch need.scope {
            case .task: if sharesAdapter { try mergeAdapters() }
            case .stage: try mergeAdapters()
            case .run:
                let goesOn = sharesAdapter && adapters.map(\.spec) == [need.spec(Self.shared)]
                if !goesOn { try mergeAdapters() }
            }
        }
    }

    /// Adds the adapters that the tasks' heads lack, and freezes all that the run does not train.
    /// - Parameter stages: that the run trains.
    /// - Throws: `invalid_input` where adapters do not fit the model.
    func adapt(to needs: AdaptationNeeds, tasks: [String], stages: Int, seed: UInt64) throws {
        for place in heads.indices where tasks.contains(heads[place].task) {
            switch needs {
            case .backbone: break
            case .columns:
                guard heads[place].kind != HeadKind.sequenceToSequence.rawValue else {
                    throw TrainingError(
                        code: "spec_invalid",
                        message: "adaptation: networks that read each other have one stream, and "
                            + "the task \(heads[place].task) writes with a decoder beside the "
                            + "encoder; take lora or adapter_per_task")
                }
            case .nothing:
                if adapter(named: Self.shared) != nil { heads[place].adapter = Self.shared }
            case .adapters(let need):
                let name = need.scope == .task ? heads[place].task : Self.shared
                try provide(need, name, blocks: need.isPerStage ? stages : 1, seed: seed)
                heads[place].adapter = name
            }
        }
        freeze(allBut: trained(by: needs, tasks: tasks))
    }

    /// At the beginning of a stage after the first: a network for its tasks beside the earlier
    /// ones, which are frozen, where the run needs that.
    /// - Returns: whether other parameters train than before.
    func grow(
        _ needs: AdaptationNeeds, stage: Int, tasks: [String], all: [String], seed: UInt64
    ) throws -> Bool {
        guard case .columns(let width) = needs, stage > 0 else { return false }
        precondition(columns.count == stage - 1, "a network for each stage, in order")
        try addColumn(
            ColumnSpec(lateralWidth: width),
            seed: SeededGenerator.hash("column \(stage)", seed: seed))
        for place in heads.indices where tasks.contains(heads[place].task) {
            heads[place].column = stage
        }
        freeze(allBut: trained(by: needs, tasks: all))
        return true
    }

    /// At the beginning of a stage: of an adapter that stages train in turn, its own block trains
    /// beside the earlier ones; those of later stages, whose B is zero, are left out.
    /// - Parameter block: of the stages that the run trains, which one it is.
    func train(block: Int, of needs: AdaptationNeeds) {
        guard case .adapters(let need) = needs, need.isPerStage,
            let adapter = adapter(named: Self.shared)
        else { return }
        for parameter in adapter.parameters { parameter.isTrainable = false }
        for parameter in adapter.parameters(block: block) { parameter.isTrainable = true }
        adapter.attach(blocks: block + 1)
    }

    /// The term that keeps the blocks of stages apart; `nil` where the run has none.
    func orthogonality(_ needs: AdaptationNeeds, among parameters: [Parameter]) -> Orthogonality? {
        guard case .adapters(let need) = needs, case .stage(let strength) = need.scope,
            strength > 0, let adapter = adapter(named: Self.shared)
        else { return nil }
        return Orthogonality(adapter, strength: strength, among: parameters)
    }

    /// What of a growing model the checkpoint of a stage must hold beside what the stage trains.
    var frozenColumns: [(name: String, tensor: Tensor)] {
        let networks = [backbone.parameters] + columns.map(\.parameters)
        return networks.dropLast().joined().map { ($0.name, $0.value) }
    }

    private func freeze(allBut parameters: [Parameter]) {
        let trained = Set(parameters.map(ObjectIdentifier.init))
        for parameter in self.parameters {
            parameter.isTrainable = trained.contains(ObjectIdentifier(parameter))
        }
    }

    private func provide(
        _ need: AdaptationNeeds.LowRank, _ name: String, blocks: Int, seed: UInt64
    ) throws {
        let spec = need.spec(name, blocks: blocks)
        guard let found = adapter(named: name) else {
            let seed = SeededGenerator.hash("adapter \(name)", seed: seed)
            try addAdapter(spec, blocks: blocks, seed: seed)
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
        case .columns: return (columns.last?.parameters ?? backbone.parameters) + own
        case .nothing: return own
        case .adapters:
            let used = Set(heads.filter { tasks.contains($0.task) }.compactMap(\.adapter))
            return adapters.filter { used.contains($0.spec.name) }.flatMap(\.parameters) + own
        }
    }
}

extension AdaptationNeeds.LowRank {
    var isPerStage: Bool {
        if case .stage = scope { true } else { false }
    }

    /// Of `blocks` that each have the rank: together they are one that is as many times as large.
    fileprivate func spec(_ name: String, blocks: Int = 1) -> AdapterSpec {
        AdapterSpec(
            name: name, rank: blocks * rank, alpha: Double(blocks) * alpha, targets: targets)
    }
}
