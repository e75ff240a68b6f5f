import Models

/// Which of a model's parameters tasks share, by their places in `Model.parameters`: all but those
/// of heads that one task has for itself. A parameter that two modules tie is one parameter here,
/// and counts once.
struct SharedParameters {
    let indices: [Int]
    /// Those of the tasks' own heads.
    let others: [Int]
    private let isShared: [Bool]

    init(_ model: Model) {
        var tasksByHead: [ObjectIdentifier: Int] = [:]
        for (weight, bias) in model.classifiers.values {
            tasksByHead[ObjectIdentifier(weight), default: 0] += 1
            tasksByHead[ObjectIdentifier(bias), default: 0] += 1
        }
        let isShared = model.parameters.map { tasksByHead[ObjectIdentifier($0)] != 1 }
        indices = isShared.indices.filter { isShared[$0] }
        others = isShared.indices.filter { !isShared[$0] }
        self.isShared = isShared
    }

    func contains(_ index: Int) -> Bool { isShared[index] }
}
