import Datasets
import Multitask

/// Splits a data set by text: rows with equal texts stay on one side, and the side depends on
/// nothing but the texts: runs of other seeds hold out the same rows, and one that goes on from
/// another's model is not judged by rows that the other trained on.
enum HeldOutSplit {
    /// Row indices of both sides, ascending. At least one row is held out, and one of each label
    /// with three rows or more; no label loses its last training row.
    static func split(
        _ rows: [Row], fraction: Double
    ) -> (training: [Int], heldOut: [Int]) {
        let groups = Dictionary(grouping: rows.indices, by: { rows[$0].question })
            .sorted { first, second in
                let a = SeededGenerator.hash(first.key, seed: orderSeed)
                let b = SeededGenerator.hash(second.key, seed: orderSeed)
                return a == b ? first.key < second.key : a < b
            }
            .map(\.value)
        var left: [String: Int] = [:]
        for row in rows { left[label(row), default: 0] += 1 }
        var quotas = left.mapValues { quota($0, fraction) }
        if quotas.values.allSatisfy({ $0 == 0 }), let largest = largest(left) {
            quotas[largest] = 1
        }
        let wanted = quotas
        var held: Set<Int> = []
        // A text of more rows than are wanted of its label in all is taken only where no other is.
        for takesLarge in [false, true] {
            for group in groups where held.isDisjoint(with: group) {
                guard let name = group.first.map({ label(rows[$0]) }),
                    let quota = quotas[name], quota > 0,
                    takesLarge ? quota == wanted[name] : group.count <= wanted[name] ?? 0
                else { continue }
                var after = left
                for row in group { after[label(rows[row]), default: 0] -= 1 }
                guard group.allSatisfy({ after[label(rows[$0]), default: 0] > 0 }) else { continue }
                left = after
                for row in group { quotas[label(rows[row]), default: 0] -= 1 }
                held.formUnion(group)
            }
        }
        return (rows.indices.filter { !held.contains($0) }, held.sorted())
    }

    private static let orderSeed: UInt64 = 1

    private static func quota(_ count: Int, _ fraction: Double) -> Int {
        let exact = Int((fraction * Double(count)).rounded())
        return max(exact, count >= 3 ? 1 : 0)
    }

    /// The label of most rows, the first by name among equals.
    private static func largest(_ counts: [String: Int]) -> String? {
        counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    /// What a share is held out of: the rows of each label where a row has one.
    private static func label(_ row: Row) -> String {
        switch row {
        case .labelled(_, let label), .pair(_, _, let label): label
        default: ""
        }
    }
}
