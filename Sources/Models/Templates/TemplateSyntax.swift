/// What a template computes with. Text remembers which of it came from the template itself.
enum TemplateValue: Sendable {
    case undefined
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text([TextPart])
    case list([TemplateValue])
    case dictionary([(key: String, value: TemplateValue)])
    /// A `namespace()`, by its number in the interpreter.
    case namespace(Int)

    static func trusted(_ text: String) -> TemplateValue {
        .text([TextPart(text, isTrusted: true)])
    }
}

indirect enum TemplateExpression: Sendable {
    case literal(TemplateValue)
    case variable(String)
    case attribute(TemplateExpression, String)
    case index(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, from: TemplateExpression?, to: TemplateExpression?, by: Int)
    case call(TemplateExpression, [TemplateExpression], named: [(String, TemplateExpression)])
    case filter(TemplateExpression, String, [TemplateExpression])
    case test(TemplateExpression, String, [TemplateExpression])
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    case conditional(
        condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
    case list([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
}

indirect enum TemplateStatement: Sendable {
    case text(String)
    case output(TemplateExpression)
    case assign(String, attribute: String?, TemplateExpression)
    case loop(
        [String], in: TemplateExpression, where: TemplateExpression?, body: [TemplateStatement],
        otherwise: [TemplateStatement])
    case branch(
        [(condition: TemplateExpression, body: [TemplateStatement])],
        otherwise: [TemplateStatement])
    case leave(isBreak: Bool)
}
