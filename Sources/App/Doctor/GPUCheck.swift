import Glibc

/// GPU libraries that the loader finds. None is needed: this version computes on the processor.
enum GPUCheck {
    private static let libraries = [
        ("CUDA driver", ["libcuda.so.1"]),
        ("cuBLAS", ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"]),
        ("NVRTC", ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"]),
    ]

    static func findings() -> [Finding] {
        let found = libraries.compactMap { name, files in
            files.first(where: isLoadable).map { "\(name) (\($0))" }
        }
        let what = found.isEmpty ? "no GPU libraries found" : found.joined(separator: ", ")
        return [.ok("gpu", "\(what); computing on the processor")]
    }

    private static func isLoadable(_ file: String) -> Bool {
        guard let handle = dlopen(file, RTLD_LAZY | RTLD_LOCAL) else { return false }
        dlclose(handle)
        return true
    }
}
