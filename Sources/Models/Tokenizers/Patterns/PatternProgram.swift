/// A regular expression as instructions for `PatternMatcher`.
struct PatternProgram: Sendable {
    static let instructionsMax = 1024

    enum Operation: UInt8 {
        /// Takes one scalar of class `a`.
        case one
        /// Takes scalars of class `a`, as many as there are, giving them back one by one.
        case loop
        /// The same without giving back.
        case take
        /// Goes on at `a`, and where that fails at `b`.
        case split
        case jump
        /// Runs what stands at the next instruction for itself, then goes on at `a`.
        case ahead, notAhead, atomic
        /// Of the whole text.
        case begin, end
        /// Of a line of it.
        case lineBegin, lineEnd
        case accept
    }

    struct Instruction {
        var operation: Operation
        var a: Int32 = 0
        var b: Int32 = 0
        /// Number among the instructions that remember failures; -1 for the others.
        var memory: Int32 = -1
    }

    private(set) var instructions: [Instruction] = []
    private(set) var classes: [CompiledClass] = []
    private(set) var memories = 0
    private var classNumbers: [PatternClass: Int] = [:]
    private let path: String

    /// - Throws: `bad_model` naming what is not supported.
    init(_ text: String, _ path: String) throws {
        self.path = path
        try compile(try PatternParser.parse(text, path))
        _ = try emit(.accept)
    }

    func matches(
        in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ output: inout Run<Match>
    ) {
        var matcher = PatternMatcher(self, text, range)
        matcher.findAll(&output)
    }

    // MARK: Compiling

    @discardableResult
    private mutating func emit(_ operation: Operation, _ a: Int = 0, _ b: Int = 0) throws -> Int {
        guard instructions.count < Self.instructionsMax else {
            throw ModelError.badModel(
                "tokenizer: the pattern at \(path) is too large: it needs more than "
                    + "\(Self.instructionsMax) instructions")
        }
        var instruction = Instruction(operation: operation, a: Int32(a), b: Int32(b))
        if operation == .split || operation == .loop || operation == .take {
            instruction.memory = Int32(memories)
            memories += 1
        }
        instructions.append(instruction)
        return instructions.count - 1
    }

    private mutating func number(_ set: PatternClass) -> Int {
        if let number = classNumbers[set] { return number }
        classNumbers[set] = classes.count
        classes.append(CompiledClass(set))
        return classes.count - 1
    }

    private mutating func compile(_ syntax: PatternSyntax) throws {
        switch syntax {
        case .empty: break
        case .scalars(let set): try emit(.one, number(set))
        case .sequence(let parts):
            for part in parts { try compile(part) }
        case .alternatives(let branches): try compile(branches)
        case .repeated(let inner, let low, let high, let greed):
            try compile(inner, low, high, greed)
        case .lookahead(let inner, let isNegative):
            try group(isNegative ? .notAhead : .ahead, inner)
        case .atomic(let inner): try group(.atomic, inner)
        case .begin: try emit(.begin)
        case .end: try emit(.end)
        case .lineBegin: try emit(.lineBegin)
        case .lineEnd: try emit(.lineEnd)
        }
    }

    /// A group that is matched for itself forgets where it succeeded: were it without bound, time
    /// would not be linear.
    private mutating func group(_ operation: Operation, _ inner: PatternSyntax) throws {
        guard inner.isBounded else {
            throw ModelError.badModel(
                "tokenizer: the pattern at \(path) is not supported: a look-ahead or atomic group "
                    + "of unbounded length")
        }
        let at = try emit(operation)
        try compile(inner)
        try emit(.accept)
        instructions[at].a = Int32(instructions.count)
    }

    private mutating func compile(_ branches: [PatternSyntax]) throws {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try compile(branch)
                break
            }
            let split = try emit(.split)
            instructions[split].a = Int32(split + 1)
            try compile(branch)
            jumps.append(try emit(.jump))
            instructions[split].b = Int32(instructions.count)
        }
        for jump in jumps { instructions[jump].a = Int32(instructions.count) }
    }

    private mutating func compile(
        _ inner: PatternSyntax, _ low: Int, _ high: Int?, _ greed: PatternSyntax.Greed
    ) throws {
        if greed == .possessive {
            if case .scalars(let set) = inner, high == nil {
                for _ in 0..<low { try emit(.one, number(set)) }
                try emit(.take, number(set))
                return
            }
            return try group(.atomic, .repeated(inner, min: low, max: high, .greedy))
        }
        for _ in 0..<low { try compile(inner) }
        guard let high else { return try compileUnbounded(inner, greed) }
        var splits: [Int] = []
        for _ in 0..<(high - low) {
            splits.append(try emit(.split))
            try compile(inner)
        }
        let end = Int32(instructions.count)
        for split in splits { direct(split, Int32(split + 1), end, greed) }
    }

    private mutating func compileUnbounded(
        _ inner: PatternSyntax, _ greed: PatternSyntax.Greed
    ) throws {
        if case .scalars(let set) = inner, greed == .greedy {
            try emit(.loop, number(set))
            return
        }
        guard !inner.canBeEmpty else {
            throw ModelError.badModel(
                "tokenizer: the pattern at \(path) is not supported: it repeats without bound "
                    + "what can be empty")
        }
        let split = try emit(.split)
        try compile(inner)
        try emit(.jump, split)
        direct(split, Int32(split + 1), Int32(instructions.count), greed)
    }

    private mutating func direct(
        _ split: Int, _ body: Int32, _ end: Int32, _ greed: PatternSyntax.Greed
    ) {
        instructions[split].a = greed == .lazy ? end : body
        instructions[split].b = greed == .lazy ? body : end
    }
}

extension PatternSyntax {
    fileprivate var canBeEmpty: Bool {
        switch self {
        case .empty, .lookahead, .begin, .end, .lineBegin, .lineEnd: true
        case .scalars: false
        case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
        case .alternatives(let branches): branches.contains(where: \.canBeEmpty)
        case .repeated(let inner, let low, _, _): low == 0 || inner.canBeEmpty
        case .atomic(let inner): inner.canBeEmpty
        }
    }

    fileprivate var isBounded: Bool {
        switch self {
        case .empty, .begin, .end, .lineBegin, .lineEnd, .scalars: true
        case .sequence(let parts), .alternatives(let parts): parts.allSatisfy(\.isBounded)
        case .repeated(let inner, _, let high, _): high != nil && inner.isBounded
        case .atomic(let inner), .lookahead(let inner, _): inner.isBounded
        }
    }
}
