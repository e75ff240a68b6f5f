import Spec
import Store

/// The points of one run, read page by page.
struct RunPoints {
    var store: Store
    var run: String
    var pageMax: Int

    func all(name: String? = nil, split: String) throws -> [MetricPoint] {
        var all: [MetricPoint] = []
        try each(name, split) { all += $0 }
        return all
    }

    /// One point for each task and epoch, at the last step of each: a value that every step writes
    /// is too much to keep.
    func epochMeans(name: String, split: String) throws -> [MetricPoint] {
        struct Key: Hashable {
            var task: String
            var epoch: Int
        }
        var found: [Key: (point: MetricPoint, count: Double)] = [:]
        try each(name, split) { page in
            for point in page where point.value.isFinite {
                let key = Key(task: point.task, epoch: point.epoch)
                let known = found[key]
                var sum = point
                sum.value += known?.point.value ?? 0
                found[key] = (sum, (known?.count ?? 0) + 1)
            }
        }
        return found.values.map { sum, count in
            var mean = sum
            mean.value /= count
            return mean
        }
    }

    private func each(
        _ name: String?, _ split: String, _ body: ([MetricPoint]) -> Void
    ) throws {
        var after: Int64?
        while true {
            let page = try store.metrics(
                run: run, task: nil, name: name, split: split, afterStep: nil, after: after,
                limit: pageMax)
            body(page.items.map(\.point))
            guard page.hasMore, let last = page.items.last else { return }
            after = last.number
        }
    }
}
