package io.fluxspark.clip;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.List;

/**
 * CLIP's picture encoder and its two projections into the common space as tensor programs, with the
 * weight names of transformers' {@code CLIPModel}, in float32.
 *
 * <p>Axes: one picture of S x S pixels, N tokens, D hidden size, Dt the text encoder's, P the
 * common space.
 */
final class VisionProgram {
  private static final DataType TYPE = DataType.FLOAT32;
  private static final Dim ONE = Dim.of(1);

  private final VisionConfig config;
  private final int textSize;
  private final int projectionDim;
  private final long hidden;

  final Program program = new Program("ClipVision");
  final Method layer;
  final Method image;
  final Method text;

  VisionProgram(VisionConfig config, int textSize, int projectionDim) {
    this.config = config;
    this.textSize = textSize;
    this.projectionDim = projectionDim;
    this.hidden = config.layer().hiddenSize();
    this.layer = layer(program.method("layer"));
    this.image = image(program.method("image"));
    this.text = text(program.method("text"));
  }

  /** A picture in the common space. */
  private Method image(Method m) {
    Weights w = m.weights("w", TYPE);
    Dim side = Dim.of(config.imageSize());
    Tensor pixels = m.input("pixels", TYPE, ONE, Dim.of(3), side, side); // (1, 3, S, S)
    Weights embeddings = w.in("vision_model.embeddings");
    Tensor patches =
        embeddings
            .conv2dWithoutBias(
                "patch_embedding", pixels, hidden, config.patchSize(), config.patchSize(), 0)
            .flatten(2, 3)
            .transpose(1, 2); // (1, N - 1, D)
    Tensor whole = embeddings.get("class_embedding", hidden).unsqueeze(0).unsqueeze(0); // (1, 1, D)
    Tensor x =
        Tensor.concat(1, whole, patches)
            .add(embeddings.get("position_embedding.weight", config.tokens(), hidden)); // (1, N, D)
    Weights vision = w.in("vision_model");
    x = vision.layerNorm("pre_layrnorm", x, config.layer().layerNormEps()); // (1, N, D)
    x = m.forEachLayer("layers", layer, List.of(x)).get(0); // (1, N, D)
    x = vision.layerNorm("post_layernorm", x.select(1, 0), config.layer().layerNormEps()); // (1, D)
    return m.returns(w.linearWithoutBias("visual_projection", x, projectionDim)); // (1, P)
  }

  private Method layer(Method m) {
    Weights w = m.weights("w", TYPE);
    Tensor x = m.input("x", TYPE, ONE, Dim.of(config.tokens()), Dim.of(hidden)); // (1, N, D)
    return m.returns(config.layer().write(w, x, Tensor::attention));
  }

  /** A pooled text in the common space. */
  private Method text(Method m) {
    Weights w = m.weights("w", TYPE);
    Tensor pooled = m.input("pooled", TYPE, ONE, Dim.of(textSize)); // (1, Dt)
    return m.returns(w.linearWithoutBias("text_projection", pooled, projectionDim)); // (1, P)
  }
}
