/// Which part of a list: after the item with id `after`, in the order of creation or against it.
package struct PageQuery: Sendable {
    package var limit: Int
    package var after: String?
    package var descending: Bool

    package init(limit: Int = 20, after: String? = nil, descending: Bool = false) {
        self.limit = limit
        self.after = after
        self.descending = descending
    }
}

package struct Page<T: Sendable>: Sendable {
    package var items: [T]
    package var hasMore: Bool
}
