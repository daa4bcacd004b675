package io.fluxspark.text;

import static io.fluxspark.weights.ConfigFile.checkAtLeast;
import static io.fluxspark.weights.ConfigFile.checkPositive;

import io.fluxspark.program.Tensor;
import io.fluxspark.program.Weights;
import java.util.List;

/**
 * A layer of CLIP's transformers, with the weight names of transformers' {@code CLIPEncoderLayer}.
 * Those of texts and of pictures differ in which tokens look at which.
 *
 * <p>Axes: B texts or pictures, T tokens, D hidden size, H heads of size d.
 *
 * @param hiddenAct {@code quick_gelu} or {@code gelu}
 */
public record ClipLayer(
    int hiddenSize,
    int intermediateSize,
    int numAttentionHeads,
    String hiddenAct,
    double layerNormEps) {
  private static final List<String> ACTIVATIONS = List.of("quick_gelu", "gelu");

  public ClipLayer {
    checkAtLeast(1, "hidden_size", hiddenSize);
    checkAtLeast(1, "intermediate_size", intermediateSize);
    checkAtLeast(1, "num_attention_heads", numAttentionHeads);
    checkPositive("layer_norm_eps", layerNormEps);
    if (!ACTIVATIONS.contains(hiddenAct)) {
      throw new IllegalArgumentException(
          "key 'hidden_act' is "
              + hiddenAct
              + "; "
              + String.join(" or ", ACTIVATIONS)
              + " is wanted");
    }
    if (hiddenSize % numAttentionHeads != 0) {
      throw new IllegalArgumentException(
          "key 'hidden_size' is "
              + hiddenSize
              + "; a multiple of num_attention_heads, "
              + numAttentionHeads
              + ", is wanted");
    }
  }

  /** Which tokens look at which: {@link Tensor#attention} or {@link Tensor#causalAttention}. */
  @FunctionalInterface
  public interface Attention {
    /** All are (B, H, T, d). */
    Tensor of(Tensor query, Tensor key, Tensor value);
  }

  /** The layer's operations on {@code x} (B, T, D): (B, T, D). */
  public Tensor write(Weights w, Tensor x, Attention attention) {
    Tensor y = w.layerNorm("layer_norm1", x, layerNormEps); // (B, T, D)
    Weights attn = w.in("self_attn");
    Tensor attended =
        attention.of(
            heads(attn.linear("q_proj", y, hiddenSize)),
            heads(attn.linear("k_proj", y, hiddenSize)),
            heads(attn.linear("v_proj", y, hiddenSize))); // (B, H, T, d)
    x = x.add(attn.linear("out_proj", attended.transpose(1, 2).flatten(2, 3), hiddenSize));
    Tensor up = w.linear("mlp.fc1", w.layerNorm("layer_norm2", x, layerNormEps), intermediateSize);
    Tensor activated = hiddenAct.equals("quick_gelu") ? up.quickGelu() : up.gelu();
    return x.add(w.linear("mlp.fc2", activated, hiddenSize)); // (B, T, D)
  }

  private Tensor heads(Tensor x) {
    return x.unflatten(-1, numAttentionHeads, hiddenSize / numAttentionHeads)
        .transpose(1, 2); // (B, T, D) to (B, H, T, d)
  }
}
