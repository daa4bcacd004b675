package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class WeightedDrawTest {
  private static final String SET =
      """
      {"templates": ["{a}{n}{m}"],
       "slots": {"a": [{"text": "x", "weight": 6}, {"text": "y", "weight": 3}, "z"],
                 "n": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
                 "m": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]},
       "mode": "sample"}
      """;

  @Test
  void textsComeInProportionToTheirWeights() {
    Map<Character, Integer> first = new HashMap<>();
    prompts(SET, 100, 5).forEach(prompt -> first.merge(prompt.charAt(0), 1, Integer::sum));

    assertThat(first).containsOnlyKeys('x', 'y', 'z');
    assertThat(first.get('x')).isCloseTo(60, within(1));
    assertThat(first.get('y')).isCloseTo(30, within(1));
    assertThat(first.get('z')).isCloseTo(10, within(1));
  }

  /** One row each of many draws: their mean is the weight's, within four standard errors. */
  @Test
  void overManySeedsEachTextIsDrawnAsOftenAsItsWeightSays() {
    int draws = 20_000;
    Map<Character, Integer> first = new HashMap<>();
    Map<Character, Integer> last = new HashMap<>();
    for (int seed = 0; seed < draws; seed++) {
      String prompt = prompts(SET, 1, seed).get(0);
      first.merge(prompt.charAt(0), 1, Integer::sum);
      last.merge(prompt.charAt(2), 1, Integer::sum);
    }

    assertThat(first.get('x') / (double) draws).isCloseTo(0.6, within(0.014));
    assertThat(first.get('y') / (double) draws).isCloseTo(0.3, within(0.013));
    assertThat(first.get('z') / (double) draws).isCloseTo(0.1, within(0.0085));
    assertThat(last).hasSize(10);
    assertThat(last.values()).allMatch(count -> Math.abs(count / (double) draws - 0.1) < 0.0085);
  }

  /** Any two texts of a slot may be drawn together, also neighbours in the list. */
  @Test
  void twoRowsMayHaveAnyTwoTexts() {
    HashSet<String> pairs = new HashSet<>();
    for (int seed = 0; seed < 500; seed++) {
      List<String> two =
          prompts("{\"templates\": [\"a\", \"b\", \"c\", \"d\"], \"mode\": \"sample\"}", 2, seed);
      pairs.add(two.get(0) + two.get(1));
    }

    assertThat(pairs).hasSize(4 * 3);
  }

  @Test
  void noRowComesTwiceWhileThereAreOthers() {
    for (int count : new int[] {1, 7, 150, 299, 300}) {
      assertThat(prompts(SET, count, count)).hasSize(count).doesNotHaveDuplicates();
    }
    assertThat(new HashSet<>(prompts(SET, 300, 1))).hasSize(300);
  }

  @Test
  void rowsRepeatNoMoreThanTheyHaveTo() {
    Map<String, Integer> counts = new HashMap<>();
    List<String> ids = new ArrayList<>();
    for (Map<String, Object> row : rows(SET, 700, 3)) {
      counts.merge((String) row.get("prompt"), 1, Integer::sum);
      ids.add((String) row.get("id"));
    }

    assertThat(counts.values()).allMatch(count -> count <= 3);
    assertThat(ids).hasSize(700).doesNotHaveDuplicates();
  }

  @Test
  void aPartOfTheTableIsSpreadOverItsTexts() {
    Map<Character, Integer> first = new HashMap<>();
    prompts(SET, 200, 9).subList(0, 50).forEach(p -> first.merge(p.charAt(0), 1, Integer::sum));

    assertThat(first.get('x')).isBetween(20, 32);
    assertThat(first.get('y')).isBetween(8, 25);
    assertThat(first.get('z')).isBetween(3, 12);
  }

  private static List<String> prompts(String set, long count, long seed) {
    List<String> prompts = new ArrayList<>();
    rows(set, count, seed).forEach(row -> prompts.add((String) row.get("prompt")));
    return prompts;
  }

  private static PromptRows rows(String set, long count, long seed) {
    return PromptTemplates.read(set, "set").rows(Optional.empty(), OptionalLong.of(count), seed);
  }
}
