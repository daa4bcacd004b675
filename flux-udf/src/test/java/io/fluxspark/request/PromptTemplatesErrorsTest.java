package io.fluxspark.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each mistake has one line that says what is wrong and where. */
class PromptTemplatesErrorsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'templates': ['{x}']} | template '{x}': no slot 'x'; there are none",
        "{'templates': ['{y}'], 'slots': {'y': ['{z}']}} | slot 'y': no slot 'z'; there are y",
        "{'templates': ['a'], 'columns': {'image': '{x}'}} | column 'image': no slot 'x'",
        "{'templates': ['a'], 'slots': {'y': ['b']}} | slot 'y': no template uses it; write {y} or",
        "{'templates': ['{a}'], 'slots': {'a': ['{b}'], 'b': ['{a}']}} | slot 'a': leads back to itself: a -> b -> a",
        "{'templates': ['{a}'], 'slots': {'a': ['x {a}']}} | slot 'a': leads back to itself: a -> a",
        "{'templates': ['a {b']} | templates, number 1: '{' has no '}'; '{{' stands for a brace",
        "{'templates': ['a', 'b}']} | templates, number 2: '}' has no '{'; '}}' stands for a brace",
        "{'templates': ['a {b c}']} | 'b c' is no name of a slot; a letter, then letters, digits",
        "{'templates': ['{}']} | '' is no name of a slot",
        "{'templates': ['{a}'], 'slots': {'1a': ['x']}} | slots: '1a' is no name of a slot",
        "{'templates': ['{a}'], 'slots': {'a': []}} | slot 'a': []; a list with at least one element",
        "{'templates': ['{a}'], 'slots': {'a': 'x'}} | slot 'a': `x`; a list with at least one",
        "{'templates': ['{a}'], 'slots': {'a': ['x', 'x']}} | slot 'a': 'x' is there twice",
        "{'templates': ['{a}'], 'slots': {'a': [3]}} | slot 'a': 3; a text is needed",
        "{'templates': ['{a}'], 'slots': {'a': [{'weight': 3}]}} | slot 'a': the key text is missing",
        "{'templates': ['{a}'], 'slots': {'a': [{'text': 'x', 'weight': -1}]}} | slot 'a': weight: -1; a number above 0 is needed",
        "{'templates': ['{a}'], 'slots': {'a': [{'text': 'x', 'weight': 0}]}} | weight: 0; a number above 0",
        "{'templates': ['{a}'], 'slots': {'a': [{'text': 'x', 'weight': 1e999}]}} | a number above 0 is needed",
        "{'templates': ['{a}'], 'slots': {'a': [{'text': 'x', 'weight': '2'}]}} | a number above 0 is needed",
        "{'templates': ['{a}'], 'slots': {'a': [{'text': 'x', 'w': 2}]}} | slot 'a': no key 'w'; there are text, weight",
        "{'templates': [{'text': 'x', 'weight': -2}]} | templates, number 1: weight: -2; a number above",
        "{'templates': [{'text': 'x', 'name': 'a b'}]} | templates, number 1: name: 'a b'; up to 64 letters",
        "{'templates': [{'name': 'a'}]} | templates, number 1: the key text is missing",
        "{'templates': [{'text': 'x', 'name': 'a'}, {'text': 'y', 'name': 'a'}]} | template 'a': the name is there twice",
        "{'templates': ['x', 'x']} | template 'x': is there twice",
        "{'templates': []} | templates: []; a list with at least one element is needed",
        "{'templates': 'x'} | templates: `x`; a list with at least one element is needed",
        "{} | the key templates is missing",
        "{'template': ['x']} | no key 'template'; there are why, templates, slots, columns, seeds, mode",
        "[] | a JSON object with the key templates is needed",
        "{'templates': ['x'] | no JSON, line 1, column ",
        "{'templates': ['x'], 'templates': ['y']} | no JSON, line 1, column ",
        "{'templates': ['x'], 'columns': {'hight': 32}} | columns: hight: no such column; there are prompt_2,",
        "{'templates': ['x'], 'columns': {'prompt': 'y'}} | columns: prompt: is what the templates make",
        "{'templates': ['x'], 'columns': {'seed': 1}} | columns: seed: the key seeds beside templates says it",
        "{'templates': ['x'], 'columns': {'id': 'y'}} | columns: id: is made from the row's content",
        "{'templates': ['x'], 'columns': {'height': 33}} | columns: height: '33'; not a multiple of 16, 32 and 48 are",
        "{'templates': ['x'], 'columns': {'height': [32, true]}} | columns: height: true; a text or a number",
        "{'templates': ['x'], 'columns': {'height': []}} | height: []; a list with at least one element",
        "{'templates': ['x'], 'columns': {'height': [32, 32]}} | columns: height: 32 is there twice",
        "{'templates': ['x'], 'columns': {'height': 32, 'sizes': '32x32'}} | columns: height: is there twice; sizes has width and height",
        "{'templates': ['x'], 'columns': {'sizes': '32 x 32'}} | sizes: `32 x 32`; WIDTHxHEIGHT in pixels is needed, such as `1344x768`",
        "{'templates': ['x'], 'columns': {'sizes': '32x40'}} | height: '40'; not a multiple of 16",
        "{'templates': ['x'], 'columns': {'guidance_scale': -1}} | guidance_scale: '-1'; a finite number of at least 0",
        "{'templates': ['x'], 'columns': {'strength': 2}} | strength: '2'; a number above 0 and at most 1",
        "{'templates': ['x'], 'columns': {'image': 3}} | columns: image: 3; a text is needed",
        "{'templates': ['x'], 'columns': {'image': '{'}} | columns: image: '{' has no '}'",
        "{'templates': ['x'], 'columns': {'lora_scale': [['a']]}} | lora_scale: '[`a`]'; a finite number or a list",
        "{'templates': [{'text': 'x', 'columns': {'wide': 1}}]} | templates, number 1: columns: wide: no such column",
        "{'templates': ['x'], 'columns': 3} | columns: 3; a JSON object is needed",
        "{'templates': ['x'], 'seeds': 0} | seeds: 0; a whole number from 1 to 1000000 is needed",
        "{'templates': ['x'], 'seeds': []} | seeds: []; a list with at least one element is needed",
        "{'templates': ['x'], 'seeds': [1, 1]} | seeds: 1 is there twice",
        "{'templates': ['x'], 'seeds': [9223372036854775808]} | a whole number of 64 bits is needed",
        "{'templates': ['x'], 'mode': 'all'} | mode: 'all'; grid or sample is needed",
        "{'templates': ['x'], 'count': 0} | count: 0; a whole number from 1 to 1000000000000 is needed",
        "{'templates': ['x'], 'why': 3} | why: 3; a text is needed",
        "{'templates': ['x'], 'mode': 'sample'} | mode sample draws so many rows as count says; --count N",
      })
  void aSetIsNamed(String json, String problem) {
    assertRefused(() -> rows(json.replace('\'', '"')), "set: ", problem.replace('`', '"'));
  }

  @Test
  void aGridThatIsTooLargeIsRefusedUnlessItIsLimited() {
    String ten = "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]";
    StringBuilder template = new StringBuilder();
    StringBuilder slots = new StringBuilder("\"s0\": " + ten);
    for (int i = 0; i < 20; i++) {
      template.append("{s").append(i).append('}');
      slots.append(i == 0 ? "" : ", \"s" + i + "\": " + ten);
    }
    String set = "{\"templates\": [\"" + template + "\"], \"slots\": {" + slots + "}}";
    String seven = set.replace("{s7}", "").replaceAll("\\{s(8|9|1[0-9])}", "");

    assertRefused(
        () -> rows(set),
        "set: ",
        "the grid has at least 9,223,372,036,854,775,807 rows, more than");
    assertThat(PromptTemplates.read(set, "set").rows(Optional.empty(), OptionalLong.of(12), 0))
        .extracting(row -> row.get("prompt"))
        .hasSize(12)
        .last()
        .isEqualTo("00000000000000000011");
    assertRefused(() -> PromptTemplates.read(seven, "set"), "set: ", "slot 's7': no template uses");
  }

  @Test
  void manySlotsThatDependOnEachOtherAreRefused() {
    StringBuilder template = new StringBuilder();
    StringBuilder slots = new StringBuilder("\"z\": [\"1\"]");
    for (int i = 0; i < 24; i++) {
      template.append("{a").append(i).append('}');
      slots.append(
          String.format(", \"a%d\": [\"x\", \"{b%d}\"], \"b%d\": [\"1\", \"2\"]", i, i, i));
    }
    template.append("{z}");
    for (int i = 0; i < 24; i++) {
      template.append("{b").append(i).append('}');
    }
    String set =
        "{\"templates\": [\"" + template + "\"], \"slots\": {" + slots + "}, \"count\": 1}";

    assertRefused(() -> rows(set), "set: ", "too many slots depend on each other");
  }

  @Test
  void whatIsChangedFromOutsideIsCheckedLikewise() {
    PromptTemplates set =
        PromptTemplates.read(
            "{\"templates\": [{\"name\": \"n\", \"text\": \"{a}\"}], \"slots\": {\"a\": [\"x\"]}}",
            "set");

    assertRefused(() -> set.only(List.of("m")), "set: ", "no template 'm'; there are n");
    assertRefused(
        () -> set.withSlots(Map.of("b", List.of("x"))), "set: ", "no slot 'b'; there are a");
    assertRefused(
        () -> set.withSlots(Map.of("a", List.of("{c}"))), "set: ", "slot 'a': no slot 'c'");
    assertRefused(
        () -> set.withColumns(Map.of("b", List.of("x"))), "set: ", "columns: b: no such column");
    assertRefused(
        () -> set.withColumns(Map.of("height", List.of("32", "3x"))),
        "set: ",
        "columns: height: '3x'; a positive multiple of 16");
    assertRefused(
        () -> PromptTemplates.builtIn("nothing", "set"),
        "set: ",
        "no such set; there are subjects-");
    assertRefused(
        () -> PromptMode.fromName("GRID", "--mode"), "--mode: ", "'GRID'; grid or sample");
  }

  private static PromptRows rows(String json) {
    return PromptTemplates.read(json, "set").rows(Optional.empty(), OptionalLong.empty(), 0);
  }

  private static void assertRefused(ThrowingCallable work, String start, String problem) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            FluxSparkException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_OPTION))
        .hasMessageStartingWith(start)
        .hasMessageContaining(problem)
        .hasMessageNotContaining("\n");
  }
}
