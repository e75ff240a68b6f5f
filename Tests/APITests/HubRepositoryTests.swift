import JSON
import Testing

@testable import API

@Suite struct HubRepositoryTests {
    @Test("No name that a hub lists leads out of the folder of the download")
    func names() throws {
        let ways = [
            "model-/../../x.safetensors", "model-1/x.safetensors", "../config.json", ".env.json",
            "a/b.json", "model-\u{0}.safetensors", "..", "model-%2e%2e.safetensors",
        ]
        let good = [
            "model.safetensors.index.json", "model-00001-of-00002.safetensors", "config.json",
        ]
        let names: [JSON] = (ways + good).map { ["rfilename": .string($0)] }
        let repository = HubRepository(name: "org/name", revision: "main")
        let listing = try repository.listing(["sha": "abc", "siblings": .array(names)])
        #expect(Set(listing.files) == Set(good))
    }

    @Test(
        "A commit that is no single part of a path is refused", arguments: ["a/b", "..", "", "?"])
    func commit(sha: String) {
        let repository = HubRepository(name: "org/name", revision: "main")
        #expect(throws: APIError.self) {
            try repository.listing([
                "sha": .string(sha), "siblings": [["rfilename": "model.safetensors"]],
            ])
        }
    }
}
