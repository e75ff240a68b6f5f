extension Categories.Set {
    static let lu = Self(rawValue: 1 << 0)
    static let ll = Self(rawValue: 1 << 1)
    static let lt = Self(rawValue: 1 << 2)
    static let lm = Self(rawValue: 1 << 3)
    static let lo = Self(rawValue: 1 << 4)
    static let mn = Self(rawValue: 1 << 5)
    static let mc = Self(rawValue: 1 << 6)
    static let me = Self(rawValue: 1 << 7)
    static let nd = Self(rawValue: 1 << 8)
    static let nl = Self(rawValue: 1 << 9)
    static let no = Self(rawValue: 1 << 10)
    static let pc = Self(rawValue: 1 << 11)
    static let pd = Self(rawValue: 1 << 12)
    static let ps = Self(rawValue: 1 << 13)
    static let pe = Self(rawValue: 1 << 14)
    static let pi = Self(rawValue: 1 << 15)
    static let pf = Self(rawValue: 1 << 16)
    static let po = Self(rawValue: 1 << 17)
    static let sm = Self(rawValue: 1 << 18)
    static let sc = Self(rawValue: 1 << 19)
    static let sk = Self(rawValue: 1 << 20)
    static let so = Self(rawValue: 1 << 21)
    static let zs = Self(rawValue: 1 << 22)
    static let zl = Self(rawValue: 1 << 23)
    static let zp = Self(rawValue: 1 << 24)
    static let cc = Self(rawValue: 1 << 25)
    static let cf = Self(rawValue: 1 << 26)
    static let cs = Self(rawValue: 1 << 27)
    static let co = Self(rawValue: 1 << 28)
    static let cn = Self(rawValue: 1 << 29)

    static let letter: Self = [.lu, .ll, .lt, .lm, .lo]
    static let mark: Self = [.mn, .mc, .me]
    static let number: Self = [.nd, .nl, .no]
    static let punctuation: Self = [.pc, .pd, .ps, .pe, .pi, .pf, .po]
    static let symbol: Self = [.sm, .sc, .sk, .so]
    static let separator: Self = [.zs, .zl, .zp]
    static let other: Self = [.cc, .cf, .cs, .co, .cn]

    /// By the names that patterns use (`\p{Lu}`), one- and two-letter ones.
    static let byName: [String: Self] = [
        "L": .letter, "M": .mark, "N": .number, "P": .punctuation, "S": .symbol,
        "Z": .separator, "C": .other, "Lu": .lu, "Ll": .ll, "Lt": .lt, "Lm": .lm, "Lo": .lo,
        "Mn": .mn, "Mc": .mc, "Me": .me, "Nd": .nd, "Nl": .nl, "No": .no, "Pc": .pc, "Pd": .pd,
        "Ps": .ps, "Pe": .pe, "Pi": .pi, "Pf": .pf, "Po": .po, "Sm": .sm, "Sc": .sc, "Sk": .sk,
        "So": .so, "Zs": .zs, "Zl": .zl, "Zp": .zp, "Cc": .cc, "Cf": .cf, "Cs": .cs, "Co": .co,
        "Cn": .cn, "Letter": .letter, "Number": .number, "Punctuation": .punctuation,
        "Mark": .mark, "Symbol": .symbol, "Separator": .separator, "Other": .other,
    ]

    init(_ category: Unicode.GeneralCategory) {
        switch category {
        case .uppercaseLetter: self = .lu
        case .lowercaseLetter: self = .ll
        case .titlecaseLetter: self = .lt
        case .modifierLetter: self = .lm
        case .otherLetter: self = .lo
        case .nonspacingMark: self = .mn
        case .spacingMark: self = .mc
        case .enclosingMark: self = .me
        case .decimalNumber: self = .nd
        case .letterNumber: self = .nl
        case .otherNumber: self = .no
        case .connectorPunctuation: self = .pc
        case .dashPunctuation: self = .pd
        case .openPunctuation: self = .ps
        case .closePunctuation: self = .pe
        case .initialPunctuation: self = .pi
        case .finalPunctuation: self = .pf
        case .otherPunctuation: self = .po
        case .mathSymbol: self = .sm
        case .currencySymbol: self = .sc
        case .modifierSymbol: self = .sk
        case .otherSymbol: self = .so
        case .spaceSeparator: self = .zs
        case .lineSeparator: self = .zl
        case .paragraphSeparator: self = .zp
        case .control: self = .cc
        case .format: self = .cf
        case .surrogate: self = .cs
        case .privateUse: self = .co
        default: self = .cn
        }
    }
}
