import Foundation
import JSON
import Tensor
import TestSupport
import Testing

@testable import Models

/// T5 out of GGUF.
@Suite struct T5FileTests {
    private let folder = try? TemporaryFolder()

    /// By `get_tensor_name_map` of llama.cpp's `gguf` package.
    @Test(
        "tensors have the names that llama.cpp's converter gives them",
        arguments: [
            ("shared", "token_embd"), ("lm_head", "output"),
            ("encoder.final_layer_norm", "enc.output_norm"),
            ("decoder.final_layer_norm", "dec.output_norm"),
            ("encoder.block.1.layer.0.SelfAttention.o", "enc.blk.1.attn_o"),
            (
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
                "enc.blk.0.attn_rel_b"
            ),
            ("encoder.block.0.layer.0.layer_norm", "enc.blk.0.attn_norm"),
            ("encoder.block.0.layer.1.DenseReluDense.wi", "enc.blk.0.ffn_up"),
            ("encoder.block.0.layer.1.DenseReluDense.wi_0", "enc.blk.0.ffn_gate"),
            ("encoder.block.0.layer.1.DenseReluDense.wi_1", "enc.blk.0.ffn_up"),
            ("encoder.block.0.layer.1.DenseReluDense.wo", "enc.blk.0.ffn_down"),
            ("encoder.block.0.layer.1.layer_norm", "enc.blk.0.ffn_norm"),
            ("decoder.block.12.layer.0.SelfAttention.q", "dec.blk.12.attn_q"),
            ("decoder.block.0.layer.1.EncDecAttention.k", "dec.blk.0.cross_attn_k"),
            ("decoder.block.0.layer.1.layer_norm", "dec.blk.0.cross_attn_norm"),
            ("decoder.block.0.layer.2.DenseReluDense.wi_0", "dec.blk.0.ffn_gate"),
            ("decoder.block.0.layer.2.layer_norm", "dec.blk.0.ffn_norm"),
        ])
    func names(theirs: String, stored: String) {
        #expect(T5.stored(theirs) == stored)
    }

    @Test("a GGUF file and a folder of the same T5 are one model", arguments: ["t5", "t5_gated"])
    func sameModel(name: String) throws {
        let folder = try #require(folder)
        let config = try #require(Golden.read(name)["config"])
        try TinyFolder.write(config, to: folder)
        let there = try TinyFolder.load(folder.path)
        let c = there.configuration
        var metadata = GGUFMetadata("t5", sizes: c)
        metadata.add("t5.decoder_block_count", try T5.Settings(c.details).decoderLayers)
        metadata.add("t5.attention.key_length", c.headDimension)
        metadata.add("t5.attention.relative_buckets_count", try T5.Settings(c.details).buckets)
        metadata.add("t5.attention.layer_norm_rms_epsilon", c.normEpsilon)
        metadata.add(
            "tokenizer.ggml.tokens", (0..<c.vocabulary).map { Array("t\($0)".utf8) })
        let items = zip(try T5.layout(c), there.parameters).map { source, parameter in
            GGUFWriter.Item(name: source.stored, shape: source.shape, type: .f32) { row in
                UnsafePointer(parameter.value.pointer + row * (source.shape.last ?? 1))
            }
        }
        try GGUFWriter.write(folder.file("t5.gguf"), metadata: metadata, items: items)
        let here = try TinyFolder.load(folder.file("t5.gguf"))
        #expect(here.parameters.map(\.name) == there.parameters.map(\.name))
        for (mine, theirs) in zip(here.parameters, there.parameters) {
            #expect(mine.value.floats() == theirs.value.floats(), "\(mine.name)")
        }
        let (mine, theirs) = (here.configuration, there.configuration)
        #expect(mine.tiedEmbeddings == theirs.tiedEmbeddings && mine.hidden == theirs.hidden)
        #expect(try T5.Settings(mine.details).form == T5.Settings(theirs.details).form)
    }
}
