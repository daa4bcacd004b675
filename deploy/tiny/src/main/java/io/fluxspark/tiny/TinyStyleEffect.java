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
import java.util.concurrent.Callable;
import java.util.function.ToDoubleBiFunction;
import org.apache.spark.sql.Row;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a LoRA of a style does to pictures that ask for it, and to those that do not. */
@Command(
    name = "TinyStyleEffect",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Compares what generate made of TinyStyle's prompts with and without the LoRA, and prints"
            + " mean differences, of 255, as JSON.")
public final class TinyStyleEffect implements Callable<Integer> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "WITHOUT", description = "Output without the LoRA.")
  private Path without;

  @Parameters(index = "1", paramLabel = "WITH", description = "Output with the LoRA.")
  private Path with;

  @Option(
      names = "--sheet",
      paramLabel = "FILE",
      description = "PNG that takes all pictures, each without and with.")
  private Path sheet;

  TinyStyleEffect() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyStyleEffect(), arguments);
  }

  private record Pair(boolean isStyled, BufferedImage without, BufferedImage with) {}

  @Override
  public Integer call() throws IOException {
    List<Pair> pairs = pairs();
    if (sheet != null) {
      Pictures.write(
          ContactSheet.draw(
              pairs.stream()
                  .map(pair -> new ContactSheet.Cell(List.of(pair.without(), pair.with()), true))
                  .toList()),
          sheet);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("pictures", pairs.size());
    result.put(
        "styled_to_ink_without",
        mean(pairs, true, (a, b) -> Pictures.difference(a, BlueInk.of(a))));
    result.put(
        "styled_to_ink_with", mean(pairs, true, (a, b) -> Pictures.difference(b, BlueInk.of(b))));
    result.put(
        "plain_to_ink_without",
        mean(pairs, false, (a, b) -> Pictures.difference(a, BlueInk.of(a))));
    result.put(
        "plain_to_ink_with", mean(pairs, false, (a, b) -> Pictures.difference(b, BlueInk.of(b))));
    result.put("styled_changed", mean(pairs, true, Pictures::difference));
    result.put("plain_changed", mean(pairs, false, Pictures::difference));
    spec.commandLine().getOut().println(MAPPER.writeValueAsString(result));
    return 0;
  }

  private List<Pair> pairs() throws IOException {
    List<Row> before = GeneratedPictures.read(without);
    List<Row> after = GeneratedPictures.read(with);
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < before.size(); i++) {
      if (after.size() != before.size()
          || !GeneratedPictures.text(after.get(i), "id")
              .equals(GeneratedPictures.text(before.get(i), "id"))) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OUTPUT,
            with + ": has other pictures than " + without + "; the same prompts are needed");
      }
      Row row = before.get(i);
      pairs.add(
          new Pair(
              row.getBoolean(row.fieldIndex(TinyStyle.STYLED)),
              GeneratedPictures.picture(row),
              GeneratedPictures.picture(after.get(i))));
    }
    return pairs;
  }

  private static double mean(
      List<Pair> pairs,
      boolean isStyled,
      ToDoubleBiFunction<BufferedImage, BufferedImage> difference) {
    return pairs.stream()
        .filter(pair -> pair.isStyled() == isStyled)
        .mapToDouble(pair -> difference.applyAsDouble(pair.without(), pair.with()))
        .average()
        .orElseThrow();
  }
}
