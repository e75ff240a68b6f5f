/// A regular expression as it was written.
indirect enum PatternSyntax {
    case empty
    case scalars(PatternClass)
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    case repeated(PatternSyntax, min: Int, max: Int?, Greed)
    /// `(?=…)`, `(?!…)`: looks ahead without taking.
    case lookahead(PatternSyntax, isNegative: Bool)
    /// `(?>…)`: takes its first way and no other.
    case atomic(PatternSyntax)
    /// Of the whole text, and of each line.
    case begin, end, lineBegin, lineEnd

    enum Greed { case greedy, lazy, possessive }
}
