import Models
import Multitask
import Spec

extension TrainingSession {
    /// Rows of a task that the step itself has not.
    private static let rowsOfOthers = 8

    /// Measures how the tasks' gradients lie to each other before some of the steps, with rows of
    /// tasks of earlier stages beside the step's own: what does this step do to them?
    /// - Parameter rows: all that the step trains on.
    func diagnose(_ draws: [RunPlan.Draw], _ rows: [StepRow], learningRate: Double) throws {
        let plan = stage.rows.stepsByEpoch
        guard spec.tasks.count > 1,
            GradientProbe.isDue(
                epoch: position.epoch, step: position.index, of: plan[position.epoch])
        else { return }
        var examples = draws.map { data[$0.task].training[$0.row] }
        let before = Set(stages.prefix(position.stage).flatMap(\.tasks)).subtracting(stage.tasks)
        let column = model.column(task: spec.tasks[stage.tasks[0]].name)
        for task in before.sorted() where model.column(task: spec.tasks[task].name) == column {
            var generator = SeededGenerator(
                SeededGenerator.hash("diagnosis \(task)", seed: spec.seed),
                UInt64(drawNumber))
            for _ in 0..<Self.rowsOfOthers {
                let rows = data[task].training
                examples.append(rows[generator.index(below: rows.count)])
            }
        }
        guard let found = try probe.measure(examples) else { return }
        record(found, learningRate: learningRate)
        let shares = shares(rows)
        for (i, cause) in found.tasks.enumerated() where shares[cause] > 0 {
            for (j, task) in found.tasks.enumerated() where !found.effects.isEmpty {
                warning.measured(
                    effect: learningRate * found.effects[i][j], of: cause, on: task,
                    share: shares[cause])
            }
        }
    }

    /// The share of a step's loss that each task has, by its rows and their weights.
    private func shares(_ rows: [StepRow]) -> [Double] {
        let trained = rows.filter { $0.span != runner.referenceSpan }
        let scoped = trained.filter { $0.weight == nil }.map(\.example.task)
        var pulls = spec.tasks.map { _ in 0.0 }
        for (task, weight) in zip(scoped, runner.scope.rowWeights(tasks: scoped)) {
            pulls[task] += weight
        }
        for row in trained { pulls[row.example.task] += row.weight ?? 0 }
        let sum = pulls.reduce(0, +)
        return sum > 0 ? pulls.map { $0 / sum } : pulls
    }

    private func record(_ found: GradientMeasurement, learningRate: Double) {
        let names = found.tasks.map { spec.tasks[$0].name }
        func add(_ task: String, _ name: String, _ value: Double) {
            buffer.add(
                MetricPoint(
                    task: task, name: name, split: InterferenceReport.split,
                    epoch: epochsBefore + 1, step: position.step, value: value))
        }
        for (i, name) in names.enumerated() {
            add(name, InterferenceReport.norm, found.norms[i])
            if let within = found.within[i] { add(name, InterferenceReport.within, within) }
            for (j, other) in names.enumerated() where j != i {
                if i < j { add(name, InterferenceReport.cosine + other, found.cosines[i][j]) }
                if !found.effects.isEmpty {
                    add(
                        name, InterferenceReport.effect + other,
                        learningRate * found.effects[i][j])
                }
            }
        }
    }
}
