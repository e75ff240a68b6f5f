internal import Sockets

/// A request body between the connection, which fills it, and one consumer on any thread.
final class BodyChannel: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var bufferedBytes = 0
        var isEnded = false
        var wasFull = false
        var wasDemanded = false
        var failure: (any Error)?
        var consumer: CheckedContinuation<[UInt8]?, any Error>?
    }
    private enum Taking {
        case piece([UInt8])
        case end
        case failed(any Error)
        case empty
    }

    private let state = Guarded(State())
    private let bufferBytesMax: Int
    private let onDemand: @Sendable () -> Void

    /// - Parameter onDemand: called on the consumer's thread when it first asks, and when it has
    ///   made room in a buffer that was full.
    init(bufferBytesMax: Int, onDemand: @escaping @Sendable () -> Void) {
        self.bufferBytesMax = bufferBytesMax
        self.onDemand = onDemand
    }

    // MARK: The connection's side

    /// - Returns: whether the consumer should take something before more is read; `onDemand`
    ///   tells when it has.
    func push(_ bytes: [UInt8]) -> Bool {
        let consumer = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
            guard state.failure == nil else { return nil }
            if let consumer = state.consumer {
                state.consumer = nil
                return consumer
            }
            state.pieces.append(bytes)
            state.bufferedBytes += bytes.count
            if state.bufferedBytes >= bufferBytesMax { state.wasFull = true }
            return nil
        }
        consumer?.resume(returning: bytes)
        return state.withLock { $0.wasFull }
    }

    func finish() {
        let consumer = state.withLock { state in
            state.isEnded = true
            defer { state.consumer = nil }
            return state.consumer
        }
        consumer?.resume(returning: nil)
    }

    /// What is buffered is dropped. After `finish` a consumer can still read the rest only if
    /// the failure comes later than its reading.
    func fail(_ error: any Error) {
        let consumer = state.withLock { state in
            if state.failure == nil { state.failure = error }
            state.pieces = []
            state.bufferedBytes = 0
            defer { state.consumer = nil }
            return state.consumer
        }
        consumer?.resume(throwing: error)
    }

    // MARK: The consumer's side

    func next() async throws -> [UInt8]? {
        switch take() {
        case .piece(let bytes): return bytes
        case .end: return nil
        case .failed(let error): throw error
        case .empty: break
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0) }
        } onCancel: {
            fail(CancellationError())
        }
    }

    private func take() -> Taking {
        let (taking, isDemand) = state.withLock { state -> (Taking, Bool) in
            let isFirst = !state.wasDemanded
            state.wasDemanded = true
            let (taking, makesRoom) = take(&state)
            return (taking, isFirst || makesRoom)
        }
        if isDemand { onDemand() }
        return taking
    }

    private func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
        // The connection may have filled the buffer since `take` found it empty.
        let (taking, makesRoom) = state.withLock { state -> (Taking, Bool) in
            let (taking, makesRoom) = take(&state)
            guard case .empty = taking else { return (taking, makesRoom) }
            if state.consumer != nil { return (.failed(CancellationError()), false) }
            state.consumer = continuation
            return (.empty, false)
        }
        if makesRoom { onDemand() }
        switch taking {
        case .piece(let bytes): continuation.resume(returning: bytes)
        case .end: continuation.resume(returning: nil)
        case .failed(let error): continuation.resume(throwing: error)
        case .empty: break
        }
    }

    /// What there is, and whether taking it made room in a buffer that was full.
    private func take(_ state: inout State) -> (taking: Taking, makesRoom: Bool) {
        if let failure = state.failure { return (.failed(failure), false) }
        guard !state.pieces.isEmpty else { return (state.isEnded ? .end : .empty, false) }
        let piece = state.pieces.removeFirst()
        state.bufferedBytes -= piece.count
        let makesRoom = state.wasFull && state.bufferedBytes < bufferBytesMax / 2
        if makesRoom { state.wasFull = false }
        return (.piece(piece), makesRoom)
    }
}
