extension PipelineTokenizer {
    func encode(_ parts: [TextPart]) -> [Int32] {
        var bytes: [UInt8] = []
        var trusted: [Range<Int>] = []
        for part in parts {
            let begin = bytes.count
            bytes += part.text.utf8
            guard part.isTrusted else { continue }
            if let last = trusted.last, last.upperBound == begin {
                trusted[trusted.count - 1] = last.lowerBound..<bytes.count
            } else {
                trusted.append(begin..<bytes.count)
            }
        }
        let lease = pool.take()
        defer { pool.give(back: lease) }
        bytes.withUnsafeBufferPointer {
            tokenize($0, trusted: trusted, withOffsets: false, &lease.workspace)
        }
        return lease.workspace.tokens.elements.map(\.id)
    }

    func encode(_ first: String, _ second: String?, options: EncodeOptions) -> Encoding {
        var parts = [encoding(of: first, type: 0, options)]
        if let second { parts.append(encoding(of: second, type: 1, options)) }
        if let tokensMax = options.tokensMax {
            let added = postProcessors.reduce(0) { $0 + $1.addedCount(isPair: second != nil) }
            truncate(&parts, to: max(0, tokensMax - (options.addsSpecial ? added : 0)))
        }
        for step in postProcessors {
            parts = step.process(parts, addsSpecial: options.addsSpecial)
        }
        return parts.count == 1 ? parts[0] : parts.reduce(Encoding(), +)
    }

    private func encoding(of text: String, type: Int32, _ options: EncodeOptions) -> Encoding {
        let lease = pool.take()
        defer { pool.give(back: lease) }
        var text = text
        return text.withUTF8 { bytes in
            tokenize(
                bytes, trusted: options.parsesSpecial ? [0..<bytes.count] : [],
                withOffsets: options.withOffsets, &lease.workspace)
            let tokens = lease.workspace.tokens.elements
            var encoding = Encoding()
            encoding.ids = tokens.map(\.id)
            encoding.typeIDs = [Int32](repeating: type, count: tokens.count)
            encoding.isSpecial = [Bool](repeating: false, count: tokens.count)
            if options.withOffsets {
                encoding.offsets = tokens.map { Int($0.begin)..<max(Int($0.begin), Int($0.end)) }
                trimming?.trim(&encoding, bytes, vocabulary)
            }
            return encoding
        }
    }

    /// The longer of two gives first, until both are equal; then both alike.
    private func truncate(_ parts: inout [Encoding], to tokensMax: Int) {
        guard parts.count == 2 else {
            parts[0].truncate(to: tokensMax)
            return
        }
        let (a, b) = (parts[0].ids.count, parts[1].ids.count)
        guard a + b > tokensMax else { return }
        let short = min(a, b)
        var keep = (short, max(short, tokensMax - short))
        if short > tokensMax { keep = (short, short) }
        if keep.0 + keep.1 > tokensMax { keep = (tokensMax / 2, tokensMax / 2 + tokensMax % 2) }
        parts[0].truncate(to: a > b ? keep.1 : keep.0)
        parts[1].truncate(to: a > b ? keep.0 : keep.1)
    }

    // MARK: The pipeline

    /// Leaves the tokens of `text` in `work.tokens`, with their ranges in it when `withOffsets`.
    private func tokenize(
        _ text: UnsafeBufferPointer<UInt8>, trusted: [Range<Int>], withOffsets: Bool,
        _ work: inout Workspace
    ) {
        work.tokens.removeAll()
        guard let raw = added.raw else {
            return tokenizeSegment(text, 0..<text.count, trusted, withOffsets, &work)
        }
        var found = Run<AddedTokens.Found>(capacity: 8)
        added.find(
            raw, in: text, allows: { range in trusted.contains { $0.contains(range) } }, &found)
        var begin = 0
        for match in found.elements {
            tokenizeSegment(text, begin..<Int(match.begin), trusted, withOffsets, &work)
            let range = trimming != nil ? match.core : Match(begin: match.begin, end: match.end)
            work.tokens.append(
                Token(
                    id: added.list[Int(match.index)].id, begin: range.begin, end: range.end))
            begin = Int(match.end)
        }
        tokenizeSegment(text, begin..<text.count, trusted, withOffsets, &work)
    }

