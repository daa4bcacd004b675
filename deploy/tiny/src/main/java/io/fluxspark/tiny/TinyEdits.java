package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes the edits that tiny-kontext is trained on, and those that it is judged by. */
@Command(
    name = "TinyEdits",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Makes pictures before and after edits: of emoji, and of scenes of one and two shapes. Every"
            + " tenth emoji and the held-out combinations of shapes are for the prompts alone.")
public final class TinyEdits implements Callable<Integer> {
  static final String EDITS = "edits.jsonl";

  /** Column of {@link #EDITS}: the picture as it was. */
  static final String BEFORE = "before";

  /** The picture that is wanted. */
  static final String AFTER = "after";

  /** Pictures that are not. */
  static final String WRONG = "wrong";

  /** What is done, and to an emoji or to a scene. */
  static final String KIND = "kind";

  private static final String IMAGES = "images";
  private static final int HELD_OUT_OF = 10;
  private static final int ASKED_EMOJI = 40;
  private static final int ASKED_PAIRS = 40;

  /** Part of the scenes that show one object, about. */
  private static final double SINGLE_SHARE = 0.25;

  /** Of 255: symmetric emoji look the same in a mirror. */
  private static final double VISIBLE = 30;

  @Parameters(index = "0", paramLabel = "DATA", description = "What TinyData made.")
  private Path data;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "New folder that takes it all.")
  private Path output;

  @Option(
      names = "--scenes",
      defaultValue = "4000",
      description = "How many scenes; each has two to four edits. Default: ${DEFAULT-VALUE}.")
  private int sceneCount;

  @Option(
      names = "--emoji-share",
      defaultValue = "0.35",
      description = "Part of all weight that emoji have. Default: ${DEFAULT-VALUE}.")
  private double emojiShare;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of all that is chance. Default: ${DEFAULT-VALUE}.")
  private long seed;

  TinyEdits() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyEdits(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    check();
    List<JsonNode> emoji = JsonLines.emoji(data, ASKED_EMOJI * HELD_OUT_OF);
    EditMaker maker = new EditMaker(new Random(seed), picture(emoji.get(0)).getWidth());
    Files.createDirectories(output.resolve(IMAGES));
    List<Edit> ofEmoji =
        trained(emoji).map(this::picture).flatMap(one -> EmojiEdits.of(one).stream()).toList();
    List<Edit> ofScenes = scenes(maker);
    List<Map<String, Object>> rows = new ArrayList<>();
    double scale = ofEmoji.size() + ofScenes.size();
    rows.addAll(trainingRows("emoji", ofEmoji, scale * emojiShare));
    rows.addAll(trainingRows("scene", ofScenes, scale * (1 - emojiShare)));
    JsonLines.write(output.resolve(TinyData.TRAIN), rows);
    List<Map<String, Object>> asked = new ArrayList<>();
    asked.addAll(questions("emoji", askedOfEmoji(emoji, maker)));
    asked.addAll(questions("scene", askedOfScenes(maker)));
    JsonLines.write(output.resolve(EDITS), asked);
    return 0;
  }

  private void check() {
    if (sceneCount < 1 || !(emojiShare > 0 && emojiShare < 1)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--scenes has to be at least 1, --emoji-share more than 0 and less than 1");
    }
    if (Files.exists(output)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, output + ": is there already; a new folder is needed");
    }
  }

  private static Stream<JsonNode> trained(List<JsonNode> emoji) {
    return IntStream.range(0, emoji.size()).filter(i -> i % HELD_OUT_OF != 0).mapToObj(emoji::get);
  }

  private static Stream<JsonNode> heldOut(List<JsonNode> emoji) {
    return IntStream.range(0, ASKED_EMOJI).mapToObj(i -> emoji.get(i * HELD_OUT_OF));
  }

  private BufferedImage picture(JsonNode row) {
    return Pictures.read(data.resolve(row.path("image").asText()));
  }

  private List<Edit> scenes(EditMaker maker) {
    List<Combination> trained =
        Combination.all().stream().filter(combination -> !combination.isHeldOut()).toList();
    List<Edit> edits = new ArrayList<>();
    for (int i = 0; i < sceneCount; i++) {
      boolean isSingle = maker.random().nextDouble() < SINGLE_SHARE;
      edits.addAll(
          isSingle
              ? maker.ofSingle()
              : maker.ofPair(trained.get(maker.random().nextInt(trained.size()))));
    }
    return edits;
  }

  /** One edit of each emoji that is not trained. */
  private List<Edit> askedOfEmoji(List<JsonNode> emoji, EditMaker maker) {
    return heldOut(emoji).map(this::picture).map(picture -> anyEdit(picture, maker)).toList();
  }

  private static Edit anyEdit(BufferedImage emoji, EditMaker maker) {
    List<Edit> edits = new ArrayList<>(EmojiEdits.of(emoji));
    Edit mirrored = edits.remove(0);
    boolean isVisible = Pictures.difference(mirrored.before(), mirrored.after()) > VISIBLE;
    return isVisible && maker.random().nextBoolean()
        ? mirrored
        : edits.get(maker.random().nextInt(edits.size()));
  }

  private List<Edit> askedOfScenes(EditMaker maker) {
    List<Combination> heldOut =
        new ArrayList<>(Combination.all().stream().filter(Combination::isHeldOut).toList());
    Collections.shuffle(heldOut, new Random(seed));
    return heldOut.subList(0, ASKED_PAIRS).stream()
        .flatMap(pair -> maker.ofPair(pair).stream())
        .toList();
  }

  private List<Map<String, Object>> trainingRows(String name, List<Edit> edits, double weight) {
    return IntStream.range(0, edits.size())
        .parallel()
        .mapToObj(
            i -> {
              String id = String.format(Locale.ROOT, "%s-%06d", name, i);
              Map<String, Object> row = new LinkedHashMap<>();
              row.put("id", id);
              row.put("prompt", edits.get(i).instruction());
              row.put("cond_image", written(id + "-before", edits.get(i).before()));
              row.put("image", written(id + "-after", edits.get(i).after()));
              row.put("weight", weight / edits.size());
              return row;
            })
        .toList();
  }

  private List<Map<String, Object>> questions(String name, List<Edit> edits) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Edit edit : edits) {
      String id = String.format(Locale.ROOT, "asked-%s-%03d", name, rows.size());
      List<String> wrong = new ArrayList<>();
      for (BufferedImage picture : edit.wrong()) {
        wrong.add(written(id + "-wrong-" + wrong.size(), picture));
      }
      String before = written(id + "-before", edit.before());
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("id", id);
      row.put("prompt", edit.instruction());
      row.put("image", before);
      row.put("seed", rows.size());
      row.put(KIND, Words.of(edit.kind()) + " " + name);
      row.put(BEFORE, before);
      row.put(AFTER, written(id + "-after", edit.after()));
      row.put(WRONG, wrong);
      rows.add(row);
    }
    return rows;
  }

  private String written(String name, BufferedImage picture) {
    String image = IMAGES + "/" + name + ".png";
    Pictures.write(picture, output.resolve(image));
    return image;
  }
}
