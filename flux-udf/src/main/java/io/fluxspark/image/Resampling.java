package io.fluxspark.image;

/** Stub until merged. */
public final class Resampling {
  private Resampling() {}

  /** Stub. */
  public static Picture lanczos(Picture picture, int width, int height) {
    if (picture.width() != width || picture.height() != height) {
      throw new IllegalStateException("not yet");
    }
    return picture;
  }
}
