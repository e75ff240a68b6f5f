/// The normalisation forms of Unicode Standard Annex 15, with the origin of each character.
enum UnicodeForm: Normalizer {
    case nfc, nfd, nfkc, nfkd

    private struct Pending: BitwiseCopyable {
        var scalar: UInt32
        var change: Int32
        var combiningClass: UInt8
    }

    private var tables: Decompositions {
        switch self {
        case .nfc, .nfd: .canonical
        case .nfkc, .nfkd: .compatible
        }
    }

    /// The first scalar that a form may change.
    private var firstChanged: UInt8 {
        switch self {
        case .nfc: 0xCC  // U+0300, the first combining mark
        case .nfd: 0xC3  // U+00C0
        case .nfkc, .nfkd: 0xC2  // U+00A0
        }
    }

    /// By lead bytes: texts without accents need no tables.
    func leaves(_ source: borrowing AlignedText) -> Bool {
        let first = firstChanged
        for index in 0..<source.count where source.bytes[index] >= first { return false }
        return true
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        if leaves(source) { return output.append(source, 0..<source.count) }
        var edits = Edits()
        decompose(source, into: &edits)
        if self == .nfc || self == .nfkc {
            var composed = Edits()
            compose(edits, into: &composed)
            composed.apply(to: source, into: &output)
        } else {
            edits.apply(to: source, into: &output)
        }
    }

    /// Full decomposition, marks in the order of their combining classes.
    private func decompose(_ source: borrowing AlignedText, into edits: inout Edits) {
        let tables = tables
        var pending = Run<Pending>(capacity: 32)
        var position = 0
        while position < source.count {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            position += length
            if scalar &- 0xAC00 < 11172 {
                flush(&pending, into: &edits)
                let index = scalar - 0xAC00
                edits.append(0x1100 + index / 588, 0)
                edits.append(0x1161 + index % 588 / 28, 1)
                if index % 28 > 0 { edits.append(0x11A7 + index % 28, 1) }
                continue
            }
            let parts = tables[scalar]
            if parts.isEmpty {
                push(scalar, 0, tables, &pending, &edits)
                continue
            }
            var change: Int32 = 0
            for part in parts {
                push(part, change, tables, &pending, &edits)
                change = 1
            }
        }
        flush(&pending, into: &edits)
    }

    @inline(__always)
    private func push(
        _ scalar: UInt32, _ change: Int32, _ tables: Decompositions,
        _ pending: inout Run<Pending>, _ edits: inout Edits
    ) {
        let combiningClass = tables.combiningClass(scalar)
        if combiningClass == 0 {
            if pending.count > 0 { flush(&pending, into: &edits) }
            edits.append(scalar, change)
        } else {
            pending.append(
                Pending(scalar: scalar, change: change, combiningClass: combiningClass))
        }
    }

    /// Sorts stably: by insertion while few, else through an array, as a text may be marks only.
    private func flush(_ pending: inout Run<Pending>, into edits: inout Edits) {
        if pending.count > 32 {
            let sorted = pending.elements.enumerated().sorted {
                ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
            }
            for (_, mark) in sorted { edits.append(mark.scalar, mark.change) }
        } else {
            for index in 0..<pending.count {
                let mark = pending[index]
                var place = index
                while place > 0, pending[place - 1].combiningClass > mark.combiningClass {
                    pending[place] = pending[place - 1]
                    place -= 1
                }
                pending[place] = mark
            }
            for index in 0..<pending.count {
                edits.append(pending[index].scalar, pending[index].change)
            }
        }
        pending.removeAll()
    }

    /// The composition algorithm of section 3.11, D117: a mark joins the last starter unless one
    /// of its own class or a higher one stands between.
    private func compose(_ edits: borrowing Edits, into output: inout Edits) {
        let tables = Decompositions.canonical
        var starter: Int?
        var lastClass: UInt8?
        for index in 0..<edits.list.count {
            let edit = edits.list[index]
            let combiningClass = tables.combiningClass(edit.scalar)
            if let place = starter, lastClass.map({ $0 < combiningClass }) ?? true,
                let joined = tables.composition(output.list[place].scalar, edit.scalar)
            {
                output.list[place].scalar = joined
                output.list[place].change += edit.change - 1
                continue
            }
            if combiningClass == 0 {
                starter = output.list.count
                lastClass = nil
            } else if starter != nil {
                lastClass = combiningClass
            }
            output.append(edit.scalar, edit.change)
        }
    }
}
