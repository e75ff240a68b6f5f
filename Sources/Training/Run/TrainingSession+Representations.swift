import FoundationEssentials
import Multitask
import Spec

extension TrainingSession {
    /// How far each layer's view of held-out rows has moved since the start of the run.
    func measureDrift() {
        for (layer, drift) in representations.measure().enumerated() {
            func add(_ name: String, _ value: Double) {
                buffer.add(
                    MetricPoint(
                        name: "\(name)\(layer)", split: InterferenceReport.split,
                        epoch: epochsBefore + 1, step: position.step, value: value))
            }
            add(InterferenceReport.driftCosine, drift.cosine)
            if let alignment = drift.alignment { add(InterferenceReport.driftCKA, alignment) }
        }
    }

    /// What the model still makes of plain text.
    func measureGeneralText() throws {
        guard let perplexity = try generalText?.perplexity() else { return }
        buffer.add(
            MetricPoint(
                name: InterferenceReport.generalPerplexity, split: InterferenceReport.split,
                epoch: epochsBefore + (position.step > 0 ? 1 : 0), step: position.step,
                value: perplexity))
    }

    /// The held-out rows' map before and after, when nothing will be trained any more.
    func drawMap() throws {
        guard let map = representations.map() else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(map)
        observer.document(
            name: RepresentationMap.document, json: String(decoding: json, as: UTF8.self))
    }
}