    /// Text between added tokens: normalises it and looks for those that hide in its normal form.
    private func tokenizeSegment(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ trusted: [Range<Int>],
        _ withOffsets: Bool, _ work: inout Workspace
    ) {
        guard !range.isEmpty else { return }
        // Who wrote a special token is known by where its normal form came from.
        let asksOrigin =
            !trusted.isEmpty && added.normalized?.hasSpecial == true && !normalizers.isEmpty
        let isTracked =
            withOffsets && rewritesText || asksOrigin
            || !normalizers.isEmpty && preTokenizers.contains { $0.needsOrigins }
        work.cutting.segmentBegin = range.lowerBound
        work.cutting.text.assign(
            UnsafeBufferPointer(rebasing: text[range]), at: range.lowerBound,
            isTracked: isTracked)
        for step in normalizers where !step.leaves(work.cutting.text) {
            swap(&work.before, &work.cutting.text)
            work.cutting.text.removeAll()
            work.cutting.text.isTracked = isTracked
            step.normalize(work.before, into: &work.cutting.text)
        }
        guard let normalized = added.normalized else {
            return tokenizePiece(0..<work.cutting.text.count, withOffsets, &work)
        }
        var found = Run<AddedTokens.Found>(capacity: 8)
        added.find(
            normalized, in: work.cutting.text.bytes.elements,
            allows: { piece in
                let origin = work.cutting.origin(of: piece)
                return trusted.contains { $0.contains(origin) }
            }, &found)
        guard found.count > 0 else {
            return tokenizePiece(0..<work.cutting.text.count, withOffsets, &work)
        }
        tokenizeBetween(found, withOffsets, &work)
    }

    private func tokenizeBetween(
        _ found: borrowing Run<AddedTokens.Found>, _ withOffsets: Bool, _ work: inout Workspace
    ) {
        // Cutting rewrites its text, so the whole is kept aside.
        var whole = AlignedText()
        swap(&whole, &work.cutting.text)
        work.cutting.text.isTracked = whole.isTracked
        let segmentBegin = work.cutting.segmentBegin
        var begin = 0
        for index in 0...found.count {
            let end = index < found.count ? Int(found[index].begin) : whole.count
            if end > begin {
                work.cutting.text.removeAll()
                work.cutting.text.isTracked = whole.isTracked
                work.cutting.text.append(whole, begin..<end)
                work.cutting.segmentBegin = segmentBegin + begin
                tokenizePiece(0..<(end - begin), withOffsets, &work)
            }
            guard index < found.count else { break }
            let match = found[index]
            var token = Token(
                id: added.list[Int(match.index)].id, begin: match.begin, end: match.end)
            if withOffsets {
                let range =
                    trimming != nil
                    ? Int(match.core.begin)..<Int(match.core.end)
                    : Int(match.begin)..<Int(match.end)
                let origin =
                    whole.isTracked
                    ? whole.origin(range)
                    : range.lowerBound + segmentBegin..<range.upperBound + segmentBegin
                token.begin = UInt32(origin.lowerBound)
                token.end = UInt32(origin.upperBound)
            }
            work.tokens.append(token)
            begin = Int(match.end)
        }
    }

    /// Cuts the text of `work.cutting` and appends its tokens.
    private func tokenizePiece(
        _ range: Range<Int>, _ withOffsets: Bool, _ work: inout Workspace
    ) {
        work.cutting.pieces.removeAll()
        guard !range.isEmpty else { return }
        work.cutting.pieces.append(
            Match(begin: UInt32(range.lowerBound), end: UInt32(range.upperBound)))
        for step in preTokenizers { step.split(&work.cutting) }
        let first = work.tokens.count
        model.encode(&work)
        guard withOffsets else { return }
        for index in first..<work.tokens.count {
            let token = work.tokens[index]
            let origin = work.cutting.origin(of: Int(token.begin)..<Int(token.end))
            work.tokens[index].begin = UInt32(origin.lowerBound)
            work.tokens[index].end = UInt32(origin.upperBound)
        }
    }
}

extension Cutting {
    /// Where a range of the text came from, whole characters.
    func origin(of range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty else { return segmentBegin..<segmentBegin }
        let end = min(range.upperBound, text.count)
        let begin = min(range.lowerBound, end - 1)
        if text.isTracked { return text.origin(begin..<end) }
        var whole = begin..<end
        while whole.lowerBound > 0, text.bytes[whole.lowerBound] & 0xC0 == 0x80 {
            whole = whole.lowerBound - 1..<whole.upperBound
        }
        while whole.upperBound < text.count, text.bytes[whole.upperBound] & 0xC0 == 0x80 {
            whole = whole.lowerBound..<whole.upperBound + 1
        }
        return segmentBegin + whole.lowerBound..<segmentBegin + whole.upperBound
    }
}
