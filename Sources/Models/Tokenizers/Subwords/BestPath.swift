/// For every position of a piece the best way to it: its score, the last token on it and where
/// that token begins.
struct BestPath: ~Copyable {
    struct Step: BitwiseCopyable {
        var score: Double
        /// -1 while nothing ends here.
        var begin: Int32
        var token: Int32
    }

    var steps = Run<Step>()
    /// The steps on the way back.
    var ends = Run<Int32>()
}
