import Foundation
import Testing

@Suite("The repository is whole") struct RepositoryTests {
    @Test("swift-nio is not among the resolved packages")
    func noNIO() throws {
        let resolved = try Repository.text("Package.resolved")
        #expect(resolved.contains("grdb"), "Package.resolved does not look like one")
        #expect(
            !resolved.contains("swift-nio"),
            "a dependency pulls in swift-nio; the socket layer is our own: use Sources/Sockets")
    }

    @Test("every dependency is pinned exactly")
    func pinned() throws {
        for line in try Repository.text("Package.swift").split(separator: "\n")
        where line.contains(".package(url:") {
            #expect(line.contains("exact:"), "\(line)")
        }
    }

    @Test("the README's first screen has both commands and its scripts exist")
    func readme() throws {
        let readme = try Repository.text("README.md")
        let firstScreen = readme.split(separator: "\n", omittingEmptySubsequences: false)
            .prefix(40).joined(separator: "\n")
        #expect(firstScreen.contains("scripts/demo"))
        #expect(firstScreen.contains("scripts/test"))
        for match in readme.matches(of: /scripts\/[a-z_]+/) {
            let path = Repository.root.appendingPathComponent(String(match.output)).path
            #expect(
                FileManager.default.isExecutableFile(atPath: path), "\(match.output) is missing")
        }
    }

    @Test("continuous integration runs the README's two commands")
    func continuousIntegration() throws {
        let script = try Repository.text(".ci/run")
        #expect(script.contains("scripts/test\n"))
        #expect(script.contains("scripts/demo --quick\n"))
    }

    @Test("the image is built by the same bootstrap as a machine")
    func dockerfile() throws {
        let dockerfile = try Repository.text("Dockerfile")
        #expect(dockerfile.contains("RUN scripts/bootstrap"))
        #expect(try Repository.text("docker-compose.yml").contains("/readyz"))
    }

    @Test(
        "the documents link only to files that exist",
        arguments: [
            "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/extending.md",
            "docs/benchmarks.md", "docs/models.md",
        ])
    func links(document: String) throws {
        let folder = Repository.root.appendingPathComponent(document).deletingLastPathComponent()
        for match in try Repository.text(document).matches(of: /\]\(([^)#:]+)\)/) {
            let target = folder.appendingPathComponent(String(match.output.1)).path
            #expect(
                FileManager.default.fileExists(atPath: target), "\(document): \(match.output.1)")
        }
    }
}
