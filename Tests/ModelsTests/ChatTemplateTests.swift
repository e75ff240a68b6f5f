import Testing

@testable import Models

@Suite("Chat templates")
struct ChatTemplateTests {
    private let messages = [
        ChatMessage(role: "user", content: " Hi "), ChatMessage(role: "assistant", content: "Yo"),
        ChatMessage(role: "user", content: "Bye"),
    ]

    private func render(_ source: String, prompt: Bool = true) throws -> String {
        try ChatTemplate(source).render(messages, addGenerationPrompt: prompt)
    }

    @Test(
        "expressions have their Jinja values",
        arguments: [
            ("1 + 2 * 3 - -4", "11"), ("7 // 2 ~ 7 % 4", "33"), ("1 / 2", "0.5"),
            ("'a' + \"b\" 'c'", "abc"), ("not 1 == 2 and 2 > 1", "True"), ("none", "None"),
            ("messages[0]['role']", "user"), ("messages[-1].content", "Bye"),
            ("messages[0].content | trim | upper", "HI"), ("messages | length", "3"),
            ("messages[1:][0].role", "assistant"), ("messages[::-1][0].content", "Bye"),
            ("'x' if false else 'y'", "y"), ("'x' if false", ""), ("missing", ""),
            ("missing is defined", "False"), ("messages is not none", "True"),
            ("missing | default('d')", "d"), ("'us' in messages[0].role", "True"),
            ("'role' in messages[0]", "True"), ("'b' not in ['a', 'c']", "True"),
            ("' a '.strip() + 'b'", "ab"), ("'a,b'.split(',')[1]", "b"),
            ("'abc'.startswith('ab') and 'abc'.endswith('c')", "True"),
            ("{'k': {'n': 4}}.k.n", "4"), ("[1, 2] | join('-')", "1-2"), ("1 is string", "False"),
            ("'%}' ~ '}}'", "%}}}"), ("'it\\'s\\n'", "it's\n"),
            ("add_generation_prompt == true", "True"),
        ])
    func expressions(source: String, expected: String) throws {
        #expect(try render("{{ \(source) }}") == expected)
    }

    @Test("statements: loops, branches, variables and namespaces")
    func statements() throws {
        #expect(
            try render(
                "{% for m in messages %}{% if loop.first %}<{% elif loop.last %}>{% else %}"
                    + "{{ loop.index0 }}{% endif %}{{ m.content | trim }}{% endfor %}")
                == "<Hi1Yo>Bye")
        #expect(
            try render("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}")
                == " Hi Bye")
        #expect(try render("{% for m in [] %}x{% else %}none{% endfor %}") == "none")
        // A variable set in a loop ends with it; a namespace's member stays.
        #expect(
            try render(
                "{% set a = 1 %}{% set n = namespace(b=1) %}{% for m in messages %}"
                    + "{% set a = 2 %}{% set n.b = n.b + 1 %}{% endfor %}{{ a }}{{ n.b }}") == "14")
        #expect(
            try render(
                "{% for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}")
                == "012")
        #expect(
            try render("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{% endfor %}")
                == "a1b2")
    }

    @Test("white space goes as trim_blocks, lstrip_blocks and dashes say")
    func whiteSpace() throws {
        #expect(try render("a\n  {% if true %}\n  b\n  {% endif %}\nc") == "a\n  b\nc")
        #expect(try render("a \n {%- if true -%} \n b {%- endif %} c") == "ab c")
        #expect(try render("a  {{- 'b' -}}  c") == "abc")
        #expect(try render("a {# note #}\n b {#- x -#} c") == "a  bc")
        #expect(try render("{{ 1 }}\nx") == "1\nx")
        #expect(try render("{% if true %}\n  {% if true %}\n  x{% endif %}{% endif %}") == "  x")
        #expect(try render("a {%+ if true %}b{% endif %}\n  {# note #}\nc") == "a bc")
    }

    @Test("what came from messages stays apart from what the template wrote")
    func origin() throws {
        let template = try ChatTemplate(
            "{{ '<s>' + messages[0]['content'] | trim + '</s>' }}{{ messages[1].content | upper }}")
        #expect(
            try template.parts(messages, addGenerationPrompt: false) == [
                TextPart("<s>", isTrusted: true), TextPart("Hi", isTrusted: false),
                TextPart("</s>", isTrusted: true), TextPart("YO", isTrusted: false),
            ])
    }

    @Test(
        "what is not supported or malformed is an error, never a guess",
        arguments: [
            "{% macro x() %}{% endmacro %}", "{% if true %}", "{% endfor %}", "{{ 'a }}",
            "{{ 1 + }}", "{{ (1 }}", "{{ a | tojson(indent=2) }}", "{{ 1 is divisibleby(2) }}",
            "{{ strftime_now('%d') }}", "{{ messages }}", "{{ 1 // 0 }}", "{{ missing.role }}",
            "{% for a in 5 %}{% endfor %}", "{{ 'a' * 3 }}", "{% set x %}y{% endset %}", "{{ $ }}",
            "{{ 99999999999999999999 }}", "{# open", "{{", "{%", "{% %}",
        ])
    func unsupported(source: String) {
        #expect(throws: ModelError.self) { try render(source) }
    }

    @Test("deep nesting and endless work are refused")
    func bounded() {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        #expect(throws: ModelError.self) { try render("{{ \(deep) }}") }
        let nots = String(repeating: "not ", count: 5000)
        #expect(throws: Never.self) { try render("{{ \(nots) true }}") }
        let loop = "{% for a in range(99999) %}"
        let end = "{% endfor %}"
        #expect(throws: ModelError.self) { try render(loop + loop + "x" + end + end) }
    }

    @Test(
        "nothing can be doubled without end, nested without end or compared without end",
        arguments: [
            "{% set n.a = n.a ~ n.a %}", "{% set n.a = n.a + n.a %}",
            "{% set n.a = n.a ~ '' ~ n.a %}", "{% set n.l = n.l + n.l %}",
            "{% set n.l = [n.l, n.l] %}{% if n.l == n.l %}{% endif %}",
            "{% set n.l = [n.l] %}{% set n.l = [n.l] %}",
            "{% set n.l = range(100000) %}", "{% set n.a = [n.a, n.a] | join(n.a) %}",
        ])
    func amplification(step: String) {
        let source =
            "{% set n = namespace(a='ab', l=[1, 2]) %}"
            + "{% for i in range(30000) %}\(step){% endfor %}"
        #expect(throws: ModelError.self) { try render(source) }
    }

    @Test("a template's own refusal reaches the caller")
    func refusal() {
        let template =
            "{% if messages[0].role != 'system' %}{{ raise_exception('no system') }}{% endif %}"
        do {
            _ = try render(template)
            Issue.record("accepted")
        } catch let error as ModelError {
            #expect(error.code == "invalid_input" && error.message.contains("no system"))
        } catch {
            Issue.record("\(error)")
        }
    }
}
