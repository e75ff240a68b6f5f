import NN
import Tensor

extension PathIntegral {
    var saved: SavedState {
        var state = SavedState()
        for (index, part) in parts.enumerated() {
            state.tensors.append(("path.sum.\(index)", part.sum))
            state.tensors.append(("path.start.\(index)", part.start))
        }
        return state
    }

    func restore(_ source: SavedSource) throws {
        for (index, part) in parts.enumerated() {
            try source.read("path.sum.\(index)", into: part.sum)
            try source.read("path.start.\(index)", into: part.start)
        }
    }
}
