import Spec

extension TaskKind {
    /// How training works with the kind.
    var learnt: any LearntKind {
        switch self {
        case .classification: LearntClassification()
        case .multiLabel: LearntMultiLabel()
        case .regression: LearntRegression()
        case .pairClassification: LearntPairClassification()
        case .tokenClassification: LearntTokenClassification()
        case .generation: LearntGeneration()
        case .sequenceToSequence: LearntSequenceToSequence()
        }
    }
}
