package io.fluxspark.spark;

import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.PictureScores;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.StageSeconds;
import java.util.OptionalInt;

/** What became of one planned picture. */
sealed interface ImageOutcome {
  PlannedImage planned();

  /**
   * A picture file.
   *
   * @param cut what the encoders did not see of the prompt
   * @param callsReused calls of the transformer that left out blocks, where they may
   * @param seconds this picture's share of its batch's
   * @param encodingSeconds spent on the file
   * @param scores null where none were wanted
   * @param clipScore null where no CLIP model was given, the request has no prompt, or the numbers
   *     were not finite
   * @param verdict null where there is no review
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Made(
      PlannedImage planned,
      byte[] file,
      GeneratedImage.CutTokens cut,
      OptionalInt callsReused,
      StageSeconds seconds,
      double encodingSeconds,
      PictureScores scores,
      Double clipScore,
      String verdict)
      implements ImageOutcome {}

  /** The request cannot be met. */
  record Failed(PlannedImage planned, FluxSparkException failure) implements ImageOutcome {}
}
