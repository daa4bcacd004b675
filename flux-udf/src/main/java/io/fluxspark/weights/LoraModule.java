package io.fluxspark.weights;

import java.util.List;
import java.util.Objects;

/**
 * What a LoRA adds to one linear layer: the layer that computes {@code W x + b} computes {@code W x
 * + b + lora_scale * (alpha / rank) * up(down(x))} instead (Hu et al. 2021, "LoRA: Low-Rank
 * Adaptation of Large Language Models", section 4.1).
 *
 * @param part which model of the pipeline: {@code transformer}, {@code text_encoder} (CLIP) or
 *     {@code text_encoder_2} (T5)
 * @param module the layer's name in diffusers' or transformers' published checkpoints, such as
 *     {@code transformer_blocks.0.attn.to_q}; CLIP's start with {@code text_model.}
 * @param down a matrix (rank, in); layers that other model code fuses share it
 * @param up rows that make the matrix (out, rank) when they are put below each other, in this order
 * @param alpha as the file has it, else the rank
 */
public record LoraModule(
    String part, String module, TensorEntry down, List<TensorRows> up, double alpha) {
  public LoraModule {
    Objects.requireNonNull(part, "part");
    Objects.requireNonNull(module, "module");
    up = List.copyOf(up);
    if (down.shape().size() != 2 || down.shape().contains(0L)) {
      throw new IllegalArgumentException(
          "tensor " + down.name() + " of shape " + down.shape() + " is no matrix");
    }
    if (up.isEmpty()) {
      throw new IllegalArgumentException(module + " has no rows");
    }
    for (TensorRows rows : up) {
      if (rows.columns() != down.shape().get(0)) {
        throw new IllegalArgumentException(
            "tensor "
                + rows.entry().name()
                + " has "
                + rows.columns()
                + " columns; "
                + down.name()
                + " has "
                + down.shape().get(0)
                + " rows");
      }
    }
    if (!Double.isFinite(alpha)) {
      throw new IllegalArgumentException("alpha of " + module + " is " + alpha);
    }
  }

  public long rank() {
    return down.shape().get(0);
  }

  /** Size of the layer's input. */
  public long in() {
    return down.shape().get(1);
  }

  /** Size of the layer's output. */
  public long out() {
    return up.stream().mapToLong(TensorRows::rows).sum();
  }

  /** The name of the weight that is adapted, in the checkpoint of {@link #part}. */
  public String weight() {
    return module + ".weight";
  }
}
