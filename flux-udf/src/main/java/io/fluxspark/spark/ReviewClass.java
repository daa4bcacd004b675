package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;

/** Finds a {@link PictureReview} by its name. */
final class ReviewClass {
  private ReviewClass() {}

  static PictureReview open(String name) {
    try {
      Class<?> type = Class.forName(name, true, Thread.currentThread().getContextClassLoader());
      return type.asSubclass(PictureReview.class).getConstructor().newInstance();
    } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--review "
              + name
              + ": a public class that implements "
              + PictureReview.class.getName()
              + " and has a constructor without arguments is needed on the class path ("
              + e
              + ")",
          e);
    }
  }
}
