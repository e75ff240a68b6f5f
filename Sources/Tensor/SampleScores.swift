// Sums over samples of a function of each sample's own gradient, without keeping one: what Fisher
// information and other importances are made of.

/// factor · Σ φ(gₛ) of one parameter, gₛ being the gradient of sample s alone.
///
/// While a parameter has it, the ops that know it (linear layers, embeddings, the language-model
/// loss) add to it instead of to accumulators, and the tasks of row spaces number samples. A table
/// may be read as an embedding and used as a matrix in one pass: its gradient is summed over all uses
/// before φ, which is why those two wait for `finish()`.
package final class SampleScores {
    /// As the parameter.
    package let sum: Tensor
    private let form: ScoreForm
    private let factor: Float
    private var products: [(dy: Tensor, x: Tensor, samples: [TaskSpan])] = []
    private var lookups: [(dy: Tensor, ids: [Int32], samples: [TaskSpan])] = []

    /// Starts from what `sum` holds.
    package init(_ sum: Tensor, _ form: ScoreForm, factor: Float) {
        (self.sum, self.form, self.factor) = (sum, form, factor)
    }

    /// gₛ = dyₛᵀ·xₛ in a matrix that has no other use.
    func add(_ dy: Tensor, _ x: Tensor, _ samples: [TaskSpan]) {
        sum.backend.addScores(
            ScoreProduct(
                dy.pointer, x.pointer, m: dy.width, n: x.width, samples: samples.map(\.rows),
                into: sum.pointer, factor: factor, form: form))
    }

    /// As `add`, in a table.
    func keep(_ dy: Tensor, _ x: Tensor, _ samples: [TaskSpan]) {
        products.append((dy, x, samples))
    }

    /// dy's rows are the gradient of the table's rows `ids`.
    func keep(_ dy: Tensor, ids: [Int32], _ samples: [TaskSpan]) {
        lookups.append((dy, ids, samples))
    }

    /// Call after each backward pass.
    package func finish() {
        for product in products { add(product.dy, product.x, product.samples) }
        for sample in Set(lookups.flatMap { $0.samples.map(\.task) }).sorted() { correct(sample) }
        discard()
    }

    /// Forgets a pass that failed.
    package func discard() { (products, lookups) = ([], []) }

    /// φ(d + s) instead of φ(d) in the rows that a sample read, d their part of the products.
    private func correct(_ sample: Int) {
        let width = sum.width
        var sparse: [Int32: [Float]] = [:]
        for lookup in lookups {
            for span in lookup.samples where span.task == sample {
                for row in span.rows {
                    let from = lookup.dy.pointer + row * width
                    sparse[lookup.ids[row], default: [Float](repeating: 0, count: width)]
                        .withUnsafeMutableBufferPointer { target in
                            for i in target.indices { target[i] += from[i] }
                        }
                }
            }
        }
        for (id, values) in sparse {
            let dense = denseRow(Int(id), sample)
            let target = sum.pointer + Int(id) * width
            for i in 0..<width {
                target[i] += factor * (score(dense[i] + values[i]) - score(dense[i]))
            }
        }
    }

    /// Row `id` of a sample's gradient from the products.
    private func denseRow(_ id: Int, _ sample: Int) -> [Float] {
        let width = sum.width
        var row = [Float](repeating: 0, count: width)
        for product in products {
            for span in product.samples where span.task == sample {
                for place in span.rows {
                    let slope = product.dy.pointer[place * product.dy.width + id]
                    let x = product.x.pointer + place * width
                    row.withUnsafeMutableBufferPointer { row in
                        for i in row.indices { row[i] += slope * x[i] }
                    }
                }
            }
        }
        return row
    }

    private func score(_ x: Float) -> Float { form == .square ? x * x : abs(x) }
}
