/// One row of features for each of some examples, row by row.
package struct FeatureMatrix: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package let values: [Float]

    /// - Precondition: `values` holds rows × columns numbers.
    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "a feature matrix is rows × columns")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// xᵢ·yⱼ of all rows of this and the other matrix, in double; O(rows² · columns).
    func products(_ other: FeatureMatrix) -> [Double] {
        precondition(columns == other.columns, "rows must have the same features")
        var products = [Double](repeating: 0, count: rows * other.rows)
        values.withUnsafeBufferPointer { x in
            other.values.withUnsafeBufferPointer { y in
                for i in 0..<rows {
                    for j in 0..<other.rows {
                        var sum = 0.0
                        for k in 0..<columns {
                            sum += Double(x[i * columns + k]) * Double(y[j * columns + k])
                        }
                        products[i * other.rows + j] = sum
                    }
                }
            }
        }
        return products
    }

    /// Mean over the rows of the cosine between row i of both; a row of zeros counts as 0.
    package func meanCosine(_ other: FeatureMatrix) -> Double {
        precondition(rows == other.rows && columns == other.columns)
        guard rows > 0 else { return 1 }
        var total = 0.0
        for row in 0..<rows {
            var (product, x, y) = (0.0, 0.0, 0.0)
            for k in row * columns..<(row + 1) * columns {
                let (a, b) = (Double(values[k]), Double(other.values[k]))
                product += a * b
                x += a * a
                y += b * b
            }
            if x > 0, y > 0 { total += product / (x * y).squareRoot() }
        }
        return total / Double(rows)
    }

    /// The rows of this matrix, then those of the other.
    package func followed(by other: FeatureMatrix) -> FeatureMatrix {
        precondition(columns == other.columns)
        return FeatureMatrix(
            rows: rows + other.rows, columns: columns, values: values + other.values)
    }
}
