package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PromptTemplatesTest {
  @Test
  void aGridHasEveryCombinationAndTheLastVariesFastest() {
    String set =
        """
        {"templates": ["{a} {b}", "only {b}"],
         "slots": {"b": ["x", "y"], "a": ["1", "2"]},
         "columns": {"sizes": ["64x32", "32x64"]},
         "seeds": [7, -1]}
        """;

    assertThat(texts(set, "prompt", "width", "height", "seed"))
        .startsWith(
            "1 x|64|32|7",
            "1 x|64|32|-1",
            "1 x|32|64|7",
            "1 x|32|64|-1",
            "1 y|64|32|7",
            "1 y|64|32|-1")
        .endsWith("only y|32|64|7", "only y|32|64|-1")
        .contains("2 x|64|32|7")
        .hasSize((2 * 2 + 2) * 2 * 2);
  }

  @Test
  void aSlotHasOneTextInAllPlacesOfARow() {
    String set =
        """
        {"templates": ["{who}, yes, {who} in {place}"],
         "slots": {"who": ["a fox", "a {colour} hen"], "colour": ["red", "grey"],
                   "place": ["a {colour} barn", "a field"]}}
        """;

    assertThat(texts(set, "prompt"))
        .containsExactly(
            "a fox, yes, a fox in a red barn",
            "a fox, yes, a fox in a grey barn",
            "a fox, yes, a fox in a field",
            "a red hen, yes, a red hen in a red barn",
            "a red hen, yes, a red hen in a field",
            "a grey hen, yes, a grey hen in a grey barn",
            "a grey hen, yes, a grey hen in a field");
  }

  @Test
  void twoBracesAreOne() {
    assertThat(
            texts(
                """
                {"templates": ["{{x}} {a}{a} }}{{"], "slots": {"a": ["{{"]},
                 "columns": {"negative_prompt": "{{{a}}}"}}
                """,
                "prompt",
                "negative_prompt"))
        .containsExactly("{x} {{ }{|{{}");
  }

  @Test
  void columnsMayHaveSlotsAndTheTemplatesOwnComeFirst() {
    String set =
        """
        {"templates": [
           {"name": "one", "text": "p {who}", "columns": {"guidance_scale": 1.5, "height": 32}},
           {"name": "two", "text": "q {who}"}],
         "slots": {"who": ["anna", "bob"]},
         "columns": {"image": "{who}.png", "guidance_scale": 2, "sizes": ["64x48"],
                     "lora": [["a.st", "b{c}.st"], "c.st"]}}
        """;

    assertThat(texts(set, "prompt", "image", "guidance_scale", "width", "height", "lora"))
        .startsWith("p anna|anna.png|1.5|null|32|[\"a.st\",\"b{c}.st\"]")
        .contains("q bob|bob.png|2.0|64|48|c.st")
        .hasSize(8);
    assertThat(rows(set).columns())
        .containsExactly("id", "prompt", "height", "width", "guidance_scale", "image", "lora");
  }

  @Test
  void seedsThatAreCountedGoOnFromTheSeedOfTheCommand() {
    String set = "{\"templates\": [\"a\", \"b\"], \"seeds\": 3}";

    PromptRows rows = read(set).rows(Optional.empty(), OptionalLong.empty(), 40);

    assertThat(rows)
        .extracting(row -> row.get("prompt") + "" + row.get("seed"))
        .containsExactly("a40", "a41", "a42", "b40", "b41", "b42");
  }

  @Test
  void idsFollowFromTheRowAloneAndAreUnique() {
    String few =
        "{\"templates\": [{\"name\": \"t\", \"text\": \"{a}\"}], \"slots\": {\"a\": [\"x\", \"y\"]}}";
    String more = few.replace("[\"x\", \"y\"]", "[\"w\", \"y\", \"z\", \"x\"]");

    assertThat(texts(few, "id")).containsExactly("t-b7eb375711b25921", "t-2c7f2e9d112a0d30");
    assertThat(texts(more, "id")).containsAll(texts(few, "id"));
    String alike =
        "{\"templates\": [\"{a}{b}\", \"{b}\"], \"slots\": {\"a\": [\"x\", \"xx\"], \"b\": [\"x\", \"xx\"]}}";
    assertThat(texts(alike, "id")).doesNotHaveDuplicates().hasSize(6);
    assertThat(texts(alike, "prompt")).contains("xxx").hasSize(6);
  }

  @Test
  void theFirstOfAGridAreThoseOfTheWholeGrid() {
    String set =
        "{\"templates\": [\"{a}{a}{b}\"], \"slots\": {\"a\": [\"x\", \"y\"], \"b\": [\"u\", \"v\"]}, \"count\": 3}";

    assertThat(texts(set, "prompt")).containsExactly("xxu", "xxv", "yyu");
    assertThat(read(set).rows(Optional.empty(), OptionalLong.of(9), 0)).hasSize(4);
  }

  /** The rows were also computed by a program in another language, from what WeightedDraw says. */
  @Test
  void aDrawIsTheSameInEveryJava() {
    String set =
        """
        {"templates": [{"name": "a", "text": "a {x} {y}", "weight": 3}, {"name": "b", "text": "b {y}"}],
         "slots": {"x": [{"text": "{y} one", "weight": 0.5}, "two", "three"], "y": ["p", "q", "r"]},
         "columns": {"num_inference_steps": [4, 28]}, "mode": "sample", "count": 6, "seeds": 2}
        """;

    assertThat(rows(set))
        .extracting(row -> row.get("id") + " " + row.get("prompt") + " " + row.get("seed"))
        .containsExactly(
            "b-bb4388d62fc1f8e2 b p 0",
            "b-952190c34224c007 b p 1",
            "a-57ba7b072883e2c0 a three p 0",
            "a-8d91de53eef8d9d5 a three p 1",
            "a-039178b5ec5f5734 a two r 0",
            "a-5048f9f634558d76 a two r 1");
    assertThat(read(set).rows(Optional.empty(), OptionalLong.empty(), 1))
        .doesNotContainAnyElementsOf(rows(set));
  }

  @ParameterizedTest
  @MethodSource("builtIn")
  void aBuiltInSetMakesValidRows(String name) {
    PromptTemplates set = PromptTemplates.builtIn(name, name);
    RequestRules rules = TestRules.of(RequestDefaults.dev(), 2048, 0);
    List<String> prompts = new ArrayList<>();

    for (Map<String, Object> row : set.rows(Optional.empty(), OptionalLong.empty(), 0)) {
      Map<String, Object> withoutFiles = new HashMap<>(row);
      withoutFiles.remove("image");
      prompts.add(rules.read(withoutFiles).prompt().orElseThrow());
    }

    assertThat(set.why()).isNotBlank().doesNotContain("\n");
    assertThat(prompts).isNotEmpty().allMatch(prompt -> !prompt.matches(".*[{}].*|.*  .*"));
    assertThat(new HashSet<>(prompts).size() * set.seeds().rows())
        .as("rows")
        .isEqualTo(prompts.size());
  }

  static List<String> builtIn() {
    return PromptTemplates.BUILT_IN;
  }

  private static PromptTemplates read(String json) {
    return PromptTemplates.read(json, "set");
  }

  private static PromptRows rows(String json) {
    return read(json).rows(Optional.empty(), OptionalLong.empty(), 0);
  }

  /** The values of some columns of all rows. */
  private static List<String> texts(String json, String... columns) {
    List<String> texts = new ArrayList<>();
    for (Map<String, Object> row : rows(json)) {
      List<String> values = new ArrayList<>();
      for (String column : columns) {
        values.add(String.valueOf(row.get(column)));
      }
      texts.add(String.join("|", values));
    }
    return texts;
  }
}
