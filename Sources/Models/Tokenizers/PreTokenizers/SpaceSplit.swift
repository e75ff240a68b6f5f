/// Cuts at white space and drops it.
struct SpaceSplit: PreTokenizer {
    func split(_ cut: inout Cutting) {
        cut.cut(.removed) { Categories.newest.value($0) & Categories.whitespace != 0 }
    }
}
