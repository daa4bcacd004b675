package io.fluxspark.transformer;

import io.fluxspark.program.Argument;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.weights.ModelPart;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A transformer that leaves out, at steps that are much like an earlier one, all blocks but the
 * first. What the first block adds to the image says how much alike they are: where it differs from
 * what it added at the last step that was computed in full by at most {@code threshold} of that
 * (the mean absolute difference over the mean absolute value), the others are not computed, and
 * what they added then is added once more. That is the rule of diffusers' {@code
 * FirstBlockCacheConfig}. The first step is always computed; no other is.
 *
 * <p>Each picture of a batch goes by its own numbers, so that it does not depend on its neighbours.
 * One of these is for one batch and one text; it is used by one thread.
 */
public final class FirstBlockCache {
  private final TransformerProgram programs;
  private final ModelPart part;
  private final TensorScope kept;
  private final double[] thresholds;
  private final int[] reused;

  /** What the first block added at each picture's last full step, (A, S, D); null at first. */
  private NativeTensor first;

  /** What the others added then, (A, S, D). */
  private NativeTensor others;

  FirstBlockCache(
      TransformerProgram programs, ModelPart part, TensorScope kept, double[] thresholds) {
    this.programs = programs;
    this.part = part;
    this.kept = kept;
    this.thresholds = thresholds.clone();
    this.reused = new int[thresholds.length];
  }

  /** At how many steps the blocks after the first were left out for a picture. */
  public int reused(int picture) {
    return reused[picture];
  }

  /**
   * As {@link Transformer#velocity(TensorScope, NativeTensor, NativeTensor, Modulation, float,
   * Rotary)}, of all pictures of the batch, in the order of the thresholds.
   *
   * @param latents packed, (A, S, in_channels), float32
   * @param txt from {@link Transformer#embedText}, (A, L, D)
   * @return (A, S, out_channels), float32
   */
  public NativeTensor velocity(
      TensorScope owner,
      NativeTensor latents,
      NativeTensor txt,
      Modulation modulation,
      float timestep,
      Rotary rotary) {
    Argument step = new Argument.Size(modulation.step(timestep));
    try (TensorScope temporary = new TensorScope(owner.device())) {
      List<NativeTensor> begun =
          part.run(
              temporary,
              programs.firstBlock,
              part.own(),
              step,
              latents,
              txt,
              modulation.ofDoubleBlocks(),
              rotary.pe(),
              part.layers(0)); // (A, S, D), (A, L, D), (A, S, D)
      boolean[] isReused = reused(temporary, begun.get(2));
      NativeTensor img = begun.get(0); // (A, S, D)
      if (count(isReused) > 0) {
        img = part.run(temporary, programs.reuse, img, others).get(0);
      }
      if (count(isReused) < isReused.length) {
        NativeTensor places = places(temporary, isReused); // (B)
        List<NativeTensor> ended =
            part.run(
                temporary,
                programs.otherBlocks,
                step,
                places,
                begun.get(0),
                begun.get(1),
                begun.get(2),
                modulation.ofDoubleBlocks(),
                modulation.ofSingleBlocks(),
                rotary.pe(),
                part.layers(0),
                part.layers(1)); // (B, S, D) each
        img = replaced(temporary, img, places, ended.get(0));
        first = kept(first, places, ended.get(1));
        others = kept(others, places, ended.get(2));
      }
      for (int i = 0; i < isReused.length; i++) {
        reused[i] += isReused[i] ? 1 : 0;
      }
      return part.run(owner, programs.lastOfImage, part.own(), step, img, modulation.ofEnd())
          .get(0);
    }
  }

  /** For which pictures what was kept will do. */
  private boolean[] reused(TensorScope temporary, NativeTensor added) {
    boolean[] isReused = new boolean[thresholds.length];
    if (first != null) {
      List<NativeTensor> change = part.run(temporary, programs.change, added, first);
      float[] differences = change.get(0).toFloats();
      float[] sizes = change.get(1).toFloats();
      for (int i = 0; i < isReused.length; i++) {
        // Not so where one of them is not a number.
        isReused[i] = differences[i] <= thresholds[i] * sizes[i];
      }
    }
    return isReused;
  }

  private static int count(boolean[] isReused) {
    return (int) IntStream.range(0, isReused.length).filter(i -> isReused[i]).count();
  }

  private static NativeTensor places(TensorScope owner, boolean[] isReused) {
    long[] full =
        IntStream.range(0, isReused.length).filter(i -> !isReused[i]).asLongStream().toArray();
    return owner.longs(full, full.length);
  }

  private NativeTensor kept(NativeTensor before, NativeTensor places, NativeTensor now) {
    NativeTensor all = replaced(kept, before == null ? now : before, places, now); // (A, S, D)
    if (before != null) {
      kept.free(before);
    }
    return all;
  }

  private NativeTensor replaced(
      TensorScope owner, NativeTensor img, NativeTensor places, NativeTensor other) {
    return part.run(owner, programs.replace, img, places, other).get(0);
  }
}
