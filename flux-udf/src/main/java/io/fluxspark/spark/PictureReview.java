package io.fluxspark.spark;

import io.fluxspark.image.Picture;
import io.fluxspark.request.ImageRequest;
import java.util.Objects;

/**
 * A look at every picture, in the task that made it and before its file is written: a content
 * filter or a score of one's own. Jobs name a public class with a public constructor without
 * arguments, which executors have on their class path. One instance a task is used, by several
 * threads at once.
 */
public interface PictureReview {
  /**
   * Judges a picture. What it throws makes the picture an error row, and no other.
   *
   * @param picture not to be changed
   */
  Verdict review(Picture picture, ImageRequest request);

  /**
   * What came out.
   *
   * @param text goes into the column {@code verdict}, or into the error message of a dropped
   *     picture
   * @param isKept whether the picture is written; a dropped one becomes an error row with the code
   *     {@code REJECTED} and is not made again
   */
  record Verdict(String text, boolean isKept) {
    public Verdict {
      Objects.requireNonNull(text, "text");
    }
  }
}
