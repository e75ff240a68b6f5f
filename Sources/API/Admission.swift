// Who gets in when there is more work than the server can do: decided before a body is read.
import HTTP
import Synchronization

/// Kinds of work that do not stand in each other's way.
package enum RouteClass: String, Sendable, CaseIterable {
    case classify, generate, upload
    /// Everything that a database answers.
    case other
    /// Health and metrics: always let in.
    case health

    var rejection: Rejection { Rejection("queue_\(rawValue)") }
}

extension Rejection {
    static let keyRate = Rejection("key_requests_per_minute")
    static let keyConcurrent = Rejection("key_concurrent")
    /// What this module counts, besides what the wire counts.
    static var service: [Rejection] {
        RouteClass.allCases.filter { $0 != .health }.map(\.rejection) + [.keyRate, .keyConcurrent]
    }
}

/// The requests of each class that are under way, of which only so many may be.
final class Admission: Sendable {
    private struct State {
        var underWay = 0
        /// Mean time between two requests that ended, lately; nil before there were two.
        var interval: Double?
        var lastEnd: Double?
    }

    private let places: [RouteClass: Int]
    private let states = Mutex<[RouteClass: State]>([:])
    private let clock: @Sendable () -> Double

    /// - Parameter clock: seconds that only grow.
    init(_ limits: APILimits, clock: @escaping @Sendable () -> Double) {
        places = [
            .classify: limits.classifyRequestsMax, .generate: limits.generateRequestsMax,
            .upload: limits.uploadsMax, .other: limits.otherRequestsMax,
        ]
        self.clock = clock
    }

    /// A place, held until the permit goes; nil for the class that needs none. O(1).
    /// - Throws: `APIError` `overloaded`, with the time that those under way will take.
    func admit(_ routeClass: RouteClass) throws -> Permit? {
        guard let most = places[routeClass] else { return nil }
        let full = states.withLock { states -> State? in
            let state = states[routeClass, default: State()]
            if state.underWay >= most { return state }
            states[routeClass, default: State()].underWay += 1
            return nil
        }
        if let full {
            let wait = (full.interval ?? 0) * Double(full.underWay)
            throw APIError(
                .overloaded,
                "\(most) requests of the class `\(routeClass.rawValue)` are under way, as many as "
                    + "may be; try again later",
                retryAfterSeconds: Int(min(wait, 120).rounded(.up)))
        }
        return Permit { [self] in leave(routeClass) }
    }

    private func leave(_ routeClass: RouteClass) {
        let now = clock()
        states.withLock { states in
            var state = states[routeClass, default: State()]
            state.underWay -= 1
            if let last = state.lastEnd {
                let interval = max(0, now - last)
                state.interval = state.interval.map { $0 * 0.9 + interval * 0.1 } ?? interval
            }
            state.lastEnd = now
            states[routeClass] = state
        }
    }
}
