import Models
import NN
import Tensor

// The ways in which tasks read their answers; see `Readout`.
extension PieceGraph {
    /// A row's weight, and the same spread over the terms of its mean; none where nothing is
    /// recorded.
    private func weights(_ members: Range<Int>) -> [Float] {
        tape.isRecording ? rows[members].map { Float($0.weight ?? 0) } : []
    }

    private func targetWeights(_ members: some Sequence<Int>) -> [Float] {
        guard tape.isRecording else { return [] }
        return members.flatMap { member in
            let count = rows[member].example.targets.count
            return repeatElement(Float((rows[member].weight ?? 0) / Double(count)), count: count)
        }
    }

    mutating func readTexts(
        _ group: Group, _ states: States, _ loss: @Sendable ([Example]) -> RowLoss
    ) {
        let outputs = model.classify(
            states.hidden, segments: Array(states.segments[group.members]),
            head: tasks[group.task].name, task: group.span, on: tape)
        // The loss overwrites them with its gradient.
        let values = outputs.floats()
        let rowLosses = loss(rows[group.members].map(\.example))(
            outputs, weights: weights(group.members), on: tape)
        let width = values.count / group.members.count
        for (row, member) in group.members.enumerated() {
            set(
                ExampleLoss(
                    lossSum: Double(rowLosses[row]), targets: 1,
                    logits: Array(values[row * width..<(row + 1) * width])),
                of: member)
        }
    }

    mutating func readPlaces(_ group: Group, _ states: States) {
        let places = group.members.flatMap { member in
            rows[member].example.places.map { Int32(states.segments[member].lowerBound) + $0 }
        }
        let outputs = model.classifyTokens(
            states.hidden, rows: places, head: tasks[group.task].name, task: group.span, on: tape)
        let values = outputs.floats()
        let width = values.count / places.count
        let losses = tape.crossEntropy(
            outputs, targets: group.members.flatMap { rows[$0].example.targets },
            weights: targetWeights(group.members))
        setSums(losses, of: Array(group.members)) { targets in
            Array(values[targets.lowerBound * width..<targets.upperBound * width])
        }
    }

    mutating func readNext(_ groups: [Group], _ states: States) {
        var indices: [Int32] = []
        var spans: [TaskSpan] = []
        for group in groups {
            let start = indices.count
            for member in group.members {
                let end = states.segments[member].upperBound
                indices += (end - rows[member].example.targets.count..<end).map { Int32($0) }
            }
            spans.append(TaskSpan(task: group.span, rows: start..<indices.count))
        }
        let members = groups.flatMap(\.members)
        let selected = tape.gather(
            states.hidden, indices, rows: RowSpace(count: indices.count, spans: spans))
        let losses = tape.linearCrossEntropy(
            selected, model.networks[column].outputProjection,
            targets: members.flatMap { rows[$0].example.targets },
            weights: targetWeights(members))
        setSums(losses, of: members)
    }

    mutating func readWritten(_ groups: [Group], _ states: States) {
        let members = groups.flatMap { group in group.members.map { ($0, group.span) } }
        let read = self.states(of: groups, states)
        let losses = model.writingLosses(
            read.hidden, read.segments,
            targets: members.map { (task: $0.1, tokens: rows[$0.0].example.targets) },
            adapters: members.map { adapter(rows[$0.0].example.task) },
            weights: targetWeights(members.map(\.0)), on: tape)
        setSums(losses, of: members.map(\.0))
    }

    /// The encoder's rows of some groups alone: a decoder reads all rows that it is given.
    private func states(of groups: [Group], _ states: States) -> States {
        let members = groups.flatMap(\.members)
        guard members.count < rows.count else { return states }
        var indices: [Int32] = []
        var segments: [Segment] = []
        var spans: [TaskSpan] = []
        for group in groups {
            let start = indices.count
            for member in group.members {
                let begin = indices.count
                indices += states.segments[member].map { Int32($0) }
                segments.append(begin..<indices.count)
            }
            spans.append(TaskSpan(task: group.span, rows: start..<indices.count))
        }
        let space = RowSpace(count: indices.count, spans: spans)
        return States(hidden: tape.gather(states.hidden, indices, rows: space), segments: segments)
    }

    /// Gives each member the sum over its own targets.
    private mutating func setSums(
        _ losses: [Float], of members: [Int], outputs: (Range<Int>) -> [Float] = { _ in [] }
    ) {
        var next = 0
        for member in members {
            let own = next..<next + rows[member].example.targets.count
            let sum = losses[own].reduce(0) { $0 + Double($1) }
            set(
                ExampleLoss(lossSum: sum, targets: own.count, logits: outputs(own)), of: member)
            next = own.upperBound
        }
    }
}
