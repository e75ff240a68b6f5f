/// A rewriting of a text, scalar by scalar. `change` says how each new scalar relates to the old
/// ones: 0 replaces the next old one, 1 is inserted and comes from where the scalar before it
/// came from, -n replaces the next old one and swallows the n after it.
struct Edits: ~Copyable {
    struct Edit: BitwiseCopyable {
        var scalar: UInt32
        var change: Int32
    }

    var list = Run<Edit>()

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ change: Int32) {
        list.append(Edit(scalar: scalar, change: change))
    }

    /// Writes the edited `source` to `output`.
    func apply(to source: borrowing AlignedText, into output: inout AlignedText) {
        guard source.isTracked else {
            for index in 0..<list.count {
                output.append(scalar: list[index].scalar, AlignedText.Span(begin: 0, end: 0))
            }
            return
        }
        var position = 0
        for index in 0..<list.count {
            let edit = list[index]
            let at = edit.change > 0 ? position - 1 : position
            let span =
                source.count > 0 && at >= 0
                ? source.spans[min(at, source.count - 1)] : AlignedText.Span(begin: 0, end: 0)
            output.append(scalar: edit.scalar, span)
            guard edit.change <= 0 else { continue }
            for _ in 0..<(1 - edit.change) where position < source.count {
                position += Scalars.length(source.bytes[position])
            }
        }
    }
}
