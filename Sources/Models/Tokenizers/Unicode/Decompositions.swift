internal import Foundation

/// Full decompositions, combining classes and compositions as Unicode 9 had them, which is what
/// vocabularies were made with: scalars assigned later decompose to themselves. The mappings of
/// assigned scalars never change (Unicode's stability policy), so the system's tables serve.
struct Decompositions: @unchecked Sendable {  // because the tables are never written after init
    static let canonical = Decompositions { $0.decomposedStringWithCanonicalMapping }
    static let compatible = Decompositions { $0.decomposedStringWithCompatibilityMapping }

    private static let version: Unicode.Version = (9, 0)
    /// Scalars beyond have neither mappings nor combining classes.
    private static let limit: UInt32 = 0x30000

    /// Entry of each scalar below `limit`; 0 for none.
    private let entries: UnsafeMutablePointer<UInt16>
    private let classes: UnsafeMutablePointer<UInt8>
    private var begins: [Int32] = [0, 0]
    private var pool: [UInt32] = []
    private var compositions: [UInt64: UInt32] = [:]

    /// - Parameter decompose: all forms below are derived from this one.
    private init(_ decompose: (String) -> String) {
        entries = .allocate(capacity: Int(Self.limit))
        entries.initialize(repeating: 0, count: Int(Self.limit))
        classes = .allocate(capacity: Int(Self.limit))
        classes.initialize(repeating: 0, count: Int(Self.limit))
        let scalars = Self.candidates()
        // One call for all: a line feed neither decomposes nor lets marks pass.
        var text = String.UnicodeScalarView()
        for scalar in scalars {
            text.append(scalar)
            text.append("\n")
        }
        let lines = decompose(String(text)).unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false)
        for (scalar, line) in zip(scalars, lines) {
            classes[Int(scalar.value)] = scalar.properties.canonicalCombiningClass.rawValue
            if line.count == 1, line.first == scalar { continue }
            entries[Int(scalar.value)] = UInt16(begins.count - 1)
            pool += line.map(\.value)
            begins.append(Int32(pool.count))
        }
        compose(scalars)
    }

    private static func candidates() -> [Unicode.Scalar] {
        let ranges: [ClosedRange<UInt32>] = [
            0x80...0x33FF, 0xA000...0xABFF, 0xF900...0xFFFF, 0x10000...0x1FFFF, 0x2F800...0x2FA1F,
        ]
        return ranges.flatMap { $0 }.compactMap { Unicode.Scalar($0) }.filter { scalar in
            scalar.properties.age.map { $0 <= version } ?? false
        }
    }

    /// Pairs that compose, shortest decompositions first so that prefixes are known.
    private mutating func compose(_ scalars: [Unicode.Scalar]) {
        let composites = scalars.filter {
            !$0.properties.isFullCompositionExclusion && self[$0.value].count > 1
        }
        for scalar in composites.sorted(by: { self[$0.value].count < self[$1.value].count }) {
            let parts = self[scalar.value]
            var first = parts[parts.startIndex]
            for part in parts.dropFirst().dropLast() {
                guard let joined = compositions[UInt64(first) << 32 | UInt64(part)] else {
                    first = 0
                    break
                }
                first = joined
            }
            guard first > 0, let last = parts.last else { continue }
            compositions[UInt64(first) << 32 | UInt64(last)] = scalar.value
        }
    }

    /// What `scalar` decomposes to, in full; empty when it is whole or Hangul.
    @inline(__always)
    subscript(scalar: UInt32) -> ArraySlice<UInt32> {
        guard scalar < Self.limit, case let entry = Int(entries[Int(scalar)]), entry > 0 else {
            return []
        }
        return pool[Int(begins[entry])..<Int(begins[entry + 1])]
    }

    @inline(__always)
    func combiningClass(_ scalar: UInt32) -> UInt8 {
        scalar < Self.limit ? classes[Int(scalar)] : 0
    }

    /// What the two compose to, by the standard's table and its section 3.12 for Hangul.
    func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first &- 0x1100 < 19, second &- 0x1161 < 21 {
            return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
        }
        if first &- 0xAC00 < 11172, second &- 0x11A8 < 27, (first - 0xAC00) % 28 == 0 {
            return first + (second - 0x11A7)
        }
        return compositions[UInt64(first) << 32 | UInt64(second)]
    }
}
