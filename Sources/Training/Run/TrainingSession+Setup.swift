import Models
import Multitask
import NN
import Spec
import Tensor

extension TrainingSession {
    /// Checks what the data cannot tell.
    static func validated(
        _ spec: RunSpec, _ backend: any Backend
    ) throws -> LearningRateSchedule.Shape {
        func check(_ holds: Bool, _ message: String) throws {
            guard holds else { throw TrainingError(code: "spec_invalid", message: message) }
        }
        try check(!spec.tasks.isEmpty, "tasks must not be empty")
        try check(
            Set(spec.tasks.map(\.name)).count == spec.tasks.count, "task names must be distinct")
        try check(spec.epochs >= 1, "epochs must be at least 1, found \(spec.epochs)")
        try check(
            spec.batchTokens >= 1, "batch_tokens must be at least 1, found \(spec.batchTokens)")
        try check(spec.maxLength >= 2, "max_length must be at least 2, found \(spec.maxLength)")
        try check(
            backend.precisions.contains { $0.rawValue == spec.dtype },
            "dtype must be one of \(backend.precisions.map(\.rawValue).joined(separator: ", ")) on "
                + "this worker's processor")
        let optimizer = spec.optimizer
        try check(optimizer.name == "adamw", "optimizer.name must be adamw")
        try check(
            optimizer.learningRate.isFinite && optimizer.learningRate > 0,
            "optimizer.learning_rate must be above 0, found \(optimizer.learningRate)")
        try check(
            (0...1).contains(optimizer.warmupFraction),
            "optimizer.warmup_fraction must be between 0 and 1, found \(optimizer.warmupFraction)")
        try check(
            optimizer.clip.isFinite && optimizer.clip >= 0,
            "optimizer.clip must be 0 or more, found \(optimizer.clip)")
        try check(
            optimizer.weightDecay.isFinite && optimizer.weightDecay >= 0,
            "optimizer.weight_decay must be 0 or more, found \(optimizer.weightDecay)")
        for case .fraction(let share) in spec.tasks.map(\.validation) {
            try check(
                share > 0 && share < 1,
                "validation.fraction must be between 0 and 1, found \(share)")
        }
        if let contradiction = spec.contradiction(Multitask.catalogue) {
            throw TrainingError(
                code: "spec_invalid", message: "\(contradiction.parameter) \(contradiction.rule)")
        }
        guard let shape = LearningRateSchedule.Shape(rawValue: optimizer.schedule) else {
            let known = LearningRateSchedule.Shape.allCases.map(\.rawValue)
            throw TrainingError(
                code: "spec_invalid",
                message: "optimizer.schedule must be one of \(known.joined(separator: ", "))")
        }
        return shape
    }

    static func adaptationNeeds(_ spec: RunSpec) throws -> AdaptationNeeds {
        guard let chosen = spec.adaptation else { return .backbone }
        return try Multitask.adaptation(chosen, tasks: spec.tasks.map(\.name)).needs
    }

    /// - Throws: `TrainingError` `spec_invalid` where gradients are to be compared at parameters
    ///   that the tasks share, and none of those that train is in a block that all of them use.
    func checkShared() throws {
        guard runner.needsNorms, runner.shared.last.isEmpty else { return }
        throw TrainingError(
            code: "spec_invalid",
            message: "weighting \(spec.weighting?.method ?? "") compares the tasks' gradients, "
                + "and adaptation.targets names no layer that all tasks train; name one of every "
                + "block or leave the targets out")
    }

    /// The methods of a step, at the state before the first.
    static func methods(_ spec: RunSpec) throws -> StepMethods {
        let names = spec.tasks.map(\.name)
        return StepMethods(
            weighting: try spec.weighting.map {
                try Multitask.weighting(
                    $0, tasks: names, seed: spec.seed,
                    squaredErrors: Set(
                        spec.tasks.filter(\.kind.traits.isSquaredError).map(\.name)))
            },
            aggregation: try spec.aggregation.map {
                try Multitask.aggregation($0, tasks: names)
            }, seed: spec.seed)
    }

    /// The rankings of a curriculum, by the model as it is before training; `nil` without one.
    static func curriculum(
        _ spec: RunSpec, _ data: [TaskData], _ model: Model, _ observer: any TrainingObserver
    ) throws -> Curriculum? {
        guard let chosen = spec.curriculum else { return nil }
        let method = try Multitask.curriculum(chosen, tasks: spec.tasks.map(\.name))
        guard model.backbone.isCausal || !method.ranksByDifficulty else {
            throw TrainingError(
                code: "spec_invalid",
                message: "curriculum.method \(chosen.method) ranks rows by the loss of their next "
                    + "tokens, which the base model does not predict; take a decoder as "
                    + "base_model, or random_order, which ranks by chance")
        }
        if method.ranksByDifficulty { observer.progress(TrainingProgress(phase: "ranking")) }
        let difficulties =
            method.ranksByDifficulty
            ? try Curriculum.difficulties(
                data, model: model, backend: model.backbone.outputProjection.value.backend
            ) {
                // Nothing to keep yet: a run that is paused here begins anew.
                switch observer.directive() {
                case .cancel: throw Interruption.cancelled
                case .pause: throw Interruption.paused
                case .proceed, .checkpoint: break
                }
            } : data.map { $0.training.map { _ in 0 } }
        return Curriculum(method, difficulties: difficulties, seed: spec.seed)
    }

