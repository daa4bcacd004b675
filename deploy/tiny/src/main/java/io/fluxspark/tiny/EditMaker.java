package io.fluxspark.tiny;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Makes edits of scenes: places, sizes and colours by chance. */
record EditMaker(RandomGenerator random, int size) {

  /** Edits of a scene of one object: mirrored, and in another colour. */
  List<Edit> ofSingle() {
    Scene scene = new SceneMaker(random).single();
    List<Colour> colours = colours(scene);
    return List.of(mirrored(scene), recoloured(scene, 0, "it", anyOf(colours)));
  }

  /**
   * Edits of a scene of two objects: mirrored, one of them in another colour, one removed, and the
   * second one added where it was not. Each has its own places.
   */
  List<Edit> ofPair(Combination combination) {
    SceneMaker maker = new SceneMaker(random);
    Scene scene = maker.pair(combination);
    int index = random.nextInt(2);
    return List.of(
        mirrored(maker.pair(combination)),
        recoloured(scene, index, called(scene, index), anyOf(colours(scene))),
        removed(maker.pair(combination), random.nextInt(2)),
        added(combination));
  }

  private Edit mirrored(Scene scene) {
    return EmojiEdits.mirrored(scene.draw(size));
  }

  private Edit recoloured(Scene scene, int index, String what, Colour colour) {
    Stream<Scene> others =
        colours(scene).stream()
            .filter(other -> other != colour)
            .map(other -> scene.with(index, scene.objects().get(index).in(other)));
    Stream<Scene> neighbours =
        scene.objects().size() == 1
            ? Stream.empty()
            : Stream.of(scene.with(1 - index, scene.objects().get(1 - index).in(colour)));
    return edit(
        Edit.Kind.RECOLOUR,
        EmojiEdits.makeIt(what, colour),
        scene,
        scene.with(index, scene.objects().get(index).in(colour)),
        Stream.concat(others, neighbours));
  }

  private Edit removed(Scene scene, int index) {
    return edit(
        Edit.Kind.REMOVE,
        "remove " + called(scene, index),
        scene,
        scene.without(index),
        Stream.of(scene.without(1 - index)));
  }

  /**
   * The first object stands in a quarter of the picture, the second comes into one beside it. Which
   * one cannot be told from where the first stands.
   */
  private Edit added(Combination combination) {
    SceneMaker maker = new SceneMaker(random);
    Relation side = combination.relation().mirrored();
    boolean isForward = combination.relation().isForward();
    boolean isOther = random.nextBoolean();
    Quarter quarter =
        side.isSideways() ? new Quarter(isForward, isOther) : new Quarter(isOther, isForward);
    Scene scene =
        new Scene("", List.of(maker.quartered(combination.object1(maker.extent()), quarter)));
    Scene.Placed added =
        maker.quartered(combination.object2(maker.extent()), quarter.beside(side.isSideways()));
    Stream<Scene.Placed> wrongPlace =
        Stream.of(maker.quartered(added.object(), quarter.beside(!side.isSideways())));
    Stream<Scene.Placed> wrongColour =
        Arrays.stream(Colour.values())
            .filter(colour -> colour != added.object().colour())
            .map(added::in);
    Stream<Scene.Placed> wrongFigure =
        Arrays.stream(Figure.values())
            .filter(figure -> figure != added.object().figure())
            .map(added::as);
    return edit(
        Edit.Kind.ADD,
        "add "
            + Words.withArticle(added.object().phrase())
            + (side.isSideways() ? " on the " : " ")
            + Words.of(side),
        scene,
        scene.and(added),
        Stream.of(wrongPlace, wrongColour, wrongFigure)
            .flatMap(objects -> objects)
            .map(scene::and));
  }

  private Edit edit(
      Edit.Kind kind, String instruction, Scene before, Scene after, Stream<Scene> wrong) {
    List<BufferedImage> drawn = new ArrayList<>();
    drawn.add(before.draw(size));
    wrong.forEach(scene -> drawn.add(scene.draw(size)));
    return new Edit(kind, instruction, drawn.get(0), after.draw(size), drawn);
  }

  /** What tells an object from the other; where one word is enough, mostly that. */
  private String called(Scene scene, int index) {
    SceneObject object = scene.objects().get(index).object();
    boolean isAlone = object.figure() != scene.objects().get(1 - index).object().figure();
    return "the "
        + (isAlone && random.nextBoolean() ? "" : Words.of(object.colour()) + " ")
        + Words.of(object.figure());
  }

  /** Colours that no object has. */
  private static List<Colour> colours(Scene scene) {
    List<Colour> colours = new ArrayList<>(List.of(Colour.values()));
    scene.objects().forEach(placed -> colours.remove(placed.object().colour()));
    return colours;
  }

  private Colour anyOf(List<Colour> colours) {
    return colours.get(random.nextInt(colours.size()));
  }
}
