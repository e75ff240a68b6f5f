/// A run that cannot start or go on.
package struct TrainingError: Error, Equatable, CustomStringConvertible {
    /// `dataset_missing`, `dataset_format`, `dataset_empty`, `dataset_unreadable`,
    /// `dataset_corrupt`, `label_unknown`, `row_empty`,
    /// `spec_invalid`, `checkpoint_mismatch`, `out_of_memory`, `diverged`, or a code passed on
    /// from the model's files.
    package var code: String
    /// Names the task or parameter, the rule and the value found; never row text.
    package var message: String

    package var description: String { message }

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
