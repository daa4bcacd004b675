package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.List;

/**
 * T5's encoder as tensor programs, with the weight names of transformers' {@code T5EncoderModel}.
 *
 * <p>Axes: B texts, L tokens, D model size, H heads of size d.
 */
final class T5Program {
  private static final Dim B = Dim.named("B");
  private static final Dim L = Dim.named("L");

  private final T5Config config;
  private final DataType type;
  private final Dim model;

  final Program program = new Program("T5Encoder");
  final Method block;
  final Method encode;

  T5Program(T5Config config, DataType type) {
    this.config = config;
    this.type = type;
    this.model = Dim.of(config.dModel());
    this.block = block(program.method("block"));
    this.encode = encode(program.method("encode"));
  }

  private Method encode(Method m) {
    Weights w = m.adaptableWeights("w", type);
    Tensor ids = m.input("ids", DataType.INT64, B, L); // (B, L)
    Tensor buckets =
        m.input("buckets", DataType.INT64, L, L); // (L, L), of the distance from query to key
    Tensor x =
        w.get("shared.weight", config.vocabSize(), config.dModel()).embedding(ids); // (B, L, D)
    Tensor bias =
        w // (1, H, L, L): all blocks use the first one's
            .get(
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                config.relativeAttentionNumBuckets(),
                config.numHeads())
            .embedding(buckets)
            .permute(2, 0, 1)
            .unsqueeze(0);
    x = m.forEachLayer("blocks", block, List.of(x), bias).get(0); // (B, L, D)
    return m.returns(
        w.rmsNorm("encoder.final_layer_norm", x, config.layerNormEpsilon())
            .to(DataType.FLOAT32)); // (B, L, D)
  }

  private Method block(Method m) {
    Weights given = m.adaptableWeights("w", type);
    Tensor x = m.input("x", type, B, L, model); // (B, L, D)
    Weights w = given.beside(x);
    Tensor bias = m.input("bias", type, Dim.of(1), Dim.of(config.numHeads()), L, L); // (1, H, L, L)
    long inner = (long) config.numHeads() * config.dKv();

    Weights attn = w.in("layer.0.SelfAttention");
    Tensor y = w.rmsNorm("layer.0.layer_norm", x, config.layerNormEpsilon());
    Tensor attended =
        heads(attn.linearWithoutBias("q", y, inner))
            .attention( // (B, H, L, d); T5 does not scale
                heads(attn.linearWithoutBias("k", y, inner)),
                heads(attn.linearWithoutBias("v", y, inner)),
                bias,
                1);
    x = x.add(attn.linearWithoutBias("o", attended.transpose(1, 2).flatten(2, 3), config.dModel()));

    Weights ff = w.in("layer.1.DenseReluDense");
    y = w.rmsNorm("layer.1.layer_norm", x, config.layerNormEpsilon());
    Tensor gated =
        ff.linearWithoutBias("wi_0", y, config.dFf())
            .geluTanh()
            .multiply(ff.linearWithoutBias("wi_1", y, config.dFf())); // (B, L, Dff)
    return m.returns(x.add(ff.linearWithoutBias("wo", gated, config.dModel())));
  }

  private Tensor heads(Tensor x) {
    return x.unflatten(-1, config.numHeads(), config.dKv())
        .transpose(1, 2); // (B, L, H d) to (B, H, L, d)
  }
}
