// Cosines and sines of positions, computed in double precision once and grown by doubling.
internal import Glibc
internal import Tensor

/// `[positions, headDimension/2]` each. Its own memory: a tensor would keep the backend alive.
final class RotaryTable {
    let positions: Int
    let cosines: Floats
    let sines: Floats

    init(_ form: RotaryForm, positions: Int) {
        self.positions = positions
        let half = form.headDimension / 2
        cosines = .allocate(capacity: positions * half)
        sines = .allocate(capacity: positions * half)
        for i in 0..<half {
            let frequency = form.scaling.scaled(
                pow(Double(form.base), -2 * Double(i) / Double(form.headDimension)))
            for position in 0..<positions {
                let angle = Double(position) * frequency
                cosines[position * half + i] = Float(cos(angle))
                sines[position * half + i] = Float(sin(angle))
            }
        }
    }

    deinit {
        cosines.deallocate()
        sines.deallocate()
    }
}

extension CPUBackend {
    func rotaryTable(_ form: RotaryForm, positions: Int) -> RotaryTable {
        if let table = rotaryTables[form], table.positions >= positions { return table }
        var size = 256
        while size < positions { size *= 2 }
        let table = RotaryTable(form, positions: size)
        rotaryTables[form] = table
        return table
    }
}
