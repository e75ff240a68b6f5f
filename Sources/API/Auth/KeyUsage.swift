/// How much one key has used of its limits. Pure: seconds come from the caller.
struct KeyUsage: Sendable {
    enum Refusal: Equatable {
        /// Too many requests lately; the next is welcome after so long.
        case rate(seconds: Double)
        /// Too many at the same time.
        case concurrent
    }

    private let requestsPerMinute: Int?
    private let concurrentMax: Int?
    /// Requests that may come now: a minute's worth at most, growing steadily.
    private var allowance: Double
    private var asOf = 0.0
    private(set) var inFlight = 0

    init(requestsPerMinute: Int?, concurrent: Int?) {
        self.requestsPerMinute = requestsPerMinute
        concurrentMax = concurrent
        allowance = Double(requestsPerMinute ?? 0)
    }

    /// Takes a place, to be given back by `release`.
    /// - Returns: why there is none.
    mutating func admit(now: Double) -> Refusal? {
        if let concurrentMax, inFlight >= concurrentMax { return .concurrent }
        if let requestsPerMinute {
            let rate = Double(requestsPerMinute) / 60
            let grown = asOf == 0 ? allowance : allowance + max(0, now - asOf) * rate
            allowance = min(Double(requestsPerMinute), grown)
            asOf = now
            guard allowance >= 1 else { return .rate(seconds: (1 - allowance) / rate) }
            allowance -= 1
        }
        inFlight += 1
        return nil
    }

    mutating func release() { inFlight -= 1 }
}
