import JSON
import Testing

@testable import Models

/// What is said of the tokenizer.json of `TinyTokenizers.bert` after a change; `accepted` where
/// nothing is wrong with it.
func refusal(_ change: (inout JSONObject) -> Void) throws -> String {
    var root = try #require(try JSON.parse(TinyTokenizers.bert).object)
    change(&root)
    do {
        _ = try TokenizerFile.parse(.object(root))
        return "accepted"
    } catch {
        return "\(error)"
    }
}
