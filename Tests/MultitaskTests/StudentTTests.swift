import Testing

@testable import Multitask

@Suite struct StudentTTests {
    /// From the tables of the distribution (Abramowitz and Stegun, 26.10), to four decimals or more.
    @Test(
        "Quantiles are those of the tables",
        arguments: [
            (1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (6, 2.4469),
            (10, 2.2281), (30, 2.0423), (120, 1.97993), (100_000, 1.95998),
        ])
    func tables(freedom: Int, quantile: Double) {
        #expect(abs(StudentT.halfWidth(0.95, freedom) - quantile) < 1e-4)
    }

    /// scipy 1.16, `stats.t.ppf(1 - (1 - level) / 2, freedom)`.
    @Test(
        "Other levels too",
        arguments: [
            (0.995, 3, 7.453319), (0.995, 12, 3.428444), (0.5, 7, 0.711142), (0.999, 1, 636.619249),
        ])
    func levels(level: Double, freedom: Int, width: Double) {
        #expect(abs(StudentT.halfWidth(level, freedom) / width - 1) < 1e-5)
    }
}
