package io.fluxspark.tiny;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Makes the pictures and captions that the tiny model is trained on, and the prompts of its tests.
 */
@Command(
    name = "TinyData",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Makes what the tiny model is trained on; the same arguments give the same bytes.")
public final class TinyData implements Callable<Integer> {
  static final String TRAIN = "train.jsonl";
  static final String HELD_OUT = "heldout.jsonl";
  static final String RETRIEVAL = "retrieval.jsonl";

  private static final String IMAGES = "images";
  private static final int PROMPTS = 200;

  /** Part of the scenes that show one object, about. */
  private static final double SINGLE_SHARE = 0.15;

  @Parameters(
      index = "0",
      paramLabel = "PACKAGE",
      description = "Folder of an unpacked emoji-datasource-twitter 16.0.0.")
  private Path emojiFolder;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "New folder that takes it all.")
  private Path output;

  @Option(
      names = "--size",
      defaultValue = "64",
      description = "Width and height of the pictures. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(names = "--emoji", description = "How many emoji, the best known first. Default: all.")
  private int emojiCount = Integer.MAX_VALUE;

  @Option(
      names = "--scenes",
      defaultValue = "20000",
      description = "How many scenes. Default: ${DEFAULT-VALUE}.")
  private int sceneCount;

  @Option(
      names = "--scene-share",
      defaultValue = "0.4",
      description = "Part of all weight that scenes have. Default: ${DEFAULT-VALUE}.")
  private double sceneShare;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of all that is chance. Default: ${DEFAULT-VALUE}.")
  private long seed;

  TinyData() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyData(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    check();
    List<Emoji> emoji = Emoji.find(emojiFolder, emojiCount);
    List<Scene> scenes = scenes();
    Files.createDirectories(output.resolve(IMAGES));
    emoji.parallelStream()
        .forEach(
            one -> Pictures.write(sized(Pictures.read(one.file())), output.resolve(image(one))));
    IntStream.range(0, scenes.size())
        .parallel()
        .forEach(i -> Pictures.write(scenes.get(i).draw(size), output.resolve(image(i))));
    JsonLines.write(output.resolve(TRAIN), trainingRows(emoji, scenes));
    JsonLines.write(output.resolve(HELD_OUT), heldOutRows());
    JsonLines.write(output.resolve(RETRIEVAL), retrievalRows(emoji));
    return 0;
  }

  private void check() throws IOException {
    if (size < 1 || emojiCount < 1 || sceneCount < 0) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--size and --emoji have to be at least 1, --scenes at least 0");
    }
    if (!(sceneShare >= 0 && sceneShare < 1)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--scene-share: " + sceneShare + "; from 0 to less than 1 is needed");
    }
    if (Files.exists(output)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, output + ": is there already; a new folder is needed");
    }
  }

  private List<Scene> scenes() {
    Random random = new Random(seed);
    SceneMaker maker = new SceneMaker(random);
    List<Combination> trained =
        Combination.all().stream().filter(combination -> !combination.isHeldOut()).toList();
    List<Scene> scenes = new ArrayList<>();
    while (scenes.size() < sceneCount) {
      boolean isSingle = random.nextDouble() < SINGLE_SHARE;
      scenes.add(
          isSingle ? maker.single() : maker.pair(trained.get(random.nextInt(trained.size()))));
    }
    return scenes;
  }

  private BufferedImage sized(BufferedImage picture) {
    boolean fits = picture.getWidth() == size && picture.getHeight() == size;
    return fits ? picture : Pictures.scaled(picture, size);
  }

  private static String image(Emoji emoji) {
    return IMAGES + "/emoji-" + emoji.file().getFileName();
  }

  private static String image(int scene) {
    return String.format(Locale.ROOT, "%s/scene-%06d.png", IMAGES, scene);
  }

  private List<Map<String, Object>> trainingRows(List<Emoji> emoji, List<Scene> scenes) {
    List<Map<String, Object>> rows = new ArrayList<>();
    int count = emoji.stream().mapToInt(one -> one.captions().size()).sum() + scenes.size();
    for (Emoji one : emoji) {
      List<String> captions = one.captions();
      double weight = (1 - sceneShare) * count / emoji.size() / captions.size();
      for (int i = 0; i < captions.size(); i++) {
        rows.add(trainingRow(one.name() + "-" + i, captions.get(i), image(one), weight, "emoji"));
      }
    }
    for (int i = 0; i < scenes.size(); i++) {
      double weight = sceneShare * count / scenes.size();
      rows.add(trainingRow("scene-" + i, scenes.get(i).caption(), image(i), weight, "scene"));
    }
    return rows;
  }

  private static Map<String, Object> trainingRow(
      String id, String prompt, String image, double weight, String kind) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", id);
    row.put("prompt", prompt);
    row.put("image", image);
    row.put("weight", weight);
    row.put("kind", kind);
    return row;
  }

  private List<Map<String, Object>> heldOutRows() {
    List<Combination> heldOut =
        new ArrayList<>(Combination.all().stream().filter(Combination::isHeldOut).toList());
    Collections.shuffle(heldOut, new Random(seed));
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Combination combination : heldOut.subList(0, PROMPTS)) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("id", "heldout-" + rows.size());
      row.put("prompt", combination.caption());
      row.put("seed", rows.size());
      row.put("colour1", Words.of(combination.colour1()));
      row.put("shape1", Words.of(combination.shape1()));
      row.put("relation", Words.of(combination.relation()));
      row.put("colour2", Words.of(combination.colour2()));
      row.put("shape2", Words.of(combination.shape2()));
      rows.add(row);
    }
    return rows;
  }

  private static List<Map<String, Object>> retrievalRows(List<Emoji> emoji) {
    List<Map<String, Object>> rows = new ArrayList<>();
    int count = Math.min(PROMPTS, emoji.size());
    for (int i = 0; i < count; i++) {
      Emoji one = emoji.get((int) ((long) i * emoji.size() / count));
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("id", one.name());
      row.put("prompt", one.phrase());
      row.put("seed", i);
      rows.add(row);
    }
    return rows;
  }
}
