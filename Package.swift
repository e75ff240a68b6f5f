// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Release builds of the modules that every request passes leave out the run-time checks of exclusive
/// access, a tenth of a small request (debug builds, which the tests run, have them), and specialise
/// each other's generics.
let hot: [SwiftSetting] = [
    .unsafeFlags(
        ["-enforce-exclusivity=unchecked", "-cross-module-optimization"],
        .when(configuration: .release))
]

/// A Swift module at `Sources/<path>`; its dependencies are the only modules it may import.
func module(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [],
    _ settings: [SwiftSetting] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(path ?? name)",
        swiftSettings: strict + settings)
}

/// The tests of one module, at `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "polytask",
    products: [.executable(name: "polytask", targets: ["App"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // What Swift cannot import.
        .target(name: "CLinux"),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        .target(name: "CEmbedded"),

        // Values shared by both sides.
        module("JSON"),
        module("Spec", ["JSON"]),
        module("Datasets", ["JSON", "Spec"]),
        module("Archives"),

        // Serving.
        module("Sockets", ["CLinux", "COpenSSL"], hot),
        module("HTTP", ["Sockets"], hot),
        module("Store", ["JSON", "Spec", "Datasets", "CEmbedded", "COpenSSL", grdb]),
        module("WorkerProtocol", ["JSON", "Spec"]),
        module("Tracking", ["Store", "Spec", "JSON", "HTTP"]),
        module("Pool", ["WorkerProtocol", "Store", "Datasets", "Spec", "JSON", "CLinux"]),
        module(
            "API",
            [
                "HTTP", "Store", "Pool", "WorkerProtocol", "Spec", "Datasets", "JSON", "CEmbedded",
                "COpenSSL", "CZlib", "Archives",
            ]),

        // Computing.
        module("Tensor"),
        module("CPUBackend", path: "Backends/CPU", ["Tensor", "CKernels", "COpenBLAS"]),
        module("NN", ["Tensor"]),
        module("Models", ["Tensor", "NN", "JSON", "Archives"]),
        module("Multitask", ["Spec"]),
        module("Report", ["Multitask", "Spec", "JSON"]),
        module("Inference", ["Models", "NN", "Tensor"]),
        module(
            "Training",
            ["Models", "Inference", "Multitask", "NN", "Tensor", "Spec", "Datasets", "JSON"]),
        module(
            "Worker",
            [
                "WorkerProtocol", "Training", "Inference", "Models", "Tensor", "CPUBackend", "Spec",
                "JSON", "CLinux", "Datasets",
            ]),

        .executableTarget(
            name: "App",
            dependencies: [
                "API", "HTTP", "Store", "Pool", "Worker", "WorkerProtocol", "Spec", "Datasets",
                "JSON", "Report", "Tracking",
                "Multitask", "Training", "Inference", "Models", "NN", "Tensor", "CPUBackend",
                "CLinux", argumentParser,
            ],
            swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["CLinux"], path: "Tests/TestSupport",
            swiftSettings: strict),
        tests("Tidy", []),
        tests("WorkerProtocol", ["WorkerProtocol", "Spec"]),
        tests("Pool", ["Pool", "WorkerProtocol", "Store", "Datasets", "Spec", "JSON"]),
        tests(
            "Worker", ["Worker", "WorkerProtocol", "Spec", "Models", "Tensor", "CPUBackend"]),
        tests(
            "API", ["API", "HTTP", "Store", "Pool", "WorkerProtocol", "Datasets", "Spec", "JSON"]),
        tests("System", ["JSON"]),
        tests("JSON", ["JSON"]),
        tests("Archives", ["Archives"]),
        tests("Multitask", ["Multitask", "Spec", "JSON"]),
        tests("Report", ["Report", "Multitask", "Spec", "JSON"]),
        tests("Tracking", ["Tracking", "Store", "Spec", "JSON", "HTTP"]),
        tests(
            "Training",
            [
                "Training", "Inference", "Multitask", "Models", "NN", "Tensor", "CPUBackend",
                "Spec", "Datasets", "JSON",
            ]),
        tests("Models", ["Models", "Archives", "NN", "Tensor", "CPUBackend", "JSON"]),
        tests("Inference", ["Inference", "Models", "Tensor", "CPUBackend"]),
        tests("Backend", ["Tensor", "CPUBackend"]),
        tests("CPUBackend", ["CPUBackend", "CKernels", "Tensor"]),
        tests("NN", ["NN", "Tensor", "CPUBackend"]),
        tests("Sockets", ["Sockets"]),
        tests("HTTP", ["HTTP", "Sockets", "COpenSSL"]),
        tests("Datasets", ["Datasets", "Spec", "JSON"]),
        tests("Store", ["Store", "Datasets", "Spec", "JSON"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)

// `scripts/sanitize` builds some modules' tests, and what they need, alone.
if let chosen = Context.environment["POLYTASK_TESTS"] {
    var kept: Set<String> = []
    var wanted = chosen.split(separator: " ").map { "\($0)Tests" }
    while let name = wanted.popLast() {
        guard kept.insert(name).inserted else { continue }
        for target in package.targets where target.name == name {
            for case .byNameItem(let dependency, _) in target.dependencies {
                wanted.append(dependency)
            }
        }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
}
