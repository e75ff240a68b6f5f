/// A method that cannot be built from what was asked for.
package struct MultitaskError: Error, Equatable, CustomStringConvertible {
    /// `unknown_method`, `unknown_parameter`, `parameter_out_of_range`, `task_values`,
    /// `state_mismatch`.
    package var code: String
    /// Names the parameter, the rule and the value found; never user data.
    package var message: String

    package var description: String { message }

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
