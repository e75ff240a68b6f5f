// min ½xᵀHx + bᵀx over x ≥ 0 for a handful of unknowns: the one solver that the aggregation
// methods share. Active sets after Lawson and Hanson (Solving Least Squares Problems, ch. 23).

enum NonnegativeQuadratic {
    /// Descent below this share of the largest slope is rounding.
    private static let slopeMin = 1e-13
    /// A pivot below this share of its diagonal means: depends on the others already.
    private static let pivotMin = 1e-13

    /// - Parameters:
    ///   - matrix: H, positive semi-definite.
    ///   - linear: b.
    /// - Complexity: O(T⁴) at worst, for T unknowns; some steps of O(T³) as a rule.
    static func minimum(_ matrix: Gramian, linear: [Double]) -> [Double] {
        let count = matrix.count
        var x = [Double](repeating: 0, count: count)
        var free: [Int] = []
        var refused: Set<Int> = []
        let scale = max(linear.map(abs).max() ?? 0, .leastNormalMagnitude)
        for _ in 0..<(10 * count + 10) {
            let slope = zip(matrix.times(x), linear).map { -($0 + $1) }
            let open = (0..<count).filter { !free.contains($0) && !refused.contains($0) }
            guard let best = open.max(by: { slope[$0] < slope[$1] }),
                slope[best] > slopeMin * scale
            else { return x }
            free.append(best)
            guard var target = solve(matrix, linear, free), target[free.count - 1] > 0 else {
                free.removeLast()
                refused.insert(best)
                continue
            }
            refused = []
            while target.contains(where: { $0 <= 0 }) {
                retreat(&x, &free, towards: target)
                guard let next = solve(matrix, linear, free) else { return x }
                target = next
            }
            for (place, index) in free.enumerated() { x[index] = target[place] }
        }
        return x
    }

    /// Goes from x towards the target as far as no coordinate turns negative, and binds those
    /// that reach zero.
    private static func retreat(_ x: inout [Double], _ free: inout [Int], towards target: [Double])
    {
        var share = 1.0
        var first: Int?
        for (place, index) in free.enumerated() where target[place] <= 0 {
            let reach = x[index] > 0 ? x[index] / (x[index] - target[place]) : 0
            guard reach <= share else { continue }
            (share, first) = (reach, index)
        }
        for (place, index) in free.enumerated() {
            x[index] += share * (target[place] - x[index])
        }
        if let first { x[first] = 0 }
        for index in free where x[index] <= 0 { x[index] = 0 }
        free.removeAll { x[$0] <= 0 }
    }

    /// H_FF s = −b_F by Cholesky; `nil` where the columns of F depend on each other.
    static func solve(_ matrix: Gramian, _ linear: [Double], _ free: [Int]) -> [Double]? {
        let size = free.count
        var lower = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                var sum = matrix[free[i], free[j]]
                for k in 0..<j { sum -= lower[i * size + k] * lower[j * size + k] }
                if i == j {
                    guard sum > pivotMin * matrix[free[i], free[i]] else { return nil }
                    lower[i * size + i] = sum.squareRoot()
                } else {
                    lower[i * size + j] = sum / lower[j * size + j]
                }
            }
        }
        var solution = free.map { -linear[$0] }
        for i in 0..<size {
            for k in 0..<i { solution[i] -= lower[i * size + k] * solution[k] }
            solution[i] /= lower[i * size + i]
        }
        for i in stride(from: size - 1, through: 0, by: -1) {
            for k in (i + 1)..<max(size, i + 1) { solution[i] -= lower[k * size + i] * solution[k] }
            solution[i] /= lower[i * size + i]
        }
        return solution
    }
}
