import Tensor

// What several families spell alike.
extension ConfigFile {
    /// A number of heads that divides `width`.
    func heads(_ key: String, dividing width: Int) throws -> Int {
        let heads = try integer(key, in: 1...4096)
        guard width % heads == 0 else {
            throw ModelError.badModel(
                "config.json: \(key) \(heads) must divide the width of \(width)")
        }
        return heads
    }

    func activation(_ key: String, default fallback: String) throws -> Activation {
        let name = try text(key, default: fallback)
        switch name {
        case "gelu": return .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geluTanh
        case "relu": return .relu
        default:
            throw ModelError.badModel(
                "config.json: \(key) \(printable(name)) is not supported, only gelu, gelu_new, "
                    + "gelu_pytorch_tanh, gelu_fast and relu")
        }
    }
}
