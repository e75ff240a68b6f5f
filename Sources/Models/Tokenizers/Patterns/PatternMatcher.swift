/// Finds a program's matches by backtracking, leftmost first, in the order of its alternatives.
/// Once a text has cost more than a few thousand steps it remembers which instruction failed
/// where, so that no work is done twice: time is linear in the text for every pattern.
struct PatternMatcher: ~Copyable {
    /// A way not tried yet: the instruction to go on with at `position`; a loop has one for every
    /// position down to `low`.
    struct Choice: BitwiseCopyable {
        var next: Int32
        var position: Int32
        var low: Int32
        var trail: Int32
    }

    /// An instruction that was tried at these positions on the present way.
    struct Visit: BitwiseCopyable {
        var memory: Int32
        var low: Int32
        var high: Int32
    }

    private static let stepsWithoutMemory = 8192

    private let program: PatternProgram
    private let text: UnsafePointer<UInt8>
    private let range: Range<Int>
    private var choices = Run<Choice>(capacity: 32)
    private var trail = Run<Visit>(capacity: 32)
    /// Bit (memory, position) is set when that instruction fails there; empty at first.
    private var failed: [UInt64] = []
    private var steps = 0

    init(_ program: PatternProgram, _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        self.program = program
        // An empty text has no address; nothing is read from it.
        self.text = text.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        self.range = range
    }

    /// An empty match right behind the match before it is none.
    mutating func findAll(_ output: inout Run<Match>) {
        var position = range.lowerBound
        var last: Int?
        while position <= range.upperBound {
            let end = run(0, position)
            if end > position || (end == position && last != position) {
                output.append(Match(begin: UInt32(position), end: UInt32(end)))
                last = end
            }
            if end > position {
                position = end
            } else {
                guard position < range.upperBound else { return }
                position += Scalars.length(text[position])
            }
        }
    }

    /// - Returns: where the match from `position` ends; -1 when there is none.
    private mutating func run(_ start: Int, _ position: Int) -> Int {
        let base = choices.count
        let trailBase = trail.count
        var counter = start
        var position = position
        while true {
            if let end = advance(&counter, &position) {
                if end >= 0 {
                    choices.resize(base)
                    trail.resize(trailBase)
                    return end
                }
                // This way failed: so did everything since the last choice.
                guard choices.count > base else {
                    forget(trailBase)
                    return -1
                }
                let choice = choices[choices.count - 1]
                forget(Int(choice.trail))
                counter = Int(choice.next)
                position = Int(choice.position)
                if position > Int(choice.low) {
                    choices[choices.count - 1].position =
                        Int32(Scalars.start(before: position, in: text))
                } else {
                    choices.resize(choices.count - 1)
                }
            }
        }
    }

    /// Carries out one instruction.
    /// - Returns: nil to go on, the end of a match, or -1 for failure.
    @inline(__always)
    private mutating func advance(_ counter: inout Int, _ position: inout Int) -> Int? {
        let instruction = program.instructions[counter]
        switch instruction.operation {
        case .one:
            guard position < range.upperBound else { return -1 }
            let (scalar, length) = Scalars.decode(text + position)
            guard program.classes[Int(instruction.a)].contains(scalar) else { return -1 }
            position += length
            counter += 1
        case .take:
            if isKnown(instruction.memory, position) { return -1 }
            let end = runEnd(instruction, position)
            visit(instruction.memory, position, end)
            position = end
            counter += 1
        case .loop:
            if isKnown(instruction.memory, position) { return -1 }
            let end = runEnd(instruction, position)
            visit(instruction.memory, position, end)
            counter += 1
            if end > position {
                choices.append(
                    Choice(
                        next: Int32(counter),
                        position: Int32(Scalars.start(before: end, in: text)),
                        low: Int32(position), trail: Int32(trail.count)))
            }
            position = end
        case .split:
            if isKnown(instruction.memory, position) { return -1 }
            visit(instruction.memory, position, position)
            choices.append(
                Choice(
                    next: instruction.b, position: Int32(position), low: Int32(position),
                    trail: Int32(trail.count)))
            counter = Int(instruction.a)
        case .jump: counter = Int(instruction.a)
        case .ahead, .notAhead:
            let found = run(counter + 1, position) >= 0
            guard found == (instruction.operation == .ahead) else { return -1 }
            counter = Int(instruction.a)
        case .atomic:
            let end = run(counter + 1, position)
            guard end >= 0 else { return -1 }
            position = end
            counter = Int(instruction.a)
        case .begin:
            guard position == range.lowerBound else { return -1 }
            counter += 1
        case .end:
            guard position == range.upperBound else { return -1 }
            counter += 1
        case .lineBegin:
            guard position == range.lowerBound || text[position - 1] == 0x0A else { return -1 }
            counter += 1
        case .lineEnd:
            guard position == range.upperBound || text[position] == 0x0A else { return -1 }
            counter += 1
        case .accept: return position
        }
        return nil
    }

    @inline(__always)
    private mutating func runEnd(_ instruction: PatternProgram.Instruction, _ begin: Int) -> Int {
        let set = program.classes[Int(instruction.a)]
        var position = begin
        while position < range.upperBound {
            let (scalar, length) = Scalars.decode(text + position)
            guard set.contains(scalar) else { break }
            position += length
            // Beyond a known failure of the same loop there is nothing new to try.
            if instruction.memory >= 0, !failed.isEmpty, isKnown(instruction.memory, position) {
                break
            }
        }
        steps += position - begin
        return position
    }

    // MARK: Memory

    private func bit(_ memory: Int32, _ position: Int) -> (word: Int, mask: UInt64) {
        let index = Int(memory) * (range.count + 1) + position - range.lowerBound
        return (index >> 6, 1 << UInt64(index & 63))
    }

    @inline(__always)
    private func isKnown(_ memory: Int32, _ position: Int) -> Bool {
        guard !failed.isEmpty else { return false }
        let (word, mask) = bit(memory, position)
        return failed[word] & mask != 0
    }

    @inline(__always)
    private mutating func visit(_ memory: Int32, _ low: Int, _ high: Int) {
        steps += 1
        guard steps > Self.stepsWithoutMemory else { return }
        if failed.isEmpty {
            // Choices made before have no visits: what they lead to is not remembered, no more.
            let bits = program.memories * (range.count + 1)
            failed = [UInt64](repeating: 0, count: bits / 64 + 1)
        }
        trail.append(Visit(memory: memory, low: Int32(low), high: Int32(high)))
    }

    /// Notes the visits from `first` on as failures.
    @inline(__always)
    private mutating func forget(_ first: Int) {
        guard trail.count > first else { return }
        for index in first..<trail.count {
            let visit = trail[index]
            for position in Int(visit.low)...Int(visit.high) {
                let (word, mask) = bit(visit.memory, position)
                failed[word] |= mask
            }
        }
        trail.resize(first)
    }
}
