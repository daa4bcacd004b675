package io.fluxspark.text;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.List;

/**
 * CLIP's text transformer as tensor programs, with the weight names of transformers' {@code
 * CLIPTextModel}.
 *
 * <p>Axes: B texts, T = 77 tokens, D hidden size, H heads of size d.
 */
final class ClipProgram {
  private static final Dim B = Dim.named("B");

  private final ClipConfig config;
  private final DataType type;
  private final long hidden;
  private final Dim tokens;

  final Program program = new Program("ClipText");
  final Method layer;
  final Method pooled;

  ClipProgram(ClipConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.hidden = config.hiddenSize();
    this.tokens = Dim.of(config.maxPositionEmbeddings());
    this.layer = layer(program.method("layer"));
    this.pooled = pooled(program.method("pooled"));
  }

  private Method pooled(Method m) {
    Weights w = m.adaptableWeights("w", type);
    Tensor ids = m.input("ids", DataType.INT64, B, tokens); // (B, T)
    Tensor ends = m.input("ends", DataType.INT64, B); // (B), rows of (B * T) where the texts end
    Tensor x =
        w.get("embeddings.token_embedding.weight", config.vocabSize(), hidden)
            .embedding(ids)
            .add(
                w.get(
                    "embeddings.position_embedding.weight",
                    config.maxPositionEmbeddings(),
                    hidden)); // (B, T, D)
    x = m.forEachLayer("layers", layer, List.of(x)).get(0); // (B, T, D)
    x = w.layerNorm("final_layer_norm", x, config.layerNormEps()); // (B, T, D)
    return m.returns(x.flatten(0, 1).embedding(ends).to(DataType.FLOAT32)); // (B, D)
  }

  private Method layer(Method m) {
    Weights w = m.adaptableWeights("w", type);
    Tensor x = m.input("x", type, B, tokens, Dim.of(hidden)); // (B, T, D)
    return m.returns(config.layer().write(w, x, Tensor::causalAttention));
  }
}
