import JSON
import Testing

@testable import Models

@Suite struct ConfigFileTests {
    @Test("numbers that JSON lacks are read past, and refused where they are asked for")
    func notFinite() throws {
        let file = try ConfigFile(
            text: #"{"eps": Infinity, "low":-Infinity, "note" : NaN, "layers": 2}"#)
        #expect(try file.integer("layers", in: 1...4) == 2)
        for key in ["eps", "low", "note"] {
            let error = #expect(throws: ModelError.self) {
                _ = try file.number(key, in: 0...1, default: 0.5)
            }
            #expect(error?.message.contains("\(key) must be a number from 0.0 to 1.0") == true)
        }
    }

    @Test("rotary scaling that is no object is refused, not passed over")
    func section() throws {
        let error = #expect(throws: ModelError.self) {
            _ = try Llama.Settings(ConfigFile(["rope_scaling": "linear"]))
        }
        #expect(error?.message.contains("rope_scaling must be an object") == true)
        #expect(try Llama.Settings(ConfigFile(["rope_scaling": nil])).window == nil)
    }
}
