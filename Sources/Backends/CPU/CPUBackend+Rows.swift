internal import CKernels
internal import Glibc
package import Tensor

extension CPUBackend {
    package func zero(_ x: Floats, _ count: Int) {
        pool.run(count, grain: 4 * grainFloats) {
            memset(x + $0.lowerBound, 0, $0.count * MemoryLayout<Float>.stride)
        }
    }

    package func copy(_ x: Floats, to y: Floats, _ count: Int) {
        pool.run(count, grain: 4 * grainFloats) {
            (y + $0.lowerBound).update(from: x + $0.lowerBound, count: $0.count)
        }
    }

    package func add(_ a: Floats, _ b: Floats, into y: Floats, _ count: Int) {
        pool.run(count, grain: grainFloats) {
            kernels.add(a + $0.lowerBound, b + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
    }

    package func multiply(_ a: Floats, _ b: Floats, into y: Floats, _ count: Int) {
        pool.run(count, grain: grainFloats) {
            kernels.multiply(a + $0.lowerBound, b + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
    }

    package func scale(_ x: Floats, by factor: Float, into y: Floats, _ count: Int) {
        pool.run(count, grain: grainFloats) {
            kernels.broadcast_row(
                x + $0.lowerBound, factor, 1, $0.count, y + $0.lowerBound)
        }
    }

    package func moveColumns(
        _ x: Floats, stride strideX: Int, to y: Floats, stride strideY: Int, rows: Int,
        columns: Int, adds: Bool
    ) {
        pool.run(rows, grain: grainRows(columns)) {
            kernels.move_columns(
                x + $0.lowerBound * strideX, strideX, y + $0.lowerBound * strideY, strideY,
                $0.count, columns, adds ? 1 : 0)
        }
    }

    package func gatherRows(_ table: Floats, _ ids: [Int32], width: Int, into y: Floats) {
        pool.run(ids.count, grain: grainRows(width)) { rows in
            for row in rows {
                (y + row * width).update(from: table + Int(ids[row]) * width, count: width)
            }
        }
    }

    package func scatterAddRows(
        _ x: Floats, _ ids: ArraySlice<Int32>, width: Int, into y: Floats
    ) {
        ids.withUnsafeBufferPointer { ids in
            guard let first = ids.baseAddress else { return }
            // By columns: rows that repeat an id are added in order, by one thread.
            pool.run(width, grain: max(16, grainRows(ids.count) / 16 * 16)) { columns in
                kernels.scatter_add(
                    x + columns.lowerBound, first, ids.count, width, columns.count,
                    y + columns.lowerBound)
            }
        }
    }

    package func meanRows(_ x: Floats, _ segments: [Segment], width: Int, into y: Floats) {
        pool.run(segments.count) { index, _ in
            let rows = segments[index]
            kernels.mean_rows(
                x + rows.lowerBound * width, rows.count, width, y + index * width)
        }
    }

    package func meanRowsBackward(
        _ dy: Floats, _ segments: [Segment], width: Int, into dx: Floats
    ) {
        for (index, rows) in segments.enumerated() where !rows.isEmpty {
            kernels.broadcast_row(
                dy + index * width, 1 / Float(rows.count), rows.count, width,
                dx + rows.lowerBound * width)
        }
    }
}
