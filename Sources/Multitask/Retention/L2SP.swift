package import Spec

/// L2-SP (Li, Grandvalet and Davoine, 1802.01483, eq. 2): all parameters are held near the
/// pretrained model, a remedy for what it knew before any task that needs no data.
///
/// Penalty (α/2) ‖θ − θ⁰‖² over what the tasks share but their heads (the backbone, or a shared adapter,
/// which it holds near its start), from the first stage on. Heads are new and have no start to be
/// held near: they are free, shared ones too (the paper's β = 0). Its gradient is added after clipping
/// and outside aggregation. Default α = 0.1, within the paper's grid of 10⁰…10⁻⁴. It takes the
/// place of weight decay: set that to 0 beside it.
package struct L2SP: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "l2_sp", paper: "arXiv:1802.01483",
        equation: "L + (α/2) ‖θ − θ⁰‖², θ⁰ the pretrained model",
        summary: "Holds the model near the pretrained one from the first stage on; needs no data.",
        parameters: [
            .init(
                "alpha", in: 0...1e6, default: 0.1,
                "α: strength of the penalty; default: from the paper's grid")
        ],
        keepsBase: true, holdsParameters: true, means: "the quadratic penalty")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.anchor = .init(strength: settings["alpha"], decay: nil, importance: .base)
        self.needs = needs
    }
}
