internal import FoundationEssentials
package import HTTP
package import JSON

/// Where an MLflow tracking server is, and what it is told to let us in. It knows no metrics.
package struct MLflowServer: Sendable {
    private static let answerBytesMax = 4 << 20
    private static let silenceSeconds = 20

    /// What the client that MLflow brings reads too: `MLFLOW_TRACKING_TOKEN`, or
    /// `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
    package enum Credentials: Sendable {
        case none
        case token(String)
        case password(user: String, String)
    }

    /// As it was given: without credentials, so that it may be shown.
    package let address: String
    private let url: ClientURL
    private let authorization: String?

    /// - Returns: `nil` when `address` is no http or https URL without user, query and fragment, or
    ///   a credential cannot stand in a header.
    package init?(_ address: String, _ credentials: Credentials = .none) {
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        guard let url = ClientURL(address), !address.contains("?"), !address.contains("#") else {
            return nil
        }
        switch credentials {
        case .none: authorization = nil
        case .token(let token): authorization = "Bearer \(token)"
        case .password(let user, let password):
            authorization = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
        }
        let isPrintable = authorization?.utf8.allSatisfy { (0x20..<0x7F).contains($0) } ?? true
        guard isPrintable else { return nil }
        self.address = address
        self.url = url
    }

    /// One request below `/api/2.0/mlflow/`.
    /// - Returns: the status and the answer; `null` for one that is no JSON, as proxies give.
    /// - Throws: `TrackingError` `unreachable`. Its message has neither body nor credentials.
    package func exchange(
        _ method: HTTP.Method, _ path: String, _ body: JSON?
    ) throws -> (status: Int, body: JSON) {
        var target = url
        target.target = (url.target == "/" ? "" : url.target) + "/api/2.0/mlflow/" + path
        var fields = Fields()
        fields["Accept"] = "application/json"
        if let authorization { fields["Authorization"] = authorization }
        if body != nil { fields["Content-Type"] = "application/json" }
        do {
            let exchange = try ClientExchange(
                method, target, fields: fields, body: body.map { Array($0.text.utf8) } ?? [],
                seconds: Self.silenceSeconds)
            let bytes = try exchange.collect(upTo: Self.answerBytesMax)
            return (exchange.status, (try? JSON.parse(bytes)) ?? .null)
        } catch let error as ClientError {
            throw TrackingError(
                code: "unreachable",
                message:
                    "MLflow cannot be reached (\(error.message)); metrics are sent once it can be")
        }
    }
}
