import Testing

@testable import Multitask

@Suite struct StudentTTests {
    /// From the tables of the distribution (Abramowitz and Stegun, 26.10), to four decimals.
    @Test(
        "Quantiles are those of the tables",
        arguments: [
            (1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (6, 2.4469),
            (10, 2.2281), (30, 2.0423), (120, 1.9799), (100_000, 1.96),
        ])
    func tables(freedom: Int, quantile: Double) {
        #expect(abs(StudentT.quantile975(freedom) - quantile) < 1e-3)
    }
}
