package io.fluxspark.training;

import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.transformer.Rotary;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** What a transformer is asked, and what it should answer. */
interface Objective {
  /**
   * The pictures of a batch and what goes with them. B pictures, S tokens of C channels.
   *
   * @param x the pictures' latents, packed, (B, S, C)
   * @param noise normal numbers, (B, S, C)
   * @param condition the latents of the pictures that are edited, packed, (B, S, C)
   * @param rows height in tokens
   * @param columns width in tokens
   * @param text of the captions
   * @param emptyText of as many empty captions, encoded when asked for
   */
  record Batch(
      NativeTensor x,
      NativeTensor noise,
      Optional<NativeTensor> condition,
      int rows,
      int columns,
      TextLearner.Text text,
      Supplier<TextLearner.Text> emptyText) {
    int size() {
      return (int) x.shape()[0];
    }

    /** Where the transformer sees the tokens, those of the edited pictures behind the others. */
    List<Rotary.Grid> grids() {
      Rotary.Grid own = new Rotary.Grid(0, rows, columns);
      return condition.isPresent() ? List.of(own, new Rotary.Grid(1, rows, columns)) : List.of(own);
    }
  }

  /**
   * A question and its answer.
   *
   * @param shown what the transformer sees, (B, S, C)
   * @param timesteps of each picture, 0 to 1000
   * @param guidance that each picture's question names
   * @param answer (B, S, C)
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Question(NativeTensor shown, double[] timesteps, double[] guidance, NativeTensor answer) {}

  /** What is asked in a batch; all tensors belong to {@code owner}. */
  Question ask(TensorScope owner, Batch batch, SplittableRandom random);
}
