package io.fluxspark.pipeline;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import java.util.OptionalInt;

/** The outcome of one request of a batch. */
public sealed interface GeneratedImage {
  /**
   * Tokens of the prompt that did not fit into what an encoder takes.
   *
   * @param clip beyond CLIP's 77
   * @param t5 beyond {@code max_sequence_length}
   */
  record CutTokens(int clip, int t5) {
    /** The whole prompt was seen. */
    public static final CutTokens NONE = new CutTokens(0, 0);
  }

  /**
   * The picture was made.
   *
   * @param callsReused calls of the transformer that left out all blocks but the first, where the
   *     request lets them
   */
  record Made(Picture picture, CutTokens cut, OptionalInt callsReused) implements GeneratedImage {}

  /** The request cannot be met; its neighbours are not concerned. */
  record Failed(FluxSparkException failure) implements GeneratedImage {}
}
