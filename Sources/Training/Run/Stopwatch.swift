/// Seconds on the monotonic clock.
struct Stopwatch {
    private var start = ContinuousClock.now

    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    mutating func reset() { start = .now }
}
