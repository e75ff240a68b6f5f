/// One measured value; (run, task, name, split, step) is its key, so sending it twice is harmless.
package struct MetricPoint: Codable, Sendable, Equatable {
    /// Task name; empty for values of the whole run.
    package var task: String
    /// `loss`, `accuracy`, `macro_f1`, `perplexity`, `loss_weight`, `grad_norm`, `sample_share`,
    /// `learning_rate`, `tokens_per_second`, …
    package var name: String
    /// `train`, `validation` or `test`.
    package var split: String
    package var epoch: Int
    package var step: Int
    package var value: Double

    package init(
        task: String = "", name: String, split: String = "train", epoch: Int, step: Int,
        value: Double
    ) {
        self.task = task
        self.name = name
        self.split = split
        self.epoch = epoch
        self.step = step
        self.value = value
    }
}
