// What a run keeps of earlier stages, for all of its retention methods together. It knows needs,
// never methods.

import Models
import Multitask
import NN
import Spec
import Tensor

/// The state behind the retention methods of a run.
struct Retention {
    let needs: RetentionNeeds
    private let stages: [[Int]]
    private let data: [[Example]]
    private let labels: [[Int32]]
    private let seed: UInt64
    private let backend: any Backend
    private var replay: TaskMemory?
    private var reference: TaskMemory?
    private let anchor: QuadraticAnchor?
    private let path: PathIntegral?
    private var answers: RecordedAnswers?
    private var outputs: OutputMemory?
    private let stageStart: StageStart?
    private let vectors: TaskVectors?
    private let shared: SharedParameters
    /// What methods weigh, as a multiple of what the run asks for; where weights are merged, by how
    /// much less is left of the new ones.
    private(set) var strength = 1.0

    /// - Parameters:
    ///   - stages: tasks by stage.
    ///   - data: training rows by task.
    ///   - labels: of the rows, for the classification tasks; empty for others.
    ///   - parameters: that train, at the model that the run starts from.
    ///   - shared: which of them tasks share.
    init(
        _ needs: RetentionNeeds, stages: [[Int]], data: [[Example]], labels: [[Int32]],
        seed: UInt64, parameters: [Parameter], shared: SharedParameters, backend: any Backend
    ) {
        self.needs = needs
        self.stages = stages
        self.data = data
        self.labels = labels
        self.seed = seed
        self.backend = backend
        self.shared = shared
        replay = needs.replay.map {
            TaskMemory(
                fraction: $0.fraction, rate: $0.rate,
                seed: SeededGenerator.hash("replay", seed: seed))
        }
        reference = needs.reference.map {
            TaskMemory(
                fraction: $0.fraction, rate: $0.rate,
                seed: SeededGenerator.hash("reference", seed: seed))
        }
        anchor = needs.anchor.map { need in
            let anchor = QuadraticAnchor(parameters, backend: backend)
            if need.importance == .base { anchor.joinOnes(shared.backbone) }
            return anchor
        }
        path =
            if case .path = needs.anchor?.importance {
                PathIntegral(parameters, backend: backend)
            } else { nil }
        answers = needs.distillation.map { _ in RecordedAnswers() }
        outputs = needs.storedOutputs.map {
            OutputMemory(
                $0, counts: data.map(\.count), seed: SeededGenerator.hash("outputs", seed: seed))
        }
        stageStart = needs.merging.map { _ in StageStart(parameters, backend: backend) }
        vectors = needs.vectors.map {
            TaskVectors($0, parameters, places: shared.indices, backend: backend)
        }
    }

    /// Tasks of stages before this one that this one does not train.
    func earlier(_ stage: Int) -> [Int] {
        let before = Set(stages.prefix(stage).joined())
        return before.subtracting(stage < stages.count ? stages[stage] : []).sorted()
    }

    /// Whether a stage's rows are kept with what the model answered: another stage comes.
    private func keepsOutputs(_ stage: Int) -> Bool { outputs != nil && stage + 1 < stages.count }

    /// Whether the steps of a stage bring rows whose gradient they may not oppose.
    func hasReference(_ stage: Int) -> Bool { reference != nil && !earlier(stage).isEmpty }

    /// What the steps of a stage are to be remembered by; `nil` where nothing asks for it.
    func path(stage: Int) -> PathIntegral? { stage + 1 < stages.count ? path : nil }

    var penalties: Penalties? {
        guard let anchor, let need = needs.anchor, !anchor.isEmpty else { return nil }
        return anchor.penalties(strength: strength * need.strength)
    }

    /// Doubles what methods weigh, up to sixteen times; replay draws up to four rows for a new one.
    /// - Returns: false at that limit, or where nothing that has a weight acts in this stage.
    mutating func strengthen(stage: Int) -> Bool {
        let replaysMore = replay?.canDrawMore(times: strength) ?? false
        let keepsEarlier =
            needs.anchor != nil || replaysMore || needs.distillation != nil
            || needs.storedOutputs != nil || needs.merging != nil
        let acts = stage > 0 ? keepsEarlier : needs.anchor?.importance == .base
        guard acts, strength < Self.strengthMax else { return false }
        strength *= 2
        return true
    }

    private static let strengthMax = 16.0

    /// The rows of a step: the drawn ones, with what they should keep answering, and all that is
    /// trained on or compared with beside them.
    func rows(
        _ draws: [RunPlan.Draw], stage: Int, step: Int, referenceSpan: Int
    ) -> [StepRow] {
        var rows = draws.map { draw in
            var row = StepRow(data[draw.task][draw.row])
            row.keepsOutputs = keepsOutputs(stage) && draw.pass == 0
            return row
        }
        if let answers, var need = needs.distillation {
            need.weight *= strength
            for (index, draw) in draws.enumerated() {
                rows[index].outputs = answers.targets(
                    task: draw.task, row: draw.row, need: need, share: 1 / Double(draws.count))
            }
        }
        let count = draws.count
        let replayed = replay?.draw(newRows: count, step: step, times: strength) ?? []
        rows += replayed.map { StepRow(data[$0][$1]) }
        let compared = reference?.draw(newRows: count, step: step) ?? []
        rows += compared.map {
            StepRow(data[$0][$1], span: referenceSpan, weight: 1 / Double(compared.count))
        }
        let kept =
            outputs?.rows(newRows: count, step: step, tasks: earlier(stage)) { data[$0][$1] }
            ?? []
        return rows + kept.map { $0.weighing(strength) }
    }

