import Spec
import Testing

@testable import Training

/// Expected numbers are those of scikit-learn, SciPy, seqeval and sacreBLEU.
@Suite struct MeasureTests {
    private func value(_ name: String, _ measure: any Measure) -> Double {
        measure.values(loss: 1).first { $0.name == name }?.value ?? .nan
    }

    @Test("Multi-label F1 and subset accuracy are scikit-learn's")
    func labels() {
        let truths: [[Float]] = [[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0]]
        let found: [[Float]] = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]
        var measure = LabelMeasure(count: 3)
        for (truth, predicted) in zip(truths, found) {
            measure.add(
                Example(task: 0, tokens: [1], values: truth),
                outputs: predicted.map { $0 == 1 ? 0.5 : -3 })
        }
        #expect(abs(value("micro_f1", measure) - 0.6) < 1e-12)
        #expect(abs(value("macro_f1", measure) - 0.43333333333333335) < 1e-12)
        #expect(abs(value("subset_accuracy", measure) - 0.4) < 1e-12)
    }

    @Test("Correlations are SciPy's, ties included; with a constant they are 0")
    func values() {
        let truths: [Float] = [0.1, 0.5, 0.5, 0.9, -1, 2]
        let found: [Float] = [0, 0.75, 0.25, 0.25, -0.5, 1]
        var measure = ValueMeasure()
        var constant = ValueMeasure()
        for (truth, predicted) in zip(truths, found) {
            let example = Example(task: 0, tokens: [1], values: [truth])
            measure.add(example, outputs: [predicted])
            constant.add(example, outputs: [0.3])
        }
        // The numbers are 32-bit: 0.1 and 0.9 are off by 1e-8.
        #expect(abs(value("mse", measure) - 0.30125) < 1e-7)
        #expect(abs(value("pearson", measure) - 0.8960240695281682) < 1e-7)
        #expect(abs(value("spearman", measure) - 0.8676470588235294) < 1e-12)
        #expect(value("pearson", constant) == 0 && value("spearman", constant) == 0)
    }

    @Test("Entity F1 and accuracy are seqeval's")
    func tags() {
        let labels = ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]
        let truths = [
            ["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"],
            ["I-ORG", "I-ORG", "B-ORG", "O", "B-PER"],
        ]
        let found = [
            ["B-PER", "I-PER", "O", "I-LOC", "I-LOC", "I-PER"],
            ["B-ORG", "I-ORG", "I-ORG", "O", "I-PER"],
        ]
        var measure = TagMeasure(labels: labels)
        for (truth, predicted) in zip(truths, found) {
            let targets = truth.map { Int32(labels.firstIndex(of: $0) ?? 0) }
            measure.add(
                Example(task: 0, tokens: targets, targets: targets),
                outputs: predicted.flatMap { tag in labels.map { $0 == tag ? 1 : 0 } })
        }
        #expect(abs(value("entity_f1", measure) - 0.6) < 1e-12)
        #expect(abs(value("accuracy", measure) - 0.5454545454545454) < 1e-12)
        #expect(value("entity_f1", TagMeasure(labels: ["NOUN", "VERB"])).isNaN)
    }

    @Test("Entities begin and end where seqeval says")
    func spans() {
        let tags = ["B-A", "B-A", "I-B", "E-B", "I-B", "S-C", "I-C", "O", "X", "X", "O"]
        let spans = EntitySpan.all(in: tags)
        #expect(spans.map(\.label) == ["A", "A", "B", "B", "C", "C", "X"])
        #expect(spans.map(\.words) == [0..<1, 1..<2, 2..<4, 4..<5, 5..<6, 6..<7, 8..<10])
    }

    @Test(
        "Words of mteval-v13a are sacreBLEU's",
        arguments: [
            (
                "U.S.A. 3.14, 1,000.-5 a.b ...x",
                "U . S . A . 3.14 , 1,000 . -5 a . b . . . x"
            ),
            (
                "x-\ny &lt;b&gt; a/b c_d [e] {f} 5-6 a-b",
                "xy < b > a / b c _ d [ e ] { f } 5 - 6 a-b"
            ),
            ("  rock'n'roll\t", "rock'n'roll"), ("1-", "1 -"), (".5,", ". 5 ,"),
            ("It costs $3,000.50 (or 12-15%).", "It costs $ 3,000.50 ( or 12 - 15 % ) ."),
            ("naïve café – “quoted” text…", "naïve café – “quoted” text…"), ("", ""),
        ])
    func words(text: String, expected: String) {
        #expect(MtevalTokens.all(in: text).joined(separator: " ") == expected)
    }

    private static let texts = [
        ("The cat sat on the mat, didn't it?", "The cat sat on the mat, didn't she?"),
        ("It costs $3,000.50 (or 12-15%).", "It costs $3,000.50, or 12 - 15 %."),
        ("Hello &amp; welcome to Paris.", "Hello & welcome to Paris!"),
        ("naïve café – “quoted” text…", "naïve café - \"quoted\" text..."),
    ]

    @Test(
        "BLEU is sacreBLEU's: a corpus, smoothing, brevity, and texts without a match",
        arguments: [
            (texts, 53.95779334415324), ([texts[2]], 75.98356856515926),
            ([("a b c d x y", "a b z d q y k l m")], 11.708995388048026),
            ([("the quick fox", "the quick brown fox")], 0),
            ([("x y z w v", "a b c d e")], 0), ([("", "a b")], 0),
            ([("a b c d e f g h", "a b c d e")], 51.697315395717055),
        ] as [([(String, String)], Double)])
    func bleu(pairs: [(String, String)], expected: Double) {
        var bleu = BLEU()
        for (written, reference) in pairs { bleu.add(written, reference: reference) }
        #expect(abs(bleu.score - expected) < 1e-9)
    }
}
