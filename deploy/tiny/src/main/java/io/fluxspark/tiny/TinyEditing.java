package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says how many edits came out as they should. */
@Command(
    name = "TinyEditing",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Finds which of an edit's possible outcomes is nearest to each picture that generate made of"
            + " edits.jsonl, and prints how often it is the one that was asked for, by kind of edit,"
            + " and how far from it the pictures are, of 255, as JSON. Of an added object colour, shape"
            + " and quarter must be right.")
public final class TinyEditing implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "EDITS", description = "What TinyEdits made.")
  private Path edits;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "The output of generate.")
  private Path output;

  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description =
          "PNG that takes all pictures, each between the one before and the one that was asked for,"
              + " with a red frame where it is not right.")
  private Path sheet;

  TinyEditing() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyEditing(), arguments);
  }

  /** What became of the edits of one kind. */
  private static final class Tally {
    private int edits;
    private int right;

    void count(boolean isRight) {
      edits++;
      right += isRight ? 1 : 0;
    }

    Map<String, Object> shares() {
      Map<String, Object> shares = new LinkedHashMap<>();
      shares.put("edits", edits);
      shares.put("right", (double) right / edits);
      return shares;
    }
  }

  @Override
  public Integer call() throws IOException {
    List<ContactSheet.Cell> cells = new ArrayList<>();
    Map<String, Tally> kinds = new TreeMap<>();
    Tally all = new Tally();
    double distance = 0;
    for (Row row : GeneratedPictures.read(output)) {
      BufferedImage made = GeneratedPictures.picture(row);
      BufferedImage after = picture(column(row, TinyEdits.AFTER));
      boolean isRight =
          column(row, TinyEdits.KIND).startsWith(Words.of(Edit.Kind.ADD))
              ? showTheSame(made, after)
              : isNearest(made, after, row.getList(row.fieldIndex(TinyEdits.WRONG)));
      distance += Pictures.difference(made, after);
      all.count(isRight);
      kinds.computeIfAbsent(column(row, TinyEdits.KIND), kind -> new Tally()).count(isRight);
      cells.add(
          new ContactSheet.Cell(
              List.of(picture(column(row, TinyEdits.BEFORE)), made, after), isRight));
    }
    if (sheet != null) {
      Pictures.write(ContactSheet.draw(cells), sheet);
    }
    Map<String, Object> result = new LinkedHashMap<>(all.shares());
    result.put("mean_difference", distance / cells.size());
    kinds.forEach((kind, tally) -> result.put(kind, tally.shares()));
    spec.commandLine().getOut().println(MAPPER.writeValueAsString(result));
    return 0;
  }

  private boolean isNearest(BufferedImage made, BufferedImage after, List<String> wrong) {
    double own = Pictures.difference(made, after);
    return wrong.stream().allMatch(other -> own < Pictures.difference(made, picture(other)));
  }

  /** Where in its quarter an added object stands is chance: pixels cannot be compared. */
  private static boolean showTheSame(BufferedImage made, BufferedImage after) {
    return objects(made).equals(objects(after));
  }

  /** How many objects of each colour and shape are there in each quarter. */
  private static Map<List<Object>, Long> objects(BufferedImage picture) {
    return Blob.find(picture).stream()
        .map(
            blob ->
                List.<Object>of(
                    blob.colour(),
                    blob.figure(),
                    new Quarter(blob.x() < Scene.SIDE / 2.0, blob.y() < Scene.SIDE / 2.0)))
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  private String column(Row row, String name) {
    if (!List.of(row.schema().fieldNames()).contains(name)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          output
              + ": has no column '"
              + name
              + "'; an output made of "
              + TinyEdits.EDITS
              + " is needed");
    }
    return GeneratedPictures.text(row, name);
  }

  private BufferedImage picture(String image) {
    return Pictures.read(edits.resolve(image));
  }
}
