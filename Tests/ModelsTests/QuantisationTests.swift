import JSON
import Testing

@testable import Models

@Suite("Quantised blocks")
struct QuantisationTests {
    /// `scripts/reference/quants.py` wrote the blocks and what llama.cpp's own package reads.
    @Test(
        "every block format is read as llama.cpp reads it",
        arguments: ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"])
    func blocks(name: String) throws {
        let golden = try #require(Golden.read("quants")[name])
        let code = try #require(golden["type"]?.integer)
        let type = try #require(GGUFType(rawValue: UInt32(code)))
        let hex = Array(try #require(golden["bytes"]?.string).utf8)
        let bytes = try stride(from: 0, to: hex.count, by: 2).map { index in
            try #require(UInt8(String(decoding: hex[index..<index + 2], as: UTF8.self), radix: 16))
        }
        let expected = golden["values"]?.numbers ?? []
        #expect(bytes.count == 2 * type.blockBytes && expected.count == 2 * type.blockLength)
        var values = [Float](repeating: .nan, count: expected.count)
        bytes.withUnsafeBytes { source in
            values.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                type.dequantise(from, to, count: expected.count)
            }
        }
        for (value, number) in zip(values, expected) {
            // The goldens have seven digits; minima cancel.
            #expect(abs(Double(value) - number) <= 1e-6 * max(1, abs(number)))
        }
    }
}
