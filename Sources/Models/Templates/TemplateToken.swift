/// A token inside a tag.
enum TemplateToken: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case symbol(String)
}

/// A template cut at its tags.
enum TemplatePiece {
    case text(String)
    case output([TemplateToken])
    case statement([TemplateToken])
}

extension ModelError {
    static func template(_ message: String) -> ModelError {
        ModelError(code: "bad_model", message: "chat template: \(message)")
    }
}
