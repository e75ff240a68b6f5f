import Models
import Tensor

/// Which of the parameters that train tasks share, by their places among them: all but the heads and
/// adapters that one task has for itself. A parameter that two modules tie is one parameter here,
/// and counts once.
struct SharedParameters {
    let indices: [Int]
    /// Those of single tasks: their heads, and adapters of their own.
    let others: [Int]
    /// The shared ones that are of no head: what the model had before the run, and what stands for it.
    let backbone: [Int]
    /// Those of each task's head; empty for a task that writes.
    let heads: [[Int]]
    /// The last of the shared ones in the blocks that get gradient from every task: GradNorm's W.
    /// Empty where the tasks share none.
    let last: [Parameter]
    private let isShared: [Bool]

    init(_ parameters: [Parameter], of model: Model, tasks: [TrainingTask]) {
        let names = model.heads.filter { head in tasks.contains { $0.name == head.task } }
            .map(\.adapter)
        let ownAdapters = model.adapters.filter { adapter in
            tasks.count > 1 && names.count { $0 == adapter.spec.name } < 2
        }
        var tasksByHead: [ObjectIdentifier: Int] = [:]
        for (weight, bias) in model.classifiers.values {
            tasksByHead[ObjectIdentifier(weight), default: 0] += 1
            tasksByHead[ObjectIdentifier(bias), default: 0] += 1
        }
        let own = Set(ownAdapters.flatMap(\.parameters).map(ObjectIdentifier.init))
            .union(tasksByHead.filter { $0.value == 1 }.keys)
        let isShared = parameters.map { !own.contains(ObjectIdentifier($0)) }
        indices = isShared.indices.filter { isShared[$0] }
        backbone = indices.filter {
            tasksByHead[ObjectIdentifier(parameters[$0])] == nil
        }
        heads = tasks.map { task in
            guard let (weight, bias) = model.classifiers[task.name] else { return [] }
            return parameters.indices.filter {
                parameters[$0] === weight || parameters[$0] === bias
            }
        }
        others = isShared.indices.filter { !isShared[$0] }
        self.isShared = isShared
        let trained = model.networks.map(\.lastSharedMatrix).first(where: \.isTrainable)
        let matrix = model.backbone.lastSharedMatrix
        let sharedAdapter = model.adapters.first { adapter in
            adapter.parameters.contains(where: \.isTrainable)
                && names.allSatisfy { $0 == adapter.spec.name }
        }
        last =
            trained.map { [$0] } ?? sharedAdapter?.last(upTo: matrix, of: model.backbone) ?? []
    }

    func contains(_ index: Int) -> Bool { isShared[index] }
}
