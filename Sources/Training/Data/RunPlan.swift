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

    /// Draws of each task in one epoch.
    let draws: [Int]
    let stepsByEpoch: [Int]
    let tokensByEpoch: [Int]
    var steps: Int { stepsByEpoch.reduce(0, +) }

    private let lengths: [[Int]]
    private let batchTokens: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - lengths: tokens of every training row, by task.
    ///   - shares: of each task, summing to 1.
    ///   - batchTokens: a step is filled up to this many tokens, with one row at least.
    init(lengths: [[Int]], shares: [Double], epochs: Int, batchTokens: Int, seed: UInt64) {
        self.lengths = lengths
        self.batchTokens = batchTokens
        self.seed = seed
        draws = Self.quotas(lengths.reduce(0) { $0 + $1.count }, shares)
        var steps: [Int] = []
        var tokens: [Int] = []
        for epoch in 0..<epochs {
            let drawn = Self.draw(epoch: epoch, draws: draws, lengths: lengths, seed: seed)
            steps.append(Self.fill(drawn, lengths, batchTokens).count)
            tokens.append(drawn.reduce(0) { $0 + lengths[$1.task][$1.row] })
        }
        stepsByEpoch = steps
        tokensByEpoch = tokens
    }

    /// The steps of an epoch, counted from 0. O(rows of the epoch).
    func epoch(_ epoch: Int) -> [[Draw]] {
        Self.fill(
            Self.draw(epoch: epoch, draws: draws, lengths: lengths, seed: seed), lengths,
            batchTokens)
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

    private static func draw(
        epoch: Int, draws: [Int], lengths: [[Int]], seed: UInt64
    ) -> [Draw] {
        var order = draws.enumerated().flatMap { task, count in
            repeatElement(task, count: count)
        }
        var generator = SeededGenerator(seed, 0, UInt64(epoch))
        generator.shuffle(&order)
        var taken = draws.map { $0 * epoch }
        var passes: [(pass: Int, rows: [Int])] = draws.map { _ in (-1, []) }
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

    private static func fill(
        _ draws: [Draw], _ lengths: [[Int]], _ batchTokens: Int
    ) -> [[Draw]] {
        var steps: [[Draw]] = []
        var room = 0
        for draw in draws {
            let length = lengths[draw.task][draw.row]
            if length <= room {
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
