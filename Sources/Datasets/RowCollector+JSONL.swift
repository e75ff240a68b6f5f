import JSON

extension RowCollector {
    /// One line of JSONL; blank lines are skipped.
    mutating func addJSON(_ bytes: UnsafeRawBufferPointer, line: Int) {
        guard bytes.contains(where: { !RowReader.isSpace($0) }) else { return }
        do {
            let value = try JSON.parse(bytes)
            if let format { try requireFormat(of: value, format) }
            let (row, object) = try RowReader.row(value, as: format?.format)
            note(columns: object.members.lazy.map(\.name))
            add(row, line: line)
        } catch let fault as RowFault {
            report(line, fault.column, fault.message)
        } catch let error as JSONError {
            report(line, nil, "is not valid JSON: \(error.message)")
        } catch {
            report(line, nil, "cannot be read")
        }
    }

    /// A row with the columns of another format is refused; one that merely lacks a column of the
    /// data set's own format is left to the reader, which says `missing`.
    private func requireFormat(
        of value: JSON, _ expected: (format: RowFormat, line: Int)
    ) throws(RowFault) {
        guard let object = value.object else { return }
        try RowFormat.refuseTwoAnswers { object[$0] != nil }
        guard
            let found = RowFormat.suggested(by: { object[$0] != nil }),
            found != expected.format,
            !(found == .text && expected.format.columns.contains("text"))
        else { return }
        throw RowFault(
            nil,
            "has the row format \(found.rawValue), but line \(expected.line) has "
                + "\(expected.format.rawValue); one data set has one format")
    }
}
