package io.fluxspark.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes what a LoRA of a style is trained on, and the prompts by which it is judged. */
@Command(
    name = "TinyStyle",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    description =
        "Makes 20 emoji in blue ink with captions, the same and 60 others as they are, which tell what"
            + " the style is not, and prompts of 40 more with and without the style.")
public final class TinyStyle implements Callable<Integer> {
  /** The column that says whether a prompt asks for the style. */
  static final String STYLED = "styled";

  private static final int TRAINED = 20;
  private static final int ASKED = 40;
  private static final int PLAIN = TRAINED + ASKED;
  private static final int LEAST = TRAINED + ASKED + PLAIN;

  @Parameters(index = "0", paramLabel = "DATA", description = "What TinyData made.")
  private Path data;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "New folder that takes it all.")
  private Path output;

  TinyStyle() {}

  /** Ends the process with the exit code 0, 2 for a wrong command line, or 3 for a failure. */
  public static void main(String[] arguments) {
    Tool.main(new TinyStyle(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    if (Files.exists(output)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, output + ": is there already; a new folder is needed");
    }
    List<JsonNode> emoji = JsonLines.emoji(data, LEAST);
    Files.createDirectories(output.resolve("images"));
    List<Map<String, Object>> trained = new ArrayList<>();
    List<Map<String, Object>> asked = new ArrayList<>();
    int step = emoji.size() / (TRAINED + ASKED);
    for (int i = 0; i < TRAINED + ASKED; i++) {
      JsonNode row = emoji.get(i * step);
      String prompt = row.path("prompt").asText();
      if (i % (1 + ASKED / TRAINED) == 0) {
        String image = "images/" + Path.of(row.path("image").asText()).getFileName();
        Pictures.write(
            BlueInk.of(Pictures.read(data.resolve(row.path("image").asText()))),
            output.resolve(image));
        trained.add(example(styled(prompt), image, 1));
        // Else it would be learnt which emoji are in blue ink, not which words ask for it.
        trained.add(plain(row, TRAINED));
      } else {
        asked.add(question(row, prompt, i, false));
        asked.add(question(row, styled(prompt), i, true));
      }
    }
    for (int i = 0; i < PLAIN; i++) {
      trained.add(plain(emoji.get(i * step + step / 2), PLAIN));
    }
    JsonLines.write(output.resolve(TinyData.TRAIN), trained);
    JsonLines.write(output.resolve("prompts.jsonl"), asked);
    return 0;
  }

  /**
   * An emoji as it is.
   *
   * @param count of such ones, which count together half as much as those in the style
   */
  private Map<String, Object> plain(JsonNode row, int count) throws IOException {
    Path picture = data.resolve(row.path("image").asText());
    String image = "images/plain-" + picture.getFileName();
    Files.copy(picture, output.resolve(image));
    return example(row.path("prompt").asText(), image, (double) TRAINED / count / 2);
  }

  private static Map<String, Object> example(String prompt, String image, double weight) {
    Map<String, Object> example = new LinkedHashMap<>();
    example.put("prompt", prompt);
    example.put("image", image);
    example.put("weight", weight);
    return example;
  }

  /** In words that the model knows and that change nothing: one it never saw disturbs a picture. */
  private static String styled(String prompt) {
    return "a picture of " + prompt;
  }

  private static Map<String, Object> question(
      JsonNode row, String prompt, int seed, boolean isStyled) {
    Map<String, Object> question = new LinkedHashMap<>();
    question.put("id", row.path("id").asText() + (isStyled ? "-ink" : ""));
    question.put("prompt", prompt);
    question.put("seed", seed);
    question.put(STYLED, isStyled);
    return question;
  }
}
