package io.fluxspark.tiny;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Optional;

/**
 * Whether a picture shows what it should.
 *
 * @param isPresent there are objects of both colours
 * @param isPlaced and they are on the right sides of each other
 * @param isShaped1 the first one has its shape
 * @param isShaped2 the second one has its shape
 * @param isAlone there is nothing else
 */
record SceneJudgement(
    boolean isPresent, boolean isPlaced, boolean isShaped1, boolean isShaped2, boolean isAlone) {

  static SceneJudgement of(BufferedImage picture, Combination wanted) {
    boolean fits = picture.getWidth() == Scene.SIDE && picture.getHeight() == Scene.SIDE;
    List<Blob> blobs = Blob.find(fits ? picture : Pictures.scaled(picture, Scene.SIDE));
    Optional<Blob> first = largest(blobs, wanted.colour1());
    Optional<Blob> second = largest(blobs, wanted.colour2());
    boolean isPresent = first.isPresent() && second.isPresent();
    return new SceneJudgement(
        isPresent,
        isPresent && isPlaced(first.get(), wanted.relation(), second.get()),
        first.flatMap(Blob::figure).equals(Optional.of(wanted.shape1())),
        second.flatMap(Blob::figure).equals(Optional.of(wanted.shape2())),
        isPresent && blobs.size() == 2);
  }

  private static Optional<Blob> largest(List<Blob> blobs, Colour colour) {
    return blobs.stream().filter(blob -> blob.colour() == colour).findFirst();
  }

  private static boolean isPlaced(Blob first, Relation relation, Blob second) {
    double right = second.x() - first.x();
    double down = second.y() - first.y();
    double along = relation.isSideways() ? right : down;
    double across = relation.isSideways() ? down : right;
    return (relation.isForward() ? along : -along) > Math.abs(across);
  }

  /** Whether all is right. */
  boolean isRight() {
    return isPlaced && isShaped1 && isShaped2 && isAlone;
  }
}
