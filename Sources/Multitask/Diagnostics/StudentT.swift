internal import Glibc

/// Student's t distribution, for intervals of means of few values.
enum StudentT {
    private static let halvings = 80

    /// Half the width, in standard errors, of a two-sided interval that holds the mean with
    /// probability `level`, at `freedom` ≥ 1 degrees of freedom.
    static func halfWidth(_ level: Double, _ freedom: Int) -> Double {
        precondition(freedom >= 1 && level > 0 && level < 1)
        // t = √ν tan θ, and the probability grows with θ from 0 to π/2.
        var (low, high) = (0.0, Double.pi / 2)
        for _ in 0..<halvings {
            let middle = (low + high) / 2
            if within(middle, freedom) < level { low = middle } else { high = middle }
        }
        return Double(freedom).squareRoot() * tan((low + high) / 2)
    }

    /// P(|t| < √ν tan θ): the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    private static func within(_ angle: Double, _ freedom: Int) -> Double {
        let isOdd = freedom % 2 == 1
        let square = cos(angle) * cos(angle)
        // Terms of cos¹θ, cos³θ, … or of cos⁰θ, cos²θ, …, up to the power ν − 2.
        var (term, sum) = (isOdd ? cos(angle) : 1, 0.0)
        for power in stride(from: isOdd ? 1 : 0, through: freedom - 2, by: 2) {
            sum += term
            term *= square * Double(power + 1) / Double(power + 2)
        }
        return isOdd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
    }
}
