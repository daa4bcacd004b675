package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.apache.spark.sql.Row;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says how many pictures of scenes show what their prompts say. */
@Command(
    name = "TinyScenes",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Looks for the objects of scenes in what generate made of heldout.jsonl, and prints the shares"
            + " that are right as JSON.")
public final class TinyScenes implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "OUTPUT", description = "The output of generate.")
  private Path output;

  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description = "PNG that takes all pictures, with a red frame where something is wrong.")
  private Path sheet;

  TinyScenes() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyScenes(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    List<SceneJudgement> judgements = new ArrayList<>();
    List<ContactSheet.Cell> cells = new ArrayList<>();
    for (Row row : GeneratedPictures.read(output)) {
      BufferedImage picture = GeneratedPictures.picture(row);
      SceneJudgement judgement = SceneJudgement.of(picture, wanted(row));
      judgements.add(judgement);
      cells.add(new ContactSheet.Cell(List.of(picture), judgement.isRight()));
    }
    if (sheet != null) {
      Pictures.write(ContactSheet.draw(cells), sheet);
    }
    spec.commandLine().getOut().println(MAPPER.writeValueAsString(shares(judgements)));
    return 0;
  }

  /** Of all pictures: with both colours, sides right, each shape right, nothing else, all of it. */
  static Map<String, Object> shares(List<SceneJudgement> judgements) {
    Map<String, Object> shares = new LinkedHashMap<>();
    shares.put("pictures", judgements.size());
    shares.put("present", share(judgements, SceneJudgement::isPresent));
    shares.put("placed", share(judgements, SceneJudgement::isPlaced));
    shares.put(
        "shaped",
        (share(judgements, SceneJudgement::isShaped1)
                + share(judgements, SceneJudgement::isShaped2))
            / 2);
    shares.put("alone", share(judgements, SceneJudgement::isAlone));
    shares.put("right", share(judgements, SceneJudgement::isRight));
    return shares;
  }

  private static double share(List<SceneJudgement> judgements, Predicate<SceneJudgement> test) {
    return (double) judgements.stream().filter(test).count() / judgements.size();
  }

  private static Combination wanted(Row row) {
    return new Combination(
        value(Colour.values(), row, "colour1"),
        value(Figure.values(), row, "shape1"),
        value(Relation.values(), row, "relation"),
        value(Colour.values(), row, "colour2"),
        value(Figure.values(), row, "shape2"));
  }

  private static <E extends Enum<E>> E value(E[] values, Row row, String column) {
    boolean isThere = Arrays.asList(row.schema().fieldNames()).contains(column);
    String word = isThere ? GeneratedPictures.text(row, column) : null;
    return Arrays.stream(values)
        .filter(value -> Words.of(value).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new FluxSparkException(
                    ErrorCode.INVALID_OUTPUT,
                    "row '"
                        + GeneratedPictures.text(row, "id")
                        + "': column '"
                        + column
                        + "' is "
                        + word
                        + "; an output made of "
                        + TinyData.HELD_OUT
                        + " is needed"));
  }
}
