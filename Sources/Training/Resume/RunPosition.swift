/// Where a run stands in its plan: all that is needed to go on.
struct RunPosition: Equatable {
    /// The stage, from 0; equals the number of stages when only the final test is left.
    var stage = 0
    /// The epoch of the stage, from 0; equals the number of epochs when the stage is to be ended.
    var epoch = 0
    /// Steps of this epoch that were taken; when it equals the epoch's steps, its evaluation
    /// is next.
    var index = 0
    /// Rows of each task that this epoch trained on, replayed ones included.
    var rows: [Int: Int] = [:]
    /// Steps taken in all.
    var step = 0
    /// Steps taken before this stage.
    var stageStart = 0
    var tokens = 0
    /// Steps that were skipped for values that are not finite: in all, and in a row up to now.
    var skipped = 0
    var skippedInRow = 0
    /// Largest packed piece in tokens; lowered when memory ran out.
    var pieceTokens = Int.max
    var trainingSeconds = 0.0
    /// A policy ended the training early: only the final test is left.
    var isStopped = false
}
