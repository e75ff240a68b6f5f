/// A further network of a progressive model, kept in the weights file's metadata.
package struct ColumnSpec: Codable, Sendable, Equatable {
    /// Units of each lateral connection from an earlier column; 0: it has none.
    package var lateralWidth: Int

    package init(lateralWidth: Int) {
        self.lateralWidth = lateralWidth
    }
}
