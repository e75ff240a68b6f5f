import Datasets
import Models
import Spec
import Testing

@testable import Training

@Suite struct RowEncoderTests {
    private func encoder(
        _ model: Model, _ kind: TaskKind, format: String? = nil, maxLength: Int = 100
    ) -> RowEncoder {
        RowEncoder(
            model, task: TaskSpec(name: "t", kind: kind, dataset: "d", format: format), index: 1,
            labels: ["no", "yes"], maxLength: maxLength)
    }

    private func ids(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

    /// Printable ASCII bytes are tokens of their own value in the tiny vocabulary.
    private static let end: Int32 = 258

    @Test("Only the completion and the end of the turn are to be learnt")
    func completion() throws {
        let model = try TinyRun().model()
        var encoder = encoder(model, .generation, format: "raw")
        let example = try encoder.example(
            .completion(prompt: "ask", completion: "answer"), number: 1)
        #expect(example.tokens == ids("askanswer"))
        #expect(example.targets == ids("answer") + [Self.end])
        #expect(encoder.cut == 0)
    }

    @Test("Chat rows go through the model's template; the last assistant message is learnt")
    func chat() throws {
        let model = try TinyRun().model()
        var encoder = encoder(model, .generation)
        let turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
        let example = try encoder.example(
            .messages(turns.map { (role: $0.0, content: $0.1) }), number: 1)
        #expect(example.targets == ids("d") + [Self.end])
        let prompt = try model.promptTokens(
            turns.dropLast().map { ChatMessage(role: $0.0, content: $0.1) }, format: "chat")
        #expect(example.tokens == prompt + ids("d"))
    }

    @Test("Plain text is learnt from its second token on")
    func text() throws {
        var encoder = encoder(try TinyRun().model(), .generation)
        let example = try encoder.example(.text("word"), number: 1)
        #expect(example.tokens == ids("word"))
        #expect(example.targets == ids("ord") + [Self.end])
    }

    @Test("A long prompt is cut from the left, a long completion at the right")
    func cutting() throws {
        var encoder = encoder(try TinyRun().model(), .generation, format: "raw", maxLength: 8)
        let prompt = try encoder.example(
            .completion(prompt: "0123456789", completion: "abc"), number: 1)
        #expect(prompt.tokens == ids("6789abc"))
        #expect(prompt.targets == ids("abc") + [Self.end])
        let completion = try encoder.example(
            .completion(prompt: "01", completion: "abcdefghij"), number: 2)
        #expect(completion.tokens == ids("1abcdef"))
        #expect(completion.targets == ids("abcdefg"))
        #expect(encoder.cut == 2)
    }

    @Test("Classification keeps the beginning of a long text, and the label's index")
    func classification() throws {
        var encoder = encoder(try TinyRun().model(), .classification, maxLength: 4)
        let example = try encoder.example(.labelled(text: "abcdef", label: "yes"), number: 1)
        #expect(example == Example(task: 1, tokens: ids("abcd"), targets: [1]))
        #expect(encoder.cut == 1)
    }

    @Test("Rows without anything to learn, or of another kind, are refused by number")
    func refusals() throws {
        let model = try TinyRun().model()
        let cases: [(TaskKind, Row, String)] = [
            (.generation, .completion(prompt: "a", completion: ""), "row_empty"),
            (.generation, .messages([(role: "user", content: "a")]), "row_empty"),
            (.generation, .text(""), "row_empty"),
            (.classification, .labelled(text: "", label: "yes"), "row_empty"),
            (.classification, .labelled(text: "a", label: "maybe"), "label_unknown"),
            (.classification, .text("a"), "dataset_format"),
            (.generation, .labelled(text: "a", label: "yes"), "dataset_format"),
        ]
        for (kind, row, code) in cases {
            var encoder = encoder(model, kind)
            let error = #expect(throws: TrainingError.self) {
                _ = try encoder.example(row, number: 17)
            }
            #expect(error?.code == code)
            #expect(error?.message.contains("row 17") == true)
        }
    }
}
