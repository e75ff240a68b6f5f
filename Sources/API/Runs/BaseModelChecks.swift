import JSON
import Spec
import Store

/// What a run can make of its base model, by what the model's own runs left of it. Where the store
/// does not know them any more, the worker decides.
struct BaseModelChecks {
    let store: Store
    let catalogue: [MethodDescriptor]

    /// What stands beside a model's weights, and since which run.
    private struct Form {
        var outcome = MethodDescriptor.Outcome.weights
        var run: RunRecord?
        /// Tasks whose heads were made since then.
        var tasks: Set<String> = []
    }

    /// - Throws: `APIError` naming the parameter at fault.
    func check(_ spec: RunSpec, _ base: ModelRecord) throws {
        let form = form(of: base)
        let wanted = method(spec.adaptation)?.outcome ?? .weights
        switch form.outcome {
        case .weights, .unchanged: break
        case .networks:
            throw APIError.invalid(
                "base_model",
                "`\(base.name)` has a network for each stage of its run and cannot be trained "
                    + "further; take \(origin(form))")
        case .sharedAdapter, .taskAdapters:
            try check(spec, wanted, base, form)
        }
        try checkTargets(spec.adaptation, base)
        if let chosen = spec.curriculum, let kinds = base.taskKinds,
            catalogue.entry(.curriculum, chosen)?.ranksByDifficulty == true,
            !kinds.contains(TaskKind.generation.rawValue)
        {
            throw APIError.invalid(
                "curriculum.method",
                "`\(chosen.method)` ranks rows by the loss of their next tokens, which "
                    + "`\(base.name)` does not predict; take a decoder as base_model, or a "
                    + "curriculum that ranks by chance")
        }
    }

    /// Adapters lie beside layers that the pretrained model has.
    private func checkTargets(_ adaptation: MethodSpec?, _ base: ModelRecord) throws {
        var origin = base
        while let id = origin.run, let run = try? store.run(id),
            let model = try? store.model(run.spec.baseModel)
        {
            origin = model
        }
        guard let known = origin.adapterTargets,
            let target = adaptation?.lists?["targets"]?.first(where: { target in
                !known.contains { $0 == target || target.hasSuffix(".\($0)") }
            })
        else { return }
        throw APIError.invalid(
            "adaptation.targets",
            "must name layers of `\(base.name)`: \(Identifier.list(known)); found `\(target)`")
    }

    /// With adapters beside the weights.
    private func check(
        _ spec: RunSpec, _ wanted: MethodDescriptor.Outcome, _ base: ModelRecord, _ form: Form
    ) throws {
        let name = spec.adaptation?.method ?? "full"
        if wanted == .networks {
            throw APIError.invalid(
                "adaptation",
                "`\(name)` begins with one set of weights, and `\(base.name)` has adapters beside "
                    + "its own; take \(origin(form)), or another adaptation")
        }
        let tasks = Set(base.summary["tasks"]?.array?.compactMap { $0["name"]?.string } ?? [])
        let isOne =
            form.outcome == .sharedAdapter ? tasks.isSubset(of: form.tasks) : tasks.count < 2
        if [.weights, .sharedAdapter].contains(wanted), !isOne {
            let others = catalogue.filter {
                $0.family == .adaptation && [.taskAdapters, .unchanged].contains($0.outcome)
            }
            throw APIError.invalid(
                "adaptation",
                "`\(name)` needs one set of weights, and the tasks of `\(base.name)` use others; "
                    + "take \(Identifier.list(others.map(\.name))), or \(origin(form)), as base_model"
            )
        }
        guard wanted == .taskAdapters, form.outcome == .taskAdapters, let run = form.run,
            let task = spec.tasks.first(where: { task in
                run.spec.tasks.contains { $0.name == task.name }
            }), settings(spec.adaptation) != settings(run.spec.adaptation)
        else { return }
        throw APIError.invalid(
            "adaptation",
            "must have the rank, alpha and targets that the task `\(task.name)` has in "
                + "`\(base.name)`; or give the task another name")
    }

    /// The last run whose adaptation left something, and what.
    private func form(of model: ModelRecord) -> Form {
        var form = Form()
        var next: ModelRecord? = model
        while let id = next?.run, let run = try? store.run(id) {
            form.tasks.formUnion(run.spec.tasks.map(\.name))
            form.outcome = method(run.spec.adaptation)?.outcome ?? .weights
            form.run = run
            if form.outcome != .unchanged { break }
            next = try? store.model(run.spec.baseModel)
        }
        // One stage is one network, and a run that a warning ended may have come no further.
        if form.outcome == .networks, let spec = form.run?.spec,
            spec.stagePlaces.count < 2 || spec.earlyWarning?.policy == .stop
        {
            form.outcome = .weights
        }
        return form
    }

    private func method(_ chosen: MethodSpec?) -> MethodDescriptor? {
        catalogue.entry(.adaptation, chosen)
    }

    /// Numbers and lists with their defaults, as texts.
    private func settings(_ chosen: MethodSpec?) -> [String] {
        (method(chosen)?.parameters ?? []).map { parameter in
            let number = chosen?.parameters[parameter.name] ?? parameter.default
            return parameter.takesNames
                ? (chosen?.lists?[parameter.name] ?? []).joined(separator: ",") : "\(number)"
        }
    }

    private func origin(_ form: Form) -> String {
        guard let id = form.run?.spec.baseModel, let model = try? store.model(id) else {
            return "the model that it was made of"
        }
        return "`\(model.name)`, which it was made of"
    }
}
