/// Where a run stands in its plan: all that is needed to go on.
struct RunPosition: Equatable {
    /// The epoch, from 0; equals the number of epochs when only the final test is left.
    var epoch = 0
    /// Steps of this epoch that were taken; when it equals the epoch's steps, its evaluation
    /// is next.
    var index = 0
    /// Steps taken in all.
    var step = 0
    var tokens = 0
    /// Steps that were skipped for values that are not finite: in all, and in a row up to now.
    var skipped = 0
    var skippedInRow = 0
    /// Largest packed piece in tokens; lowered when memory ran out.
    var pieceTokens = Int.max
    var trainingSeconds = 0.0
}