    /// Keeps outputs of rows that were trained on for the first time.
    mutating func trained(_ draws: [RunPlan.Draw], stage: Int, _ result: StepResult) {
        guard keepsOutputs(stage) else { return }
        let seen = Set(stages.prefix(stage).joined())
        for draw in draws where draw.pass == 0 && !seen.contains(draw.task) {
            let example = data[draw.task][draw.row]
            // Of equal rows one that was seen before has nothing to keep.
            guard
                let loss = result.rows.first(where: {
                    $0.row.keepsOutputs && $0.row.example == example
                })?.loss
            else { continue }
            outputs?.offer(task: draw.task, row: draw.row, loss.kept)
        }
    }

    /// Whether the model answers for all tasks only when a stage is over.
    var mergesAtStageEnd: Bool { vectors != nil }

    /// Whether the weights are merged with older ones while a stage goes on.
    var mergesInStages: Bool { needs.merging != nil }

    /// After each of a stage's steps: merges the weights with others where that is due.
    func stepped(_ steps: Int, of count: Int) {
        if steps == count { vectors?.merge() }
        guard let need = needs.merging, need.isDue(after: steps, of: count) else { return }
        stageStart?.merge(share: 1 - (1 - need.share) / strength)
    }

    /// After a stage: learns what matters to its tasks, and records what the next one needs.
    /// - Parameter between: called before each row; what it throws leaves this value unchanged.
    mutating func ended(
        stage: Int, runner: StepRunner, between: () throws -> Void
    ) throws {
        guard stage + 1 < stages.count else { return }
        var fisher: [Int: Tensor] = [:]
        if let need = needs.anchor, case .path(let damping) = need.importance, let path {
            fisher = path.importances(damping: damping)
        } else if let need = needs.anchor, need.importance != .base {
            let estimator = ImportanceEstimator(
                runner: runner, backend: backend, importance: need.importance,
                seed: SeededGenerator.hash("labels \(stage)", seed: seed))
            let rows = data.enumerated().map { task, rows in
                stages[stage].contains(task)
                    ? Reservoir.kept(
                        of: rows.count, capacity: need.samples,
                        seed: SeededGenerator.hash("fisher \(task)", seed: seed)
                    ).map { rows[$0] } : []
            }
            fisher = try estimator.estimate(rows, between: between)
        }
        var recorded = answers
        try recorded?.record(
            tasks: stages[stage + 1], heads: earlier(stage + 1), data: data,
            temperature: needs.distillation?.temperature ?? 1, runner: runner, backend: backend,
            between: between)
        var kept = outputs
        for task in stages[stage] {
            try kept?.record(task, data[task], runner: runner, between: between)
        }
        (answers, outputs) = (recorded, kept)
        anchor?.join(fisher, decay: needs.anchor?.decay)
        path?.restart()
        stageStart?.take(shared.backbone + Set(earlier(stage + 1).flatMap { shared.heads[$0] }))
        vectors?.startAnew()
        prepare(stage: stage + 1)
    }

    /// Fills the memories that follow from the stage alone.
    private mutating func prepare(stage: Int) {
        let (counts, tasks) = (data.map(\.count), earlier(stage))
        let balanced = needs.replay?.balancesClasses ?? false
        replay?.keep(tasks: tasks, counts: counts, labels: balanced ? labels : nil)
        reference?.keep(tasks: tasks, counts: counts)
    }
}

extension Retention {
    var saved: SavedState {
        // What the run starts from is there again where it starts again.
        let isFixed = needs.anchor?.importance == .base
        var state = isFixed ? SavedState() : anchor?.saved ?? SavedState()
        state.metadata["retention.strength"] = "\(strength)"
        if let path { state.add(path.saved) }
        if let stageStart { state.add(stageStart.saved) }
        if let vectors { state.add(vectors.saved) }
        if let answers { state.add(answers.saved) }
        if let outputs { state.add(outputs.saved(backend: backend)) }
        return state
    }

    mutating func restore(_ source: SavedSource, stage: Int) throws {
        strength = source.file.metadata["retention.strength"].flatMap { Double($0) } ?? 1
        if needs.anchor?.importance != .base { try anchor?.restore(source) }
        try path?.restore(source)
        try stageStart?.restore(source)
        try vectors?.restore(source)
        try answers?.restore(source, backend: backend)
        try outputs?.restore(source, backend: backend)
        prepare(stage: stage)
    }
}
