/// Moving and adding floats and rows.
package protocol RowKernels {
    func zero(_ x: Floats, _ count: Int)
    func copy(_ x: Floats, to y: Floats, _ count: Int)
    /// y = a + b; y may be a or b.
    func add(_ a: Floats, _ b: Floats, into y: Floats, _ count: Int)
    /// y = a·b, elementwise; y may be a or b.
    func multiply(_ a: Floats, _ b: Floats, into y: Floats, _ count: Int)
    /// y = factor·x.
    func scale(_ x: Floats, by factor: Float, into y: Floats, _ count: Int)
    /// `columns` floats of each row from x to y, which have rows of other lengths; y (+)= x.
    func moveColumns(
        _ x: Floats, stride: Int, to y: Floats, stride: Int, rows: Int, columns: Int, adds: Bool)
    /// y[i] = table[ids[i]].
    func gatherRows(_ table: Floats, _ ids: [Int32], width: Int, into y: Floats)
    /// y[ids[i]] += x[i]; ids may repeat, and are added in order.
    func scatterAddRows(_ x: Floats, _ ids: ArraySlice<Int32>, width: Int, into y: Floats)
    /// y[s] = mean of x's rows in segment s.
    func meanRows(_ x: Floats, _ segments: [Segment], width: Int, into y: Floats)
    /// The gradient of `meanRows`: dx's rows of segment s = dy[s] ÷ rows. Other rows stay.
    func meanRowsBackward(_ dy: Floats, _ segments: [Segment], width: Int, into dx: Floats)
}
