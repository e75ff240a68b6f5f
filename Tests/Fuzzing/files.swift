import Glibc

// Files of models that nobody vouches for: the first byte says of which kind the rest is. Whatever
// it holds, a model or an error comes, in bounded memory, never a trap.
@testable import Archives
@testable import JSON
@testable import Models

/// A folder in memory, emptied for each input.
private let folder: String = {
    let path = "/dev/shm/polytask-fuzz-\(getpid())"
    mkdir(path, 0o700)
    return path
}()

private func write(_ bytes: some Sequence<UInt8>, to name: String) -> String {
    let path = "\(folder)/\(name)"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(file >= 0, "no file in memory")
    defer { close(file) }
    _ = Array(bytes).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    return path
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first else { return 0 }
    let bytes = input.dropFirst()
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "s"): _ = try? SafetensorsFile(write(bytes, to: "file"))
    case UInt8(ascii: "m"): _ = try? ModelSummary.read(write(bytes, to: "file"))
    case UInt8(ascii: "g"):
        if let file = try? GGUFFile(write(bytes, to: "file")) {
            _ = try? file.identify()
            if let tokenizer = try? file.tokenizer() { _ = tokenizer.encode("a b ü") }
        }
    case UInt8(ascii: "t"):
        if let tokenizer = try? Tokenizers.load(json: write(bytes, to: "t.json")) {
            _ = tokenizer.decode(tokenizer.encode("a b ü <s> 12").ids)
        }
    case UInt8(ascii: "p"):
        let file = try? MappedFile(write(bytes, to: "t.model"))
        _ = try? file.map { try SentencePieceFile.parse($0).tokenizer().encode("a b ü") }
    case UInt8(ascii: "c"):
        guard let config = try? ConfigFile(text: text),
            let architecture = try? Architectures.of(modelType: config.text("model_type")),
            let configuration = try? architecture.configuration(of: config)
        else { return 0 }
        // A layout is a list of names: what is beyond reason there is refused by the limits.
        if configuration.layers <= 64 { _ = try? architecture.layout(configuration) }
    case UInt8(ascii: "i"):
        let index = try? ShardIndex(text)
        #if CANARY
            // The seed has one tensor, of this name.
            if let index, index.home["a"] == nil { fatalError("canary: another tensor") }
        #else
            _ = index
        #endif
    case UInt8(ascii: "l"):
        _ = write(bytes, to: "adapter_config.json")
        _ = try? PEFTFolder(folder)
    case UInt8(ascii: "a"):
        var reader = TarReader(total: bytes.count) {
            Array(bytes.dropFirst($0).prefix($1))
        }
        while let found = try? reader.next() {
            precondition(found.offset + found.entry.bytes <= bytes.count, "within the archive")
            if let name = ModelArchive.name(found.entry.name) {
                precondition(
                    !name.contains("..") && !name.hasPrefix("/")
                        && (!name.contains("/") || name == "1_Pooling/config.json"),
                    "a name that is a path")
            }
        }
    default: break
    }
    return 0
}
