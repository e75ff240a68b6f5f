/// Lines of plain text gathered until a blank one.
struct TextDocument {
    var bytes: [UInt8] = []
    var line = 0
    var isTooLong = false
}

extension RowCollector {
    /// One line of plain text: a blank line ends the document before it.
    mutating func addText(_ bytes: UnsafeRawBufferPointer, line: Int) {
        guard bytes.contains(where: { !RowReader.isSpace($0) }) else {
            endDocument()
            return
        }
        if document.line == 0 { document.line = line }
        if !document.bytes.isEmpty { document.bytes.append(0x0A) }
        if document.isTooLong || document.bytes.count + bytes.count > limits.rowBytesMax {
            document.isTooLong = true
            document.bytes = []
        } else {
            document.bytes.append(contentsOf: bytes)
        }
    }

    mutating func addOverlongText(line: Int) {
        if document.line == 0 { document.line = line }
        document.isTooLong = true
        document.bytes = []
    }

    mutating func endDocument() {
        defer { document = TextDocument() }
        guard document.line > 0 else { return }
        guard !document.isTooLong else {
            reportTooLong(document.line, "the document (they are parted by blank lines)")
            return
        }
        note(columns: ["text"])
        guard let text = String(validating: document.bytes, as: UTF8.self) else {
            report(document.line, "text", "is not valid UTF-8")
            return
        }
        add(.text(text), line: document.line)
    }
}
