package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class PromptTemplatesPropertyTest {
  /** Every combination by plain recursion, as a person would write them down. */
  @Property(tries = 300)
  void aGridIsWhatFillingSlotBySlotGives(@ForAll("sets") Map<String, List<String>> slots) {
    List<String> expected = new ArrayList<>();
    fill("{a}-{b}-{a}", slots, new LinkedHashMap<>(), expected);

    assertThat(prompts(rows(slots, PromptMode.GRID, OptionalLong.empty(), 0)))
        .containsExactlyElementsOf(expected);
  }

  @Property(tries = 300)
  void aDrawIsOfTheGridWithoutRepeatsAndTheSameAgain(
      @ForAll("sets") Map<String, List<String>> slots,
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll long seed) {
    Set<String> grid = ids(rows(slots, PromptMode.GRID, OptionalLong.empty(), seed));
    PromptRows draw = rows(slots, PromptMode.SAMPLE, OptionalLong.of(count), seed);
    Set<String> drawn = ids(draw);

    assertThat(draw).hasSize(count);
    assertThat(drawn).hasSize(count);
    drawn.retainAll(grid);
    assertThat(drawn).hasSizeLessThanOrEqualTo(grid.size());
    if (count <= grid.size()) {
      assertThat(drawn).hasSize(count);
    }
    assertThat(draw)
        .containsExactlyElementsOf(rows(slots, PromptMode.SAMPLE, OptionalLong.of(count), seed));
  }

  /** Slots that refer to later ones alone, so that there are no circles. */
  @Provide
  Arbitrary<Map<String, List<String>>> sets() {
    return Combinators.combine(texts("bcd"), texts("cd"), texts("d"), texts(""))
        .as(
            (a, b, c, d) -> {
              Map<String, List<String>> slots = new LinkedHashMap<>();
              slots.put("a", a);
              slots.put("b", b);
              slots.put("c", with("{d}", c));
              slots.put("d", d);
              slots.put("b", with("{c}", b));
              return slots;
            });
  }

  private static List<String> with(String text, List<String> others) {
    List<String> all = new ArrayList<>(others);
    all.remove(text);
    all.add(text);
    return all;
  }

  private static Arbitrary<List<String>> texts(String slots) {
    Arbitrary<String> part =
        slots.isEmpty()
            ? Arbitraries.strings().withChars("xy \"',é").ofMaxLength(3)
            : Arbitraries.oneOf(
                Arbitraries.strings().withChars("xy \"',é").ofMaxLength(3),
                Arbitraries.strings().withChars(slots).ofLength(1).map(name -> "{" + name + "}"));
    return part.list()
        .ofMinSize(1)
        .ofMaxSize(2)
        .map(parts -> String.join("", parts))
        .list()
        .ofMinSize(1)
        .ofMaxSize(3)
        .uniqueElements();
  }

  private static void fill(
      String text, Map<String, List<String>> slots, Map<String, String> chosen, List<String> all) {
    int open = text.indexOf('{');
    if (open < 0) {
      all.add(text);
      return;
    }
    String name = text.substring(open + 1, open + 2);
    String rest = text.substring(open + 3);
    List<String> choices = chosen.containsKey(name) ? List.of(chosen.get(name)) : slots.get(name);
    for (String choice : choices) {
      Map<String, String> then = new LinkedHashMap<>(chosen);
      then.put(name, choice);
      fill(text.substring(0, open) + choice + rest, slots, then, all);
    }
  }

  private static PromptRows rows(
      Map<String, List<String>> slots, PromptMode mode, OptionalLong count, long seed) {
    JsonMapper mapper = new JsonMapper();
    ObjectNode set = mapper.createObjectNode();
    set.putArray("templates").add("{a}-{b}-{a}");
    set.set("slots", mapper.valueToTree(slots));
    return PromptTemplates.read(set.toString(), "set").rows(Optional.of(mode), count, seed);
  }

  private static List<String> prompts(PromptRows rows) {
    List<String> prompts = new ArrayList<>();
    rows.forEach(row -> prompts.add((String) row.get("prompt")));
    return prompts;
  }

  private static Set<String> ids(PromptRows rows) {
    Set<String> ids = new HashSet<>();
    rows.forEach(row -> ids.add((String) row.get("id")));
    return ids;
  }
}
