// What makes no sense beside an adaptation, by what its descriptor says that tasks share.

extension RunSpec {
    func adaptationContradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        guard let method = catalogue.entry(.adaptation, adaptation) else { return nil }
        // Each task must have what alone is trained.
        if method.outcome == .unchanged,
            let task = tasks.first(where: { $0.kind.traits.writesText })
        {
            return Contradiction(
                parameter: "adaptation",
                rule: "`\(method.name)` trains heads alone, and the task `\(task.name)` has none: "
                    + "it answers with the model's own output; take another adaptation")
        }
        if method.outcome == .networks,
            let task = tasks.first(where: { $0.kind == .sequenceToSequence })
        {
            return Contradiction(
                parameter: "adaptation",
                rule: "`\(method.name)` makes networks that read each other's one stream, and the "
                    + "task `\(task.name)` writes with a decoder beside the encoder; take another "
                    + "adaptation")
        }
        guard method.sharing != .all else { return factorsContradiction(method, catalogue) }
        if method.sharing == .additions { return additionsContradiction(method, catalogue) }
        if method.sharing == .stage, let task = taskOfSharedHead {
            return Contradiction(
                parameter: "tasks",
                rule: "must have heads of their own with the adaptation `\(method.name)`, which "
                    + "freezes what earlier stages trained; the task `\(task.name)` shares `head`")
        }
        if let weighting = catalogue.entry(.weighting, weighting), weighting.comparesGradients,
            method.sharing == .none
        {
            return Contradiction(
                parameter: "weighting", rule: Self.nothingShared(method, found: weighting.name))
        }
        if method.sharing == .none,
            let base = chosenRetention(catalogue).first(where: {
                $0.keepsBase && $0.holdsParameters
            })
        {
            return Contradiction(
                parameter: "retention",
                rule: "`\(base.name)` holds weights of the base model, and the adaptation "
                    + "`\(method.name)` trains none of them; leave it out")
        }
        // A head that tasks share is trained by all of them, and can be forgotten.
        guard taskOfSharedHead == nil else { return nil }
        if let first = retention?.first {
            return Contradiction(
                parameter: "retention",
                rule: "must be left out with the adaptation `\(method.name)`, which freezes what "
                    + "earlier stages trained, so that nothing is forgotten, found "
                    + "`\(first.method)`")
        }
        guard method.sharing == .none else { return stageContradiction(method) }
        if let aggregation {
            return Contradiction(
                parameter: "aggregation",
                rule: Self.nothingShared(method, found: aggregation.method))
        }
        return nil
    }

    /// A sum of adapters is not the adapter of summed factors.
    private func factorsContradiction(
        _ method: MethodDescriptor, _ catalogue: [MethodDescriptor]
    ) -> Contradiction? {
        guard method.outcome == .sharedAdapter,
            let merging = chosenRetention(catalogue).first(where: \.startsStagesAnew)
        else { return nil }
        return Contradiction(
            parameter: "retention",
            rule: "`\(merging.name)` merges weights, and those of the adaptation `\(method.name)` "
                + "are factors, whose merge is not that of their products; take another adaptation")
    }

    /// A stage trains an addition of its own, and earlier ones are frozen.
    private func additionsContradiction(
        _ method: MethodDescriptor, _ catalogue: [MethodDescriptor]
    ) -> Contradiction? {
        let stages = trainedStagePlaces.count
        if let rank = method.parameters.first(where: { $0.name == "rank" }) {
            let chosen = adaptation?.parameters[rank.name] ?? rank.default
            let most = Int(rank.range.upperBound) / max(1, stages)
            guard chosen <= Double(most) else {
                return Contradiction(
                    parameter: "adaptation.rank",
                    rule: "must be at most \(most): `\(method.name)` has one for each of "
                        + "\(stages) stages, and \(Int(rank.range.upperBound)) in all, found "
                        + "\(Int(chosen))")
            }
        }
        guard let holding = chosenRetention(catalogue).first(where: \.holdsParameters)
        else { return nil }
        return Contradiction(
            parameter: "retention",
            rule: "`\(holding.name)` holds parameters that earlier stages trained, which the "
                + "adaptation `\(method.name)` freezes; take one that brings rows or outputs of "
                + "earlier tasks, such as replay")
    }

    private var taskOfSharedHead: TaskSpec? {
        tasks.first { task in
            task.head != nil && tasks.count { $0.head == task.head } > 1
        }
    }

    private static func nothingShared(_ method: MethodDescriptor, found name: String) -> String {
        "must be left out with the adaptation `\(method.name)`: its tasks train no parameter "
            + "of the blocks together, so that there are no gradients to balance, found `\(name)`"
    }

    /// A stage's parameters are frozen when it is over, and its moments go with it.
    private func stageContradiction(_ method: MethodDescriptor) -> Contradiction? {
        let all = stagePlaces.joined()
        if let twice = tasks.indices.first(where: { place in all.count { $0 == place } > 1 }) {
            return Contradiction(
                parameter: "stages",
                rule: "must name each task once with the adaptation `\(method.name)`, which "
                    + "freezes a task after its stage, found `\(tasks[twice].name)` twice")
        }
        guard optimizer.restartsEachStage ?? true else {
            return Contradiction(
                parameter: "optimizer.restart_each_stage",
                rule: "must be true with the adaptation `\(method.name)`, which trains new "
                    + "parameters in each stage")
        }
        return nil
    }
}
