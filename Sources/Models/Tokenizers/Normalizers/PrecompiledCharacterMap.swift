/// SentencePiece's compiled character map as a step: a darts-clone double array of UTF-8
/// prefixes, whose values point into a pool of NUL-terminated replacements.
///
/// Deviates from SentencePiece as Hugging Face's tokenizers do, since ids depend on it: a
/// grapheme cluster of fewer than six bytes is replaced whole by its *shortest* entry, and only
/// where there is none its characters are looked up one by one.
struct PrecompiledCharacterMap: Normalizer {
    let map: CharacterMap

    init(_ field: TokenizerField) throws {
        let text = try field["precompiled_charsmap"].bytes()
        guard let blob = Base64.decode(text) else {
            throw field["precompiled_charsmap"].wrong("base64")
        }
        map = try CharacterMap(blob)
    }

    /// Whatever the entries are: a single byte may become the longest of the replacements.
    var growth: NormalizerGrowth {
        .replaces(factor: max(map.replacementMax, 1), reads: nil, writes: Set(0...255))
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var edits = Edits()
        var position = 0
        while position < source.count {
            let byte = source.bytes[position]
            if byte < 0x80, isAlone(source, position) {
                if map.startsEntry(byte) {
                    normalizeCluster(source, position..<position + 1, into: &edits)
                } else {
                    edits.append(UInt32(byte), 0)
                }
                position += 1
                continue
            }
            let end = clustersEnd(source, position)
            // Swift's characters are Unicode's extended grapheme clusters.
            let text = String(
                decoding: UnsafeBufferPointer(rebasing: source.bytes.elements[position..<end]),
                as: UTF8.self)
            for character in text {
                let next = position + character.utf8.count
                normalizeCluster(source, position..<next, into: &edits)
                position = next
            }
        }
        edits.apply(to: source, into: &output)
    }

    /// Whether the ASCII character at `position` is a cluster: what follows cannot join it.
    @inline(__always)
    private func isAlone(_ source: borrowing AlignedText, _ position: Int) -> Bool {
        let next = position + 1
        if next == source.count { return true }
        return source.bytes[next] < 0x80
            && !(source.bytes[position] == 0x0D && source.bytes[next] == 0x0A)
    }

    /// A border of clusters after `position`: between two ASCII characters there is one, save
    /// inside CR LF.
    private func clustersEnd(_ source: borrowing AlignedText, _ position: Int) -> Int {
        var end = position + 1
        while end < source.count {
            if source.bytes[end - 1] < 0x80, source.bytes[end] < 0x80,
                !(source.bytes[end - 1] == 0x0D && source.bytes[end] == 0x0A)
            {
                break
            }
            end += 1
        }
        return end
    }

    private func normalizeCluster(
        _ source: borrowing AlignedText, _ cluster: Range<Int>, into edits: inout Edits
    ) {
        if cluster.count < 6, let found = map.shortest(source.bytes.base, cluster) {
            return replace(source, cluster, with: found, into: &edits)
        }
        var position = cluster.lowerBound
        while position < cluster.upperBound {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            let range = position..<position + length
            if let found = map.shortest(source.bytes.base, range) {
                replace(source, range, with: found, into: &edits)
            } else {
                edits.append(scalar, 0)
            }
            position += length
        }
    }

    /// New characters take the places of old ones; what is over is inserted after the last or
    /// swallowed by it.
    private func replace(
        _ source: borrowing AlignedText, _ range: Range<Int>, with replacement: Range<Int>,
        into edits: inout Edits
    ) {
        var old: Int32 = 0
        var position = range.lowerBound
        while position < range.upperBound {
            position += Scalars.length(source.bytes[position])
            old += 1
        }
        let first = edits.list.count
        map.pool.withUnsafeBufferPointer { pool in
            guard let base = pool.baseAddress else { return }
            var position = replacement.lowerBound
            while position < replacement.upperBound {
                let (scalar, length) = Scalars.decode(base + position)
                edits.append(scalar, 0)
                position += length
            }
        }
        let new = Int32(edits.list.count - first)
        if new > old {
            for index in (first + Int(old))..<edits.list.count { edits.list[index].change = 1 }
        } else if new < old, edits.list.count > 0 {
            edits.list[edits.list.count - 1].change += new - old
        }
    }
}
