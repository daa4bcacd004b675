package io.fluxspark.training;

import java.io.Serializable;
import java.util.List;

/**
 * A LoRA to train (Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models"): beside a
 * layer W it learns {@code alpha / rank up down}.
 *
 * @param rank rows of {@code down}, at least 1
 * @param alpha see above, above 0
 * @param targetModules the layers that get one: those whose name is one of these, or ends with a
 *     dot and one of these
 */
public record LowRankSettings(int rank, double alpha, List<String> targetModules)
    implements Serializable {
  /** The layers that diffusers' own trainers of FLUX.1 adapt. */
  public static final List<String> DEFAULT_TARGETS =
      List.of(
          "attn.to_k",
          "attn.to_q",
          "attn.to_v",
          "attn.to_out.0",
          "attn.add_k_proj",
          "attn.add_q_proj",
          "attn.add_v_proj",
          "attn.to_add_out",
          "ff.net.0.proj",
          "ff.net.2",
          "ff_context.net.0.proj",
          "ff_context.net.2");

  public LowRankSettings {
    targetModules = List.copyOf(targetModules);
  }

  /** What {@code up down} is multiplied by. */
  double factor() {
    return alpha / rank;
  }

  boolean isTarget(String layer) {
    return targetModules.stream().anyMatch(t -> layer.equals(t) || layer.endsWith("." + t));
  }
}
