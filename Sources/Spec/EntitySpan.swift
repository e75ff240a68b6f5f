/// An entity in a sequence of tags.
package struct EntitySpan: Hashable, Sendable {
    /// The tag without its prefix.
    package var label: String
    /// Words.
    package var words: Range<Int>

    package init(label: String, words: Range<Int>) {
        self.label = label
        self.words = words
    }

    /// Whether tags have the form `B-…`, `I-…` (and `O`), so that entities can be told.
    package static func areTold(by tags: some Sequence<String>) -> Bool {
        tags.contains { $0.hasPrefix("B-") || $0.hasPrefix("I-") }
    }

    /// The entities of tags in BIO or IOBES, by the default rules of the `seqeval` package: one
    /// begins at `B-` or `S-`, after another label, after `O` and after `E-` or `S-`, whatever its
    /// prefix says; a tag without a prefix has its whole text as the label.
    package static func all(in tags: [String]) -> [EntitySpan] {
        var entities: [EntitySpan] = []
        var open: (label: String, start: Int)?
        var last = (prefix: Character("O"), label: "")
        for (index, tag) in (tags + ["O"]).enumerated() {
            let now = parts(tag)
            let isEnd =
                "ES".contains(last.prefix) || "BSO".contains(now.prefix) || now.label != last.label
            if let entity = open, isEnd {
                entities.append(EntitySpan(label: entity.label, words: entity.start..<index))
                open = nil
            }
            if open == nil, now.prefix != "O" { open = (now.label, index) }
            last = now
        }
        return entities
    }

    private static func parts(_ tag: String) -> (prefix: Character, label: String) {
        if tag == "O" { return ("O", "") }
        guard let prefix = tag.first, "BIES".contains(prefix), tag.dropFirst().first == "-" else {
            return ("I", tag)
        }
        return (prefix, String(tag.dropFirst(2)))
    }
}
