// FlyingFox with the answer that the others give: flyingfox-peer PORT.
import FlyingFox
import Foundation

@main struct Peer {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { UInt16($0) } ?? 8080
        let server = HTTPServer(
            address: try .inet(ip4: "127.0.0.1", port: port), logger: .disabled)
        let body = Data(#"{"object":"echo","status":"ok"}"#.utf8)
        await server.appendRoute("GET /") { _ in
            HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: body)
        }
        try await server.run()
    }
}
