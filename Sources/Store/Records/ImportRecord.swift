package import JSON

/// A model on its way in, under the id that it will have.
package struct ImportRecord: Sendable, Equatable {
    package enum Status: String, Sendable { case importing, failed }

    package var number: Int64
    package var id: String
    package var name: String
    package var created: Double
    package var status: Status
    /// Where it comes from.
    package var source: JSON
    /// `waiting`, `downloading`, `making`, `checking`.
    package var phase: String
    package var bytesDone: Int
    /// 0 while it is not known.
    package var bytesTotal: Int
    package var errorCode: String?
    package var errorMessage: String?
}
