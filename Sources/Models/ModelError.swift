/// What is wrong with a model file or with a request to a model.
package struct ModelError: Error, CustomStringConvertible {
    /// `bad_model`: the file cannot be used. `invalid_input`: the request cannot be served.
    package var code: String
    /// Names the rule and the value found, and what to do; never user text.
    package var message: String
    package var description: String { message }

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    static func badModel(_ message: String) -> ModelError {
        ModelError(code: "bad_model", message: message)
    }

    static func invalidInput(_ message: String) -> ModelError {
        ModelError(code: "invalid_input", message: message)
    }
}
