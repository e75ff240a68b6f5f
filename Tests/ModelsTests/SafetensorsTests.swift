import CPUBackend
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("safetensors files")
struct SafetensorsTests {
    private let backend = CPUBackend(threads: 1)

    private func file(_ header: String, data: Int, length: UInt64? = nil) throws -> SafetensorsFile
    {
        let folder = try TemporaryFolder()
        let bytes =
            GGUFBuilder.bytes(length ?? UInt64(header.utf8.count)) + Array(header.utf8)
            + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
        return try SafetensorsFile(try folder.write(bytes))
    }

    @Test("what is written is read back, metadata and order too")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.safetensors")
        let tensors = [
            (name: "z", tensor: Tensor([1, 2, 3, 4, 5, 6], [2, 3], backend: backend)),
            (name: "a/\"ü", tensor: Tensor([0.5], [1], backend: backend)),
        ]
        try SafetensorsWriter.write(path, metadata: ["k": "v\n"], tensors: tensors)
        let file = try SafetensorsFile(path)
        #expect(file.names == ["z", "a/\"ü"])
        #expect(file.metadata == ["k": "v\n"])
        #expect(file.shape("z") == [2, 3] && file.shape("none") == nil)
        let read = Tensor([2, 3], backend: backend)
        try file.read("z", into: read)
        #expect(read.floats() == [1, 2, 3, 4, 5, 6])
        #expect(throws: ModelError.self) { try file.read("a/\"ü", into: read) }
        #expect(throws: ModelError.self) { try file.read("none", into: read) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
    }

    @Test("F16 and BF16 are converted")
    func halves() throws {
        let header =
            #"{"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"#
            + #""b":{"dtype":"BF16","shape":[2],"data_offsets":[2,6]}}"#
        let file = try file(header, data: 6)
        let one = Tensor([1], backend: backend)
        try file.read("h", into: one)
        #expect(one.floats() == [Float(Float16(bitPattern: 0x0100))])
        let two = Tensor([2], backend: backend)
        try file.read("b", into: two)
        #expect(
            two.floats() == [Float(bitPattern: 0x0302_0000), Float(bitPattern: 0x0504_0000)])
    }

    @Test(
        "hostile headers are refused",
        arguments: [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2]}}"#, "[]", "{", "",
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2,1,1,1,1,1,1,1,1],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
            #"{"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        ])
    func hostile(header: String) {
        #expect(throws: ModelError.self) { try file(header, data: 8) }
    }

    @Test("a header of more tensors than any model has is refused before it is built")
    func manyTensors() throws {
        let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
        func header(_ count: Int) -> String {
            "{" + (0..<count).map { "\"{\($0)\\\"\":\(entry)" }.joined(separator: ",") + "}"
        }
        let error = #expect(throws: ModelError.self) {
            try file(header(SafetensorsHeader.tensorsMax), data: 0)
        }
        #expect(error?.message.contains("65537 objects") == true)
        #expect(try file(header(2), data: 0).names.sorted() == ["{0\"", "{1\""])
    }

    @Test("header lengths beyond the file or the limit are refused")
    func lengths() {
        #expect(throws: ModelError.self) { try file("{}", data: 0, length: .max) }
        #expect(throws: ModelError.self) { try file("{}", data: 0, length: 3) }
        #expect(throws: Never.self) { try file("{}", data: 0) }
    }

    @Test("a write that fails leaves nothing behind")
    func failing() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ModelError.self) {
            try SafetensorsWriter.write(folder.file("no/such"), metadata: [:], tensors: [])
        }
        // A folder stands where the file should: the rename fails.
        try FileManager.default.createDirectory(
            atPath: folder.file("taken/x"), withIntermediateDirectories: true)
        #expect(throws: ModelError.self) {
            try SafetensorsWriter.write(folder.file("taken"), metadata: [:], tensors: [])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }
}
