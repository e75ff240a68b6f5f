import JSON

/// The header of a CSV upload: which field is which column.
struct CSVHeader {
    var fields: Int
    var format: RowFormat
    /// The fields of the format's columns, in canonical order.
    var positions: [Int]
}

extension RowCollector {
    /// Reads the header; nil, with the problem reported, when it is not usable.
    mutating func csvHeader(_ record: CSVRecord) -> CSVHeader? {
        var names: [String] = []
        for index in record.fields.indices {
            guard let name = String(validating: record.fields[index], as: UTF8.self) else {
                report(record.line, nil, "header field \(index + 1) is not valid UTF-8")
                return nil
            }
            names.append(name)
        }
        guard Set(names).count == names.count else {
            report(record.line, nil, "the header names a column twice")
            return nil
        }
        for column in ["labels", "score"] where names.contains(column) {
            report(record.line, column, "rows with this column are not supported; use `label`")
            return nil
        }
        note(columns: names)
        guard let format = RowReader.suggestedFormat(names.contains), format != .messages else {
            report(
                record.line, nil,
                "the header needs the columns text and label, prompt and completion, or text")
            return nil
        }
        let positions = format.columns.map { names.firstIndex(of: $0) }
        for (column, position) in zip(format.columns, positions) where position == nil {
            report(record.line, column, "missing in the header")
            return nil
        }
        return CSVHeader(
            fields: names.count, format: format, positions: positions.compactMap(\.self))
    }

    mutating func addCSV(_ record: CSVRecord, _ header: CSVHeader) {
        guard record.fields.count == header.fields else {
            report(
                record.line, nil,
                "has \(record.fields.count) fields, the header has \(header.fields)")
            return
        }
        var texts: [String] = []
        for (column, position) in zip(header.format.columns, header.positions) {
            guard let text = String(validating: record.fields[position], as: UTF8.self) else {
                report(record.line, column, "is not valid UTF-8")
                return
            }
            do {
                texts.append(try RowReader.notBlank(text, column))
            } catch {
                report(record.line, error.column, error.message)
                return
            }
        }
        switch header.format {
        case .labelled: add(.labelled(text: texts[0], label: texts[1]), line: record.line)
        case .completion:
            add(.completion(prompt: texts[0], completion: texts[1]), line: record.line)
        case .text, .messages: add(.text(texts[0]), line: record.line)
        }
    }
}
