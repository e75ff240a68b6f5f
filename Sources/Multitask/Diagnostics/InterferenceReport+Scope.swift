import Spec

extension InterferenceReport {
    /// How the rows' losses add up to the loss of a step.
    package enum Scope: String, Sendable {
        /// Σ row losses ÷ rows: a task pulls by its share of the rows.
        case step
        /// Σ wₜ · (mean of the task's row losses): a task pulls by its weight.
        case task

        init(_ spec: RunSpec) {
            self = spec.weighting == nil && spec.aggregation == nil ? .step : .task
        }
    }
}

extension RunSpec {
    /// Tasks that name the head of `task`, itself among them; empty where it has its own.
    private func partners(_ task: TaskSpec) -> [TaskSpec] {
        task.head.map { head in tasks.filter { $0.head == head } } ?? []
    }

    /// Whether the model is told the task: not among tasks that share a head; `nil` of one that
    /// writes.
    func isTaskKnown(_ task: TaskSpec) -> Bool? {
        task.kind.traits.writesText ? nil : partners(task).count < 2
    }

    /// Tasks whose head nothing trains before their own first stage.
    var tasksWithNewHead: [Int] {
        let places = stagePlaces
        func start(_ name: String) -> Int? {
            places.firstIndex { $0.contains { tasks[$0].name == name } }
        }
        return tasks.indices.filter { place in
            let task = tasks[place]
            guard !task.kind.traits.writesText, let own = start(task.name), own > 0 else {
                return false
            }
            return !partners(task).contains { (start($0.name) ?? own) < own }
        }
    }
}
