// JSON text: parsing never traps, and what was parsed survives being written and parsed again.
@testable import JSON

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let value = try? JSON.parse(input) else { return 0 }
    guard let again = try? JSON.parse(value.bytes()) else {
        fatalError("what was written cannot be read")
    }
    #if CANARY
        // The seed is an object.
        if let items = value.array, items.count > 1 { fatalError("canary: an array of two") }
    #endif
    precondition(again.bytes() == value.bytes(), "writing is stable")
    return 0
}
