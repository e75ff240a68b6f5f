import Foundation
import JSON

/// Numbers of an independent implementation, in `Tests/Goldens`.
enum Golden {
    static func read(_ name: String) throws -> JSON {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<2 { root.deleteLastPathComponent() }
        return try JSON.parse(
            Data(contentsOf: root.appendingPathComponent("Goldens/\(name).json")))
    }
}

extension JSON {
    var numbers: [Double] { array?.compactMap(\.number) ?? [] }
    var integers: [Int] { array?.compactMap { $0.integer.map(Int.init) } ?? [] }
    var tokens: [Int32] { integers.map { Int32($0) } }
}
