/// What the parser counts against.
struct ParserLimits: Sendable, Equatable {
    var requestLineBytesMax = 8 * 1024
    var fieldBytesMax = 8 * 1024
    var headerBytesMax = 32 * 1024
    var fieldCountMax = 100
    /// All chunk extensions of one body together.
    var chunkExtensionBytesMax = 16 * 1024
}
