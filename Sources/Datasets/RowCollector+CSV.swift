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
        do {
            try RowFormat.refuseTwoAnswers(names.contains)
        } catch {
            report(record.line, error.column, error.message)
            return nil
        }
        note(columns: names)
        guard let format = RowFormat.suggested(by: names.contains), format.fitsCSV else {
            let formats = RowFormat.allCases.filter(\.fitsCSV)
            report(
                record.line, nil,
                "the header needs the columns \(RowFormat.described(formats)); rows with lists "
                    + "of labels, tags or messages come as JSON lines")
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
        var object = JSONObject()
        for (column, position) in zip(header.format.columns, header.positions) {
            guard let text = String(validating: record.fields[position], as: UTF8.self) else {
                report(record.line, column, "is not valid UTF-8")
                return
            }
            object[column] =
                column == "score" ? Double(text).map { JSON.number($0) } : JSON.string(text)
        }
        do throws(RowFault) {
            guard header.format != .scored || object["score"] != nil else {
                throw RowFault("score", "must be a number")
            }
            add(try RowReader.row(.object(object), as: header.format).row, line: record.line)
        } catch {
            report(record.line, error.column, error.message)
        }
    }
}
