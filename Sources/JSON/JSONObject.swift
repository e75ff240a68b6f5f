// Names are compared byte by byte: RFC 8259 compares code points, while Swift's `==` on strings
// also equates canonically equivalent spellings.

/// The members of an object in the order they were written; names are unique.
package struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var members: [(name: String, value: JSON)]
    /// Positions by name, kept only for objects too wide to search one by one.
    private var positions: [MemberName: Int] = [:]

    private static let searchedMembersMax = 12

    /// - Precondition: names are unique.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(unique: elements.map { (name: $0.0, value: $0.1) })
    }

    /// - Returns: nil when two members share a name.
    package init?(_ members: [(name: String, value: JSON)]) {
        self.members = members
        guard Self.firstDuplicate(in: members, positions: &positions) == nil else { return nil }
    }

    init(unique members: [(name: String, value: JSON)]) {
        self.members = members
        let duplicate = Self.firstDuplicate(in: members, positions: &positions)
        precondition(duplicate == nil, "two members of an object literal share a name")
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var names: [String] { members.map(\.name) }

    /// Reading: nil when there is no such member. Writing replaces in place, appends, or with nil
    /// removes. Constant time for wide objects, save removal.
    package subscript(name: String) -> JSON? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                positions = [:]
                _ = Self.firstDuplicate(in: members, positions: &positions)
            case (nil, let value?): append(name, value)
            case (nil, nil): break
            }
        }
    }

    private func position(of name: String) -> Int? {
        if !positions.isEmpty { return positions[MemberName(name)] }
        return members.firstIndex { sameBytes($0.name, name) }
    }

    private mutating func append(_ name: String, _ value: JSON) {
        members.append((name: name, value: value))
        if !positions.isEmpty {
            positions[MemberName(name)] = members.count - 1
        } else if members.count > Self.searchedMembersMax {
            _ = Self.firstDuplicate(in: members, positions: &positions)
        }
    }

    /// The index of the first member whose name came before, and, for wide objects, the index
    /// that later look-ups use.
    private static func firstDuplicate(
        in members: [(name: String, value: JSON)], positions: inout [MemberName: Int]
    ) -> Int? {
        guard members.count > searchedMembersMax else {
            return members.indices.first { later in
                members[..<later].contains { sameBytes($0.name, members[later].name) }
            }
        }
        positions.reserveCapacity(members.count)
        for (index, member) in members.enumerated()
        where positions.updateValue(index, forKey: MemberName(member.name)) != nil {
            return index
        }
        return nil
    }

    /// For the parser, which wants to say where the second of two equal names stands.
    static func parsed(
        _ members: [(name: String, value: JSON)]
    ) -> (object: JSONObject?, duplicate: Int?) {
        var positions: [MemberName: Int] = [:]
        if let duplicate = firstDuplicate(in: members, positions: &positions) {
            return (nil, duplicate)
        }
        return (JSONObject(members: members, positions: positions), nil)
    }

    private init(members: [(name: String, value: JSON)], positions: [MemberName: Int]) {
        self.members = members
        self.positions = positions
    }
}

extension JSONObject: Equatable {
    /// Order counts.
    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.members.count == b.members.count
            && zip(a.members, b.members).allSatisfy {
                sameBytes($0.name, $1.name) && $0.value == $1.value
            }
    }
}

func sameBytes(_ a: String, _ b: String) -> Bool {
    let (a, b) = (a.utf8, b.utf8)
    return a.count == b.count && a.elementsEqual(b)
}

/// A name hashed and compared by its UTF-8 bytes.
struct MemberName: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: MemberName, b: MemberName) -> Bool { sameBytes(a.text, b.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
