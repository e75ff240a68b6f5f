import CPUBackend
import Tensor

/// Every way of computing that this machine offers; a further backend joins by one line.
struct BackendChoice: CustomTestStringConvertible, Sendable {
    let level: KernelLevel
    let threads: Int

    var testDescription: String { "\(level), \(threads) threads" }
    func make() -> CPUBackend { CPUBackend(threads: threads, level: level) }

    static let all = KernelLevel.available.flatMap { level in
        [1, 2].map { BackendChoice(level: level, threads: $0) }
    }
}

import Testing

/// Uniform in −1..<1, the same for a seed everywhere.
struct Noise {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 23) - 1
    }
    mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}
