extension JSON {
    /// Deepest nesting of arrays and objects accepted where nothing else is said.
    package static let depthMax = 64

    /// Parses one RFC 8259 value, strictly: no duplicate names, NaN, numbers beyond a double,
    /// invalid UTF-8, lone surrogates, byte order mark, control characters or trailing bytes.
    ///
    /// Integers written without fraction or exponent that fit 64 bits become `.integer` (`-0`
    /// becomes 0), all other numbers `.number`; one too small for a double becomes 0.
    /// - Parameter depthMax: nesting beyond it is an error; at most 512, as the parser recurses.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, depthMax: Int = depthMax
    ) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, depthMax: min(depthMax, 512))
        return try parser.document()
    }

    package static func parse(
        _ bytes: some Collection<UInt8>, depthMax: Int = depthMax
    ) throws(JSONError) -> JSON {
        let parsed = bytes.withContiguousStorageIfAvailable {
            parseResult(UnsafeRawBufferPointer($0), depthMax)
        }
        if let parsed { return try parsed.get() }
        return try Array(bytes).withUnsafeBytes { parseResult($0, depthMax) }.get()
    }

    package static func parse(
        _ text: String, depthMax: Int = depthMax
    ) throws(JSONError) -> JSON {
        var text = text
        return try text.withUTF8 { parseResult(UnsafeRawBufferPointer($0), depthMax) }.get()
    }

    private static func parseResult(
        _ bytes: UnsafeRawBufferPointer, _ depthMax: Int
    ) -> Result<JSON, JSONError> {
        do throws(JSONError) {
            return .success(try parse(bytes, depthMax: depthMax))
        } catch {
            return .failure(error)
        }
    }
}
