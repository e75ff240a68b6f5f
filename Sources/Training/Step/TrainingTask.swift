package import Spec

/// What a training step needs to know of a task.
package struct TrainingTask: Sendable, Equatable {
    package var name: String
    package var kind: TaskKind

    package init(name: String, kind: TaskKind) {
        self.name = name
        self.kind = kind
    }
}
