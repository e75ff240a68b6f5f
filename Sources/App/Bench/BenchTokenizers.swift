import ArgumentParser
import JSON
import Models

struct BenchTokenizers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizers",
        abstract: "Time a tokenizer on the lines of standard input, on one thread.")

    @Option(help: ArgumentHelp("What `polytask tokenize` takes.", valueName: "PATH"))
    var tokenizer: String

    @Option(help: "Times that all lines are encoded; the fastest counts.")
    var repeats = 5

    func validate() throws {
        guard (1...1000).contains(repeats) else {
            throw ValidationError("--repeats must be 1 to 1000, found \(repeats)")
        }
    }

    func run() throws {
        let loaded = try Tokenizers.load(path: tokenizer)
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        let ids = measure(loaded, lines, withOffsets: false)
        let offsets = measure(loaded, lines, withOffsets: true)
        let result: JSON = [
            "lines": .integer(Int64(lines.count)), "tokens": .integer(Int64(ids.tokens)),
            "bytes": .integer(Int64(lines.reduce(0) { $0 + $1.utf8.count })),
            "ids_seconds": .number(ids.seconds), "offsets_seconds": .number(offsets.seconds),
        ]
        print(result.text)
    }

    private func measure(
        _ tokenizer: any Tokenizer, _ lines: [String], withOffsets: Bool
    ) -> (tokens: Int, seconds: Double) {
        let options = EncodeOptions(withOffsets: withOffsets)
        let clock = ContinuousClock()
        var tokens = 0
        var best = Double.infinity
        for _ in 0..<repeats {
            tokens = 0
            let time = clock.measure {
                for line in lines {
                    tokens += tokenizer.encode(line, nil, options: options).ids.count
                }
            }
            let (seconds, attoseconds) = time.components
            best = min(best, Double(seconds) + Double(attoseconds) / 1e18)
        }
        return (tokens, best)
    }
}
