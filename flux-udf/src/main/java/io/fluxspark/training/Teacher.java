package io.fluxspark.training;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import java.util.Arrays;

/**
 * A finished transformer whose velocity another one learns: by its guidance embedding where it has
 * one, else by classifier-free guidance (Ho and Salimans 2022, "Classifier-Free Diffusion
 * Guidance"). Several threads may use it at once.
 */
record Teacher(TransformerConfig config, Transformer transformer, Latents latents) {
  /**
   * Where it would move a batch's pictures.
   *
   * @param owner of what is computed once for all points
   * @param scales the guidance of each picture
   */
  Velocity velocity(TensorScope owner, Objective.Batch batch, double[] scales) {
    Rotary rotary =
        Rotary.of(
            owner, config.axesDimsRope(), (int) batch.text().hidden().shape()[1], batch.grids());
    NativeTensor guidance = Batches.each(owner, scales); // (B)
    Velocity told = besides(batch, velocity(owner, batch.text(), guidance, rotary));
    boolean isPlain = Arrays.stream(scales).allMatch(scale -> scale == 1);
    return config.guidanceEmbeds() || isPlain
        ? told
        : latents.guided(
            told,
            besides(batch, velocity(owner, batch.emptyText().get(), guidance, rotary)),
            Batches.each(owner, scales, 1, 1));
  }

  private Velocity besides(Objective.Batch batch, Velocity velocity) {
    return batch.condition().map(tokens -> latents.besides(velocity, tokens)).orElse(velocity);
  }

  /** What it says when it is told a text; {@code owner} gets what is computed once. */
  Velocity velocity(
      TensorScope owner, TextLearner.Text text, NativeTensor guidance, Rotary rotary) {
    NativeTensor txt = transformer.embedText(owner, text.hidden()); // (B, L, D)
    return (result, x, timesteps) -> {
      try (TensorScope temporary = new TensorScope(result.device())) {
        NativeTensor timestep = temporary.floats(timesteps, timesteps.length); // (B)
        return transformer.velocity(result, x, txt, text.pooled(), timestep, guidance, rotary);
      }
    };
  }
}
