import Multitask

/// Rows kept of each task of earlier stages, and draws from them. A function of the sizes and the
/// seed, so that a checkpoint needs nothing of it.
struct TaskMemory {
    struct Kept {
        var task: Int
        var rows: [Int]
    }

    /// Beyond it a step would hardly train what is new.
    private static let rateMax = 4.0

    private(set) var kept: [Kept] = []
    private let fraction: Double
    private let rate: Double
    private let seed: UInt64

    /// - Parameters:
    ///   - fraction: share of a task's rows that is kept, one row at least.
    ///   - rate: drawn rows for each new one.
    init(fraction: Double, rate: Double, seed: UInt64) {
        self.fraction = fraction
        self.rate = rate
        self.seed = seed
    }

    /// Keeps rows of these tasks and no others.
    /// - Parameters:
    ///   - counts: training rows of every task.
    ///   - labels: of every task's rows, whose classes are to be kept evenly; empty, or `nil`:
    ///     rows are kept uniformly.
    mutating func keep(tasks: [Int], counts: [Int], labels: [[Int32]]? = nil) {
        kept = tasks.map { task in
            let capacity = Self.quota(fraction, of: counts[task])
            let seed = SeededGenerator.hash("reservoir \(task)", seed: seed)
            guard let labels = labels?[task], !labels.isEmpty else {
                return Kept(
                    task: task,
                    rows: Reservoir.kept(of: counts[task], capacity: capacity, seed: seed))
            }
            return Kept(
                task: task,
                rows: ClassBalancedReservoir.kept(labels: labels, capacity: capacity, seed: seed))
        }
    }

    static func quota(_ fraction: Double, of count: Int) -> Int {
        max(1, Int((fraction * Double(count)).rounded(.up)))
    }

    /// Rows for a step that has `newRows` of its own: `rate` times as many on average, each task
    /// as often as any other.
    /// - Parameter times: the rate that many times, but no more than `rateMax`.
    func draw(newRows: Int, step: Int, times: Double = 1) -> [(task: Int, row: Int)] {
        Self.places(
            counts: kept.map(\.rows.count), newRows: newRows,
            rate: max(rate, min(times * rate, Self.rateMax)), step: step, seed: seed
        ).map { (kept[$0].task, kept[$0].rows[$1]) }
    }

    /// Whether a rate of more than this many times the asked one would be drawn.
    func canDrawMore(times: Double) -> Bool { times * rate < Self.rateMax }

    /// Which kept row of which kept task, for a step's draw.
    static func places(
        counts: [Int], newRows: Int, rate: Double, step: Int, seed: UInt64
    ) -> [(task: Int, place: Int)] {
        guard !counts.isEmpty else { return [] }
        var generator = SeededGenerator(seed, UInt64(step))
        let exact = rate * Double(newRows)
        let count = Int(exact) + (generator.uniform() < exact - exact.rounded(.down) ? 1 : 0)
        let first = generator.index(below: counts.count)
        return (0..<count).map { number in
            let task = (first + number) % counts.count
            return (task, generator.index(below: counts[task]))
        }
    }
}
