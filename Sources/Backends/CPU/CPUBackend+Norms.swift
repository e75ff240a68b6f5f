internal import CKernels
package import Tensor

extension CPUBackend {
    /// Rows whose gain and bias gradients one thread sums before the sums are added in order.
    private static let partialRows = 32

    package func rmsNorm(
        _ x: Floats, gain: Floats, into y: Floats, rows: Int, width: Int, epsilon: Float
    ) {
        pool.run(rows, grain: grainRows(width)) {
            let offset = $0.lowerBound * width
            kernels.rms_norm(x + offset, gain, y + offset, $0.count, width, epsilon)
        }
    }

    package func layerNorm(
        _ x: Floats, gain: Floats, bias: Floats, into y: Floats, rows: Int, width: Int,
        epsilon: Float
    ) {
        pool.run(rows, grain: grainRows(width)) {
            let offset = $0.lowerBound * width
            kernels.layer_norm(x + offset, gain, bias, y + offset, $0.count, width, epsilon)
        }
    }

    package func rmsNormBackward(_ gradient: NormGradient) {
        normBackward(gradient) { g, rows, dx, dGain, _ in
            let offset = rows.lowerBound * g.width
            kernels.rms_norm_backward(
                g.x + offset, g.gain, g.dy + offset, dx, (g.dx?.adds ?? false) ? 1 : 0, dGain,
                rows.count, g.width, g.epsilon)
        }
    }

    package func layerNormBackward(_ gradient: NormGradient) {
        normBackward(gradient) { g, rows, dx, dGain, dBias in
            let offset = rows.lowerBound * g.width
            kernels.layer_norm_backward(
                g.x + offset, g.gain, g.dy + offset, dx, (g.dx?.adds ?? false) ? 1 : 0, dGain,
                dBias, rows.count, g.width, g.epsilon)
        }
    }

    private func normBackward(
        _ g: NormGradient,
        _ kernel: (NormGradient, Range<Int>, _ dx: Floats?, _ dGain: Floats?, _ dBias: Floats?)
            -> Void
    ) {
        let parts = (g.rows + Self.partialRows - 1) / Self.partialRows
        withScratch(2 * parts * g.width) { partials in
            let biasPartials = partials + parts * g.width
            pool.run(parts) { part, _ in
                let first = part * Self.partialRows
                let rows = first..<min(first + Self.partialRows, g.rows)
                kernel(
                    g, rows, g.dx.map { $0.pointer + first * g.width },
                    g.dGain.map { _ in partials + part * g.width },
                    g.dBias.map { _ in biasPartials + part * g.width })
            }
            for (target, sums) in [(g.dGain, partials), (g.dBias, biasPartials)] {
                guard let target else { continue }
                columnSums(
                    sums, rows: parts, columns: g.width, into: target.pointer,
                    accumulate: target.adds)
            }
        }
    }
}
