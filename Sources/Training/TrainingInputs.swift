/// Where a run finds its files, as paths that this process can open.
package struct TrainingInputs: Sendable {
    /// The pretrained model.
    package var base: String
    /// Fine-tuned weights to start from.
    package var weights: String?
    /// Canonical JSONL by data set id.
    package var datasets: [String: String]
    /// The checkpoint to go on from.
    package var checkpoint: String?
    /// A folder for checkpoints and the final model; the caller removes it.
    package var scratch: String

    package init(
        base: String, weights: String?, datasets: [String: String], checkpoint: String?,
        scratch: String
    ) {
        self.base = base
        self.weights = weights
        self.datasets = datasets
        self.checkpoint = checkpoint
        self.scratch = scratch
    }
}
