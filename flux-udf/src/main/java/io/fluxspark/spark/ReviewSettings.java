package io.fluxspark.spark;

import java.io.Serializable;
import java.util.Optional;

/**
 * What a job does with every picture besides writing it.
 *
 * @param isScored whether the columns of {@link io.fluxspark.image.PictureScores} are filled
 * @param reviewClass name of a {@link PictureReview}; null for none
 */
public record ReviewSettings(boolean isScored, String reviewClass) implements Serializable {
  /** Nothing. */
  public static final ReviewSettings NONE = new ReviewSettings(false, null);

  /**
   * The review, where one is wanted.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_OPTION} when the class is none, or
   *     not there
   */
  public Optional<PictureReview> open() {
    return Optional.ofNullable(reviewClass).map(ReviewClass::open);
  }
}
