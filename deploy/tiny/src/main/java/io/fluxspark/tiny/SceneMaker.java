package io.fluxspark.tiny;

import java.util.List;
import java.util.random.RandomGenerator;

/** Makes scenes by chance: places, sizes and wordings. */
record SceneMaker(RandomGenerator random) {
  private static final double MIDDLE = Scene.SIDE / 2.0;
  private static final double MARGIN = 1;

  /** How far an object may be from where it would stand without chance. */
  private static final double ASIDE = 6;

  private static final double SIZE_JITTER = 0.05;

  private static final List<String> FRAMES =
      List.of("%s", "%s", "%s", "a picture of %s", "%s on white");

  /** A scene of one object. */
  Scene single() {
    SceneObject object = new SceneObject(extent(), anyOf(Colour.values()), anyOf(Figure.values()));
    double radius = radius(object);
    return new Scene(
        caption(Words.withArticle(object.phrase())),
        List.of(
            new Scene.Placed(
                object, between(0, Scene.SIDE, radius), between(0, Scene.SIDE, radius), radius)));
  }

  /** A scene of two objects, in the words of training. */
  Scene pair(Combination combination) {
    SceneObject first = combination.object1(extent());
    SceneObject second = combination.object2(extent());
    List<String> wordings = combination.relation().wordings();
    String caption =
        Words.withArticle(first.phrase())
            + " "
            + wordings.get(random.nextInt(wordings.size()))
            + " "
            + Words.withArticle(second.phrase());
    Relation relation = combination.relation();
    return new Scene(
        caption(caption),
        List.of(
            placed(first, relation.isSideways(), relation.isForward()),
            placed(second, relation.isSideways(), !relation.isForward())));
  }

  private Scene.Placed placed(SceneObject object, boolean isSideways, boolean isFirst) {
    double radius = radius(object);
    double along = half(isFirst, radius);
    double across = between(0, Scene.SIDE, radius);
    return new Scene.Placed(
        object, isSideways ? along : across, isSideways ? across : along, radius);
  }

  /** An object in a quarter of the picture. */
  Scene.Placed quartered(SceneObject object, Quarter quarter) {
    double radius = radius(object);
    return new Scene.Placed(
        object, half(quarter.isLeft(), radius), half(quarter.isTop(), radius), radius);
  }

  private double half(boolean isFirst, double radius) {
    return isFirst ? between(0, MIDDLE, radius) : between(MIDDLE, Scene.SIDE, radius);
  }

  /** A middle from which the object stays between two sides. */
  private double between(double from, double to, double radius) {
    double room = (to - from) / 2 - MARGIN - Figure.REACH * radius;
    return (from + to) / 2 + Math.min(room, ASIDE) * (2 * random.nextDouble() - 1);
  }

  private double radius(SceneObject object) {
    return object.extent().radius() * (1 + SIZE_JITTER * (2 * random.nextDouble() - 1));
  }

  Extent extent() {
    return random.nextBoolean() ? Extent.MEDIUM : anyOf(Extent.SMALL, Extent.LARGE);
  }

  private String caption(String phrase) {
    if (random.nextInt(5) == 0) {
      return Words.withoutArticle(phrase);
    }
    return String.format(FRAMES.get(random.nextInt(FRAMES.size())), phrase);
  }

  @SafeVarargs
  private <T> T anyOf(T... values) {
    return values[random.nextInt(values.length)];
  }
}
