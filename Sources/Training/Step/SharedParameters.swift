import Models

/// Which of a model's parameters every task shares, by their places in `Model.parameters`. A
/// parameter that two modules tie is one parameter here, and counts once.
struct SharedParameters {
    let indices: [Int]
    /// Those of the tasks' own heads.
    let others: [Int]
    private let isShared: [Bool]

    init(_ model: Model) {
        let heads = Set(
            model.classifiers.values.flatMap { [$0.weight, $0.bias] }.map(ObjectIdentifier.init))
        let isShared = model.parameters.map { !heads.contains(ObjectIdentifier($0)) }
        indices = isShared.indices.filter { isShared[$0] }
        others = isShared.indices.filter { !isShared[$0] }
        self.isShared = isShared
    }

    func contains(_ index: Int) -> Bool { isShared[index] }
}
