/// SentencePiece's `.model`: pieces with scores, and how text becomes normal.
enum SentencePieceFile {
    static let bytesMax = 1 << 28

    /// - Throws: `bad_model`.
    static func parse(_ file: MappedFile) throws -> SentencePieces {
        try withExtendedLifetime(file) { try parse(file.bytes) }
    }

    static func parse(_ bytes: UnsafeRawBufferPointer) throws -> SentencePieces {
        guard bytes.count <= bytesMax else {
            throw ModelError.badModel(
                "SentencePiece model: it has \(bytes.count) bytes, at most \(bytesMax) are allowed")
        }
        var model = SentencePieces()
        var reader = ProtobufReader(bytes, 0..<bytes.count)
        while let (field, value) = try reader.next() {
            guard case .bytes(let range) = value else { continue }
            switch field {
            case 1: model.pieces.append(try piece(bytes, range))
            case 2: try readTrainer(bytes, range, &model)
            case 3: try readNormalizer(bytes, range, &model)
            default: break
            }
            guard model.pieces.count <= Vocabulary.tokensMax else {
                throw ModelError.badModel(
                    "SentencePiece model: more than \(Vocabulary.tokensMax) pieces")
            }
        }
        return model
    }

    private static func piece(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws -> SentencePieces.Piece {
        var piece = SentencePieces.Piece(text: [], score: 0, type: .normal)
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let text)): piece.text = Array(bytes[text])
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .integer(let type)):
                guard let type = SentencePieces.PieceType(rawValue: Int(clamping: type)) else {
                    throw ModelError.badModel("SentencePiece model: a piece of type \(type)")
                }
                piece.type = type
            default: break
            }
        }
        return piece
    }

    private static func readTrainer(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ model: inout SentencePieces
    ) throws {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            guard case .integer(let number) = value else { continue }
            // Negative ids, which mean none, are written as 64-bit two's complement.
            let id = Int32(truncatingIfNeeded: number)
            switch field {
            case 3:
                guard let kind = SentencePieces.Kind(rawValue: Int(clamping: number)) else {
                    throw ModelError.badModel(
                        "SentencePiece model: model type \(number) is not supported; supported "
                            + "are 1 (unigram) and 2 (BPE)")
                }
                model.kind = kind
            case 24: model.marksWordEnds = number != 0
            case 35: model.fallsBackToBytes = number != 0
            case 41: model.bos = id
            case 42: model.eos = id
            case 43: model.pad = id
            default: break
            }
        }
    }

    private static func readNormalizer(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ model: inout SentencePieces
    ) throws {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let map)): model.characterMap = Array(bytes[map])
            case (3, .integer(let flag)): model.addsPrefix = flag != 0
            case (4, .integer(let flag)): model.removesExtraSpaces = flag != 0
            case (5, .integer(let flag)): model.escapesSpaces = flag != 0
            default: break
            }
        }
    }
}
