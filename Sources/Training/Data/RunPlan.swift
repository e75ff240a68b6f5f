import Multitask

/// Which rows each optimiser step trains on: a function of the sizes, the shares and the seed,
/// so that (epoch, step) is all that a checkpoint needs to keep.
///
/// An epoch draws Σ nₜ rows. Each task gets its share of them exactly (rounded, at least one),
/// in shuffled order; a task's rows come from a permutation without replacement, reshuffled each
/// pass, and a pass goes on across epochs.
struct RunPlan {
    struct Draw: Equatable {
        var task: Int
        var row: Int
        /// How often the task's rows were all drawn before: 0 the first time.
        var pass: Int
    }

    /// Draws of each task, by epoch.
    let draws: [[Int]]
    private(set) var stepsByEpoch: [Int]
    private(set) var tokensByEpoch: [Int]
    var steps: Int { stepsByEpoch.reduce(0, +) }

    private let lengths: [[Int]]
    private let batchTokens: Int
    private let batchRows: Int
    private let seed: UInt64
    private let curriculum: Curriculum?

    /// - Parameters:
    ///   - lengths: tokens of every training row, by task.
    ///   - shares: of each task, summing to 1, by epoch.
    ///   - batchTokens: a step is filled up to this many tokens, with one row at least.
    ///   - batchRows: and up to this many rows.
    init(
        lengths: [[Int]], shares: [[Double]], batchTokens: Int, batchRows: Int = .max,
        seed: UInt64, curriculum: Curriculum? = nil
    ) {
        self.lengths = lengths
        self.batchTokens = batchTokens
        self.batchRows = batchRows
        self.seed = seed
        self.curriculum = curriculum
        let count = lengths.reduce(0) { $0 + $1.count }
        draws = shares.map { Self.quotas(count, $0) }
        var steps: [Int] = []
        var tokens: [Int] = []
        stepsByEpoch = []
        tokensByEpoch = []
        for epoch in draws.indices {
            let drawn = draw(epoch: epoch)
            steps.append(fill(drawn).count)
            tokens.append(drawn.reduce(0) { $0 + lengths[$1.task][$1.row] })
        }
        stepsByEpoch = steps
        tokensByEpoch = tokens
    }

    /// The steps of an epoch, counted from 0. O(rows of the epoch); with a curriculum, of all
    /// epochs up to it.
    func epoch(_ epoch: Int) -> [[Draw]] {
        var drawn = draw(epoch: epoch)
        if curriculum != nil { countVisits(&drawn, epoch: epoch) }
        return fill(drawn)
    }

    /// Sets the pass of draws that a curriculum made: 0 the first time that a row is drawn.
    private func countVisits(_ drawn: inout [Draw], epoch: Int) {
        struct Place: Hashable {
            var task: Int
            var row: Int
        }
        var seen: Set<Place> = []
        for before in 0..<epoch {
            for draw in draw(epoch: before) { seen.insert(Place(task: draw.task, row: draw.row)) }
        }
        for index in drawn.indices {
            let place = Place(task: drawn[index].task, row: drawn[index].row)
            drawn[index].pass = seen.insert(place).inserted ? 0 : 1
        }
    }

    /// Largest-remainder rounding of `total · share`, at least 1 where the share is not 0.
    private static func quotas(_ total: Int, _ shares: [Double]) -> [Int] {
        let exact = shares.map { $0 * Double(total) }
        var quotas = exact.map { Int($0) }
        let order = exact.indices.sorted {
            (exact[$0] - exact[$0].rounded(.down), $1) > (exact[$1] - exact[$1].rounded(.down), $0)
        }
        for task in order.prefix(max(0, total - quotas.reduce(0, +))) { quotas[task] += 1 }
        return zip(quotas, shares).map { $1 > 0 ? max(1, $0) : 0 }
    }

    private func draw(epoch: Int) -> [Draw] {
        var order = draws[epoch].enumerated().flatMap { task, count in
            repeatElement(task, count: count)
        }
        var generator = SeededGenerator(seed, 0, UInt64(epoch))
        generator.shuffle(&order)
        if let curriculum { return paced(order, curriculum, epoch: epoch) }
        var taken = lengths.indices.map { task in
            draws.prefix(epoch).reduce(0) { $0 + $1[task] }
        }
        var passes: [(pass: Int, rows: [Int])] = lengths.map { _ in (-1, []) }
        return order.map { task in
            let count = lengths[task].count
            let (pass, place) = taken[task].quotientAndRemainder(dividingBy: count)
            if passes[task].pass != pass {
                var rows = SeededGenerator(seed, 1, UInt64(task), UInt64(pass))
                passes[task] = (pass, rows.permutation(count))
            }
            taken[task] += 1
            return Draw(task: task, row: passes[task].rows[place], pass: pass)
        }
    }

    /// Rows drawn uniformly from the open part of their task's ranking, with replacement.
    private func paced(_ order: [Int], _ curriculum: Curriculum, epoch: Int) -> [Draw] {
        var generator = SeededGenerator(seed, 2, UInt64(epoch))
        let all = Double(max(1, draws.count * order.count))
        return order.enumerated().map { number, task in
            let progress = Double(epoch * order.count + number) / all
            let open = UInt64(curriculum.open(task: task, progress: progress))
            let place = generator.index(below: Int(open))
            return Draw(task: task, row: curriculum.rankings[task][place], pass: 0)
        }
    }

    private func fill(_ draws: [Draw]) -> [[Draw]] {
        var steps: [[Draw]] = []
        var room = 0
        for draw in draws {
            let length = lengths[draw.task][draw.row]
            if length <= room, steps[steps.count - 1].count < batchRows {
                steps[steps.count - 1].append(draw)
                room -= length
            } else {
                steps.append([draw])
                room = batchTokens - length
            }
        }
        return steps
    }
}
