import Foundation
import JSON
import Testing

@Suite("JSON values")
struct ValueTests {
    @Test(
        "are written compactly, in order, with shortest numbers",
        arguments: [
            ([nil, true, 1, 1.0, 0.1], "[null,true,1,1.0,0.1]"),
            (["b": 1, "a": ["/", "\u{1f}\n\"\\", "é"]], #"{"b":1,"a":["/","\u001f\n\"\\","é"]}"#),
            ([.number(.nan), .number(.infinity), -0.0], "[null,null,-0.0]"),
            (
                [1e300, .number(.leastNonzeroMagnitude), .integer(.min)],
                "[1e+300,5e-324,-9223372036854775808]"
            ),
        ] as [(JSON, String)])
    func written(value: JSON, expected: String) {
        #expect(value.text == expected)
    }

    @Test("accessors give nil for another kind")
    func accessors() {
        let value: JSON = ["s": "x", "i": 3, "n": 1.5, "b": true, "a": [1], "o": ["k": nil]]
        #expect(value["s"]?.string == "x")
        #expect(value["i"]?.integer == 3)
        #expect(value["i"]?.number == 3)
        #expect(value["n"]?.integer == nil)
        #expect(value["n"]?.number == 1.5)
        #expect(value["b"]?.bool == true)
        #expect(value["a"]?.array == [1])
        #expect(value["o"]?["k"]?.isNull == true)
        #expect(value["s"]?.integer == nil)
        #expect(value["none"] == nil)
        #expect(value["s"]?["x"] == nil)
    }

    @Test("an object can be changed and refuses duplicates", arguments: [1, 11, 12, 13, 40])
    func mutation(width: Int) {
        let members = (0..<width).map { (name: "m\($0)", value: JSON.integer(Int64($0))) }
        #expect(JSONObject(members + [members[0]]) == nil)
        guard var object = JSONObject(members) else {
            Issue.record("unique names were refused")
            return
        }
        object["new"] = "x"
        object["m0"] = nil
        object["new"] = "y"
        #expect(object.count == width)
        #expect(object["new"] == "y")
        #expect(object["m0"] == nil)
        #expect(object["m\(width - 1)"] == (width == 1 ? nil : .integer(Int64(width - 1))))
        #expect(object.names.last == "new")
    }

    @Test("random values survive writing and reading, and Foundation reads the same")
    func roundTrip() throws {
        var random = SeededRandom(seed: 7)
        for index in 0..<200 {
            let value: JSON = [random.value(depth: 4)]
            let same = try JSON.parse(value.bytes()) == value
            #expect(same, "value \(index)")
            let read = try JSONSerialization.jsonObject(with: Data(value.bytes()))
            let foundationAgrees = agrees(value, read)
            #expect(foundationAgrees, "value \(index)")
        }
    }

    private func agrees(_ value: JSON, _ other: Any) -> Bool {
        switch value {
        case .null: return other is NSNull
        case .bool(let bool): return (other as? NSNumber)?.boolValue == bool
        case .integer(let integer): return (other as? NSNumber)?.int64Value == integer
        case .number(let number):
            // Foundation goes through a decimal number whose conversion multiplies by ten up to
            // 128 times, rounding each time: 128 ulp < 1e-13. The round trip above is exact.
            return (other as? NSNumber).map {
                abs($0.doubleValue - number) <= 1e-13 * abs(number)
            } ?? false
        case .string(let string):
            return (other as? String).map { Array($0.utf8) } == Array(string.utf8)
        case .array(let array):
            guard let others = other as? [Any], others.count == array.count else { return false }
            return zip(array, others).allSatisfy(agrees)
        case .object(let object):
            guard let others = other as? [String: Any], others.count == object.count else {
                return false
            }
            return object.members.allSatisfy { member in
                others[member.name].map { agrees(member.value, $0) } ?? false
            }
        }
    }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func value(depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .integer(Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self))
        case 3:
            // Foundation keeps only normal doubles exactly; the others have vectors of their own.
            let number = Double(bitPattern: next())
            return .number(number.isNormal ? number : 0.5)
        case 4, 5: return .string(string())
        case 6:
            return .array(
                (0..<Int.random(in: 0..<6, using: &self)).map { _ in
                    value(depth: depth - 1)
                })
        default:
            let width = Int.random(in: 0..<20, using: &self)
            let members = (0..<width).map {
                (name: "\($0)" + string(), value: value(depth: depth - 1))
            }
            return .object(JSONObject(members) ?? [:])
        }
    }

    mutating func string() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &self) {
            let ceilings: [UInt32] = [0x20, 0x80, 0x800, 0xD7FF, 0x10FFFF]
            let ceiling = ceilings.randomElement(using: &self) ?? 0x80
            // A byte order mark is swallowed by Foundation's reader.
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...ceiling, using: &self)),
                scalar.value != 0xFEFF
            {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
