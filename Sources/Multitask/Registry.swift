// The one list of multitask methods: a method is its file plus one line here.

package import Spec

/// The methods that a run can choose by name.
package enum Multitask {
    private static let mixings: [any MixingMethod.Type] = [
        ProportionalMixing.self,
        UniformMixing.self,
        InverseFrequencyMixing.self,
        TemperatureMixing.self,
        AnnealedMixing.self,
        ExplicitMixing.self,
    ]

    private static let curricula: [any CurriculumMethod.Type] = [
        CompetenceCurriculum.self,
        RandomOrderCurriculum.self,
    ]

    private static let weightings: [any WeightingMethod.Type] = [
        EqualWeighting.self,
        FixedWeighting.self,
        RandomWeighting.self,
        UncertaintyWeighting.self,
        DynamicWeightAverage.self,
        GradNorm.self,
        FAMO.self,
    ]

    private static let aggregations: [any AggregationMethod.Type] = [
        SumAggregation.self,
        MeanAggregation.self,
        PCGrad.self,
        CAGrad.self,
        MGDA.self,
        UPGrad.self,
        DualProj.self,
        IMTLG.self,
        AlignedMTL.self,
        NashMTL.self,
    ]

    private static let retentions: [any RetentionMethod.Type] = [
        Replay.self,
        EWC.self,
        OnlineEWC.self,
        MAS.self,
        SI.self,
        L2SP.self,
        AGEM.self,
        DERPP.self,
        LwF.self,
        SFA.self,
        TaskArithmetic.self,
        TIES.self,
    ]

    private static let adaptations: [any AdaptationMethod.Type] = [
        FullAdaptation.self,
        LoRA.self,
        OLoRA.self,
        AdapterPerTask.self,
        HeadsOnly.self,
        ProgressiveColumns.self,
    ]

    /// Every method's name, source, parameters, ranges and defaults.
    package static var catalogue: [MethodDescriptor] {
        mixings.map { $0.descriptor } + curricula.map { $0.descriptor }
            + weightings.map { $0.descriptor }
            + aggregations.map { $0.descriptor } + retentions.map { $0.descriptor }
            + adaptations.map { $0.descriptor }
    }

    /// The mixing method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func mixing(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any MixingMethod {
        let (type, settings) = try choose(spec, among: mixings, tasks) { $0.descriptor }
        return type.init(settings)
    }

    /// The weighting method that `spec` names, at the state before the first step.
    /// - Parameters:
    ///   - seed: of a method that draws.
    ///   - squaredErrors: tasks whose loss is a squared error.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func weighting(
        _ spec: MethodSpec, tasks: [String], seed: UInt64 = 1, squaredErrors: Set<String> = []
    ) throws(MultitaskError) -> any WeightingMethod {
        let (type, settings) = try choose(
            spec, among: weightings, tasks, seed: seed, squaredErrors: squaredErrors
        ) { $0.descriptor }
        return type.init(settings)
    }

    /// The aggregation method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func aggregation(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any AggregationMethod {
        let (type, settings) = try choose(spec, among: aggregations, tasks) { $0.descriptor }
        return type.init(settings)
    }

    /// The retention method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func retention(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any RetentionMethod {
        let (type, settings) = try choose(spec, among: retentions, tasks) { $0.descriptor }
        return type.init(settings)
    }

    /// The adaptation that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func adaptation(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any AdaptationMethod {
        let (type, settings) = try choose(spec, among: adaptations, tasks) { $0.descriptor }
        return type.init(settings)
    }

    /// The curriculum that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func curriculum(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any CurriculumMethod {
        let (type, settings) = try choose(spec, among: curricula, tasks) { $0.descriptor }
        return type.init(settings)
    }

    /// The type that `spec` names and its checked settings. `types` are of one family.
    private static func choose<Method>(
        _ spec: MethodSpec, among types: [Method], _ tasks: [String], seed: UInt64 = 1,
        squaredErrors: Set<String> = [], descriptor: (Method) -> MethodDescriptor
    ) throws(MultitaskError) -> (Method, MethodSettings) {
        for type in types where descriptor(type).name == spec.method {
            return (
                type,
                try MethodSettings(
                    spec, tasks: tasks, descriptor: descriptor(type), seed: seed,
                    squaredErrors: squaredErrors)
            )
        }
        let known = types.map { descriptor($0).name }.joined(separator: ", ")
        let family = types.first.map { descriptor($0).family.rawValue } ?? ""
        throw MultitaskError(
            code: "unknown_method", message: "\(family).method must be one of \(known)")
    }
}
