package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Likeness;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Row;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says how many pictures of emoji are nearer to the emoji of their prompt than to any other. */
@Command(
    name = "TinyRetrieval",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Finds the training picture of an emoji that is nearest to each one that generate made of"
            + " retrieval.jsonl, and prints how often it is that of the prompt, as JSON.")
public final class TinyRetrieval implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A training picture. */
  private record Target(String caption, BufferedImage picture, Likeness likeness) {}

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DATA", description = "What TinyData made.")
  private Path data;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "The output of generate.")
  private Path output;

  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description =
          "PNG that takes all pictures, each beside its target, with a red frame where another one is"
              + " nearer.")
  private Path sheet;

  TinyRetrieval() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyRetrieval(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    Map<String, Target> targets = targets();
    List<ContactSheet.Cell> cells = new ArrayList<>();
    Map<String, String> wrong = new LinkedHashMap<>();
    for (Row row : GeneratedPictures.read(output)) {
      String prompt = GeneratedPictures.text(row, "prompt");
      Target wanted = targets.get(prompt);
      if (wanted == null) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OUTPUT,
            output
                + ": '"
                + prompt
                + "' is no caption of an emoji in "
                + data
                + "; an output made of "
                + TinyData.RETRIEVAL
                + " is needed");
      }
      BufferedImage picture = GeneratedPictures.picture(row);
      Likeness likeness = Likeness.of(Pictures.pixels(picture));
      Target nearest =
          targets.values().stream()
              .min(Comparator.comparingDouble(target -> likeness.distance(target.likeness())))
              .orElseThrow();
      boolean isRight = nearest.caption().equals(wanted.caption());
      cells.add(new ContactSheet.Cell(List.of(picture, wanted.picture()), isRight));
      if (!isRight) {
        wrong.put(GeneratedPictures.text(row, "id"), nearest.caption());
      }
    }
    if (sheet != null) {
      Pictures.write(ContactSheet.draw(cells), sheet);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("pictures", cells.size());
    result.put("emoji", targets.values().stream().distinct().count());
    result.put(
        "retrieved",
        (double) cells.stream().filter(ContactSheet.Cell::isRight).count() / cells.size());
    result.put("wrong", wrong);
    spec.commandLine().getOut().println(MAPPER.writeValueAsString(result));
    return 0;
  }

  /** The training pictures of emoji by each of their captions. */
  private Map<String, Target> targets() throws IOException {
    Map<String, Target> byImage = new LinkedHashMap<>();
    Map<String, Target> byCaption = new LinkedHashMap<>();
    for (JsonNode row : JsonLines.read(data.resolve(TinyData.TRAIN))) {
      if (row.path("kind").asText().equals("emoji")) {
        String caption = row.path("prompt").asText();
        byCaption.put(
            caption,
            byImage.computeIfAbsent(row.path("image").asText(), image -> target(caption, image)));
      }
    }
    return byCaption;
  }

  private Target target(String caption, String image) {
    BufferedImage picture = Pictures.read(data.resolve(image));
    return new Target(caption, picture, Likeness.of(Pictures.pixels(picture)));
  }
}