    static func load(
        _ spec: RunSpec, _ inputs: TrainingInputs, _ model: Model
    ) throws -> [TaskData] {
        try spec.tasks.enumerated().map { index, task in
            try TaskData.load(task, index: index, run: spec, inputs: inputs, model: model)
        }
    }

    /// A head per task; one that the starting weights already have, with the same labels, stays.
    /// - Throws: `invalid_input` for a task that the base model cannot serve; `spec_invalid` for
    ///   one that it was said to have learnt.
    static func addHeads(_ model: Model, _ data: [TaskData], _ spec: RunSpec) throws {
        let learnt = spec.startsLearnt == true ? spec.stagePlaces[0] : []
        for (place, task) in data.enumerated() {
            let head = HeadSpec(
                task: task.spec.name, kind: task.spec.kind.rawValue, labels: task.labels,
                format: task.spec.format, maxLength: spec.maxLength, sharedName: task.spec.head)
            try model.check(head)
            if let old = model.heads.firstIndex(where: { $0.task == head.task }),
                model.heads[old].kind == head.kind, model.heads[old].labels == head.labels,
                model.heads[old].sharedName == head.sharedName
            {
                let adapter = model.heads[old].adapter
                model.heads[old] = head
                model.heads[old].adapter = adapter
            } else {
                guard !learnt.contains(place) else {
                    throw TrainingError(
                        code: "spec_invalid",
                        message: "learnt names the task \(head.task), and base_model has none of "
                            + "this name with the same kind and labels; give the data set that it "
                            + "was trained on, or train the task in a stage")
                }
                model.classifiers[head.task] = nil
                model.addClassifier(
                    head, seed: SeededGenerator.hash(head.sharedName ?? head.task, seed: spec.seed))
            }
        }
        if let name = model.ambiguousHead {
            throw TrainingError(
                code: "spec_invalid",
                message:
                    "the model would have two heads of the name \(name), one of them of a task "
                    + "of base_model that this run does not train; take another name for the head "
                    + "or the task, or train that task too")
        }
    }

    /// Says what the run makes of its spec and its data.
    func announce() {
        let scope =
            runner.scope == .step
            ? "step: the sum of row losses over the rows of the step, so a task's pull is its "
                + "share of the sampled rows"
            : "task: each task's mean over the whole optimiser step, times its weight"
        observer.event(kind: "loss_scope", message: "loss scope \(scope)")
        if spec.mixing.method != "proportional",
            spec.trainedStagePlaces.allSatisfy({ $0.count < 2 })
        {
            observer.event(
                kind: "mixing",
                message:
                    "\(spec.mixing.method) mixing changes nothing here: no stage trains two tasks")
        }
        if !trainsBackbone {
            let (own, all) = (runner.parameters, model.parameters)
            func count(_ parameters: [Parameter]) -> Int {
                parameters.reduce(0) { $0 + $1.value.count }
            }
            let parts = spec.trainedStagePlaces.count
            var turns = ""
            if parts > 1, case .adapters(let need) = adaptation, need.isPerStage {
                turns = ", the adapter's in \(parts) parts, one in each stage"
            }
            observer.event(
                kind: "adaptation",
                message: "\(count(own)) of \(count(all)) parameters train\(turns), the others are "
                    + "frozen")
        }
        for (place, task) in data.enumerated() {
            let draws = stages.flatMap { $0.rows.draws.map { $0[place] } }.filter { $0 > 0 }
            let labels = task.labels.isEmpty ? "" : ", \(task.labels.count) labels"
            let test = task.test.isEmpty ? "" : ", \(task.test.count) test rows"
            let perEpoch = Double(draws.reduce(0, +)) / Double(max(1, draws.count))
            let passes = Double(Int(100 * perEpoch / Double(task.training.count))) / 100
            observer.event(
                kind: "data",
                message: "task \(task.spec.name): \(task.training.count) training rows, "
                    + "\(task.validation.count) validation rows\(test)\(labels); "
                    + "\(passes) passes an epoch")
            if task.known > 0 {
                observer.event(
                    kind: "held_out_known",
                    message: "task \(task.spec.name): the texts of \(task.known) held-out rows are "
                        + "among those that are trained on, so that its scores flatter the model; "
                        + "take them out of one side")
            }
            if task.cut > 0 {
                observer.event(
                    kind: "rows_cut",
                    message: "task \(task.spec.name): \(task.cut) rows were cut to "
                        + "max_length \(spec.maxLength) tokens")
            }
        }
    }

    /// Lets both passes say when memory made them split.
    func watchMemory() {
        let observer = observer
        for (pass, what) in [(runner.pass, "the step"), (evaluator.pass, "the evaluation")] {
            pass.onSplit = { tokens, reason in
                observer.event(
                    kind: "memory_split",
                    message: "out of memory (\(reason)): \(what) is repeated in pieces of at "
                        + "most \(tokens) tokens")
            }
        }
    }
}
