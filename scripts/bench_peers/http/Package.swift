// swift-tools-version: 6.2
// The servers that `scripts/bench http` measures beside. Not part of the product, which has no part of them.
import PackageDescription

let package = Package(
    name: "http-peers",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.0.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.20.0"),
    ],
    targets: [
        .executableTarget(
            name: "hummingbird-peer",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Sources/hummingbird"),
        .executableTarget(
            name: "flyingfox-peer",
            dependencies: [.product(name: "FlyingFox", package: "FlyingFox")],
            path: "Sources/flyingfox"),
    ])
