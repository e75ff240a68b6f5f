/// One word at a time, the alternatives in the order of the patterns in `WordShape`.
struct WordScanner {
    enum Kind: UInt8 { case letter, number, space, other }

    let text: UnsafePointer<UInt8>
    let end: Int

    @inline(__always)
    private func kind(_ position: Int) -> (kind: Kind, next: Int) {
        let byte = text[position]
        if byte < 0x80 {
            if (byte | 0x20) &- 0x61 < 26 { return (.letter, position + 1) }
            if byte == 0x20 || byte &- 0x09 < 5 { return (.space, position + 1) }
            return (byte &- 0x30 < 10 ? .number : .other, position + 1)
        }
        let (scalar, length) = Scalars.decode(text + position)
        let value = Categories.unicode16.value(scalar)
        let set = Categories.Set(rawValue: 1 << UInt32(value & 0x1F))
        let kind: Kind =
            !set.isDisjoint(with: .letter)
            ? .letter
            : !set.isDisjoint(with: .number)
                ? .number : value & Categories.whitespace != 0 ? .space : .other
        return (kind, position + length)
    }

    @inline(__always)
    private func runEnd(_ position: Int, _ wanted: Kind) -> Int {
        var position = position
        while position < end {
            let (kind, next) = kind(position)
            guard kind == wanted else { break }
            position = next
        }
        return position
    }

    func gpt2WordEnd(_ position: Int) -> Int {
        if text[position] == 0x27, let end = contractionEnd(position, ignoresCase: false) {
            return end
        }
        let first = kind(position)
        if first.kind != .space { return runEnd(first.next, first.kind) }
        if text[position] == 0x20, first.next < end {
            let second = kind(first.next)
            if second.kind != .space { return runEnd(second.next, second.kind) }
        }
        return spaceEnd(position, first.next)
    }

    /// `\s+(?!\S)|\s+`: the last white-space character is left to what follows it.
    private func spaceEnd(_ position: Int, _ next: Int) -> Int {
        var last = position
        var next = next
        while next < end {
            let following = kind(next)
            guard following.kind == .space else { return last > position ? last : next }
            last = next
            next = following.next
        }
        return next
    }

    func cl100kWordEnd(_ position: Int, _ digits: Int) -> Int {
        if text[position] == 0x27, let end = contractionEnd(position, ignoresCase: true) {
            return end
        }
        let first = kind(position)
        if first.kind == .letter { return runEnd(first.next, .letter) }
        let byte = text[position]
        if first.kind != .number, byte != 0x0A, byte != 0x0D, first.next < end {
            let second = kind(first.next)
            if second.kind == .letter { return runEnd(second.next, .letter) }
        }
        if first.kind == .number {
            var next = first.next
            var count = 1
            while count < digits, next < end {
                let following = kind(next)
                guard following.kind == .number else { break }
                next = following.next
                count += 1
            }
            return next
        }
        if first.kind == .other { return symbolEnd(first.next) }
        if byte == 0x20, first.next < end {
            let second = kind(first.next)
            if second.kind == .other { return symbolEnd(second.next) }
        }
        return breakEnd(position, first.next)
    }

    /// The rest of `[^\s\p{L}\p{N}]+[\r\n]*`.
    private func symbolEnd(_ position: Int) -> Int {
        var position = runEnd(position, .other)
        while position < end, text[position] == 0x0A || text[position] == 0x0D { position += 1 }
        return position
    }

    /// `\s*[\r\n]+` takes white space up to its last line break, where it has one.
    private func breakEnd(_ position: Int, _ next: Int) -> Int {
        var lastBreak: Int?
        var at = position
        while at < end {
            let (kind, next) = kind(at)
            guard kind == .space else { break }
            if text[at] == 0x0A || text[at] == 0x0D { lastBreak = next }
            at = next
        }
        return lastBreak ?? spaceEnd(position, next)
    }

    private func contractionEnd(_ position: Int, ignoresCase: Bool) -> Int? {
        let fold: UInt8 = ignoresCase ? 0x20 : 0
        guard position + 1 < end else { return nil }
        switch text[position + 1] | fold {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return position + 2
        default: break
        }
        guard position + 2 < end else { return nil }
        // The long s folds to s.
        if ignoresCase, text[position + 1] == 0xC5, text[position + 2] == 0xBF {
            return position + 3
        }
        switch (text[position + 1] | fold, text[position + 2] | fold) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return position + 3
        default: return nil
        }
    }
}
