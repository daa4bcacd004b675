package io.fluxspark.jobs;

import io.fluxspark.image.Picture;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.spark.PictureReview;

/** A review as a user would write it: says how wide a picture is, and drops what is bad. */
public final class Prudish implements PictureReview {
  public Prudish() {}

  @Override
  public Verdict review(Picture picture, ImageRequest request) {
    String prompt = request.request().prompt().orElse("");
    if (prompt.contains("broken")) {
      throw new IllegalStateException("cannot look");
    }
    boolean isBad = prompt.contains("bad");
    return new Verdict(isBad ? "not fit to be seen" : picture.width() + " wide", !isBad);
  }
}
