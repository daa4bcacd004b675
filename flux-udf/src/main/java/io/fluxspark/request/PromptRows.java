package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * The rows that a set of templates makes, one after the other, in memory that does not depend on
 * how many they are. The same set, count and seed give the same rows everywhere.
 *
 * <p>A row has values by column name: a {@code String}, a {@code Long} or a {@code Double}. Its id
 * is the template's name and 64 bits of a hash of its content.
 */
public final class PromptRows implements Iterable<Map<String, Object>> {
  /** The most rows that a count may ask for. */
  public static final long MOST = 1_000_000_000_000L;

  /** The most rows of a grid that nothing limits. */
  public static final long MOST_UNLIMITED = 10_000_000;

  private static final String TEMPLATE = "";
  private static final int ID_DIGITS = 16;

  private final PromptTemplates set;
  private final List<Map<String, List<ColumnValue>>> columnsOfTemplates;
  private final ChoiceNode root;
  private final PromptMode mode;
  private final long size;
  private final long seed;

  private PromptRows(PromptTemplates set, PromptMode mode, OptionalLong count, long seed) {
    this.set = set;
    this.mode = mode;
    this.seed = seed;
    this.columnsOfTemplates =
        set.templates().stream()
            .map(template -> PromptColumns.merged(set.columns(), template.columns()))
            .toList();
    try {
      this.root = ChoiceNode.of(TEMPLATE, choices());
    } catch (IllegalArgumentException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, set.place() + ": " + e.getMessage(), e);
    }
    this.size = sizeOf(count);
  }

  static PromptRows of(PromptTemplates set, PromptMode mode, OptionalLong count, long seed) {
    return new PromptRows(set, mode, count, seed);
  }

  /** How many rows there are. */
  public long size() {
    return size;
  }

  /** The columns of the table, in the order in which tables have them. */
  public List<String> columns() {
    Set<String> filled = new LinkedHashSet<>(List.of(RequestColumns.ID, RequestColumns.PROMPT));
    columnsOfTemplates.forEach(columns -> filled.addAll(PromptColumns.filled(columns.values())));
    if (set.seeds().isGiven()) {
      filled.add(RequestColumns.SEED);
    }
    return RequestColumns.ALL.stream().filter(filled::contains).toList();
  }

  /**
   * Rows of a grid are in its order, the last choice varying fastest; those of a draw are mixed.
   */
  @Override
  public Iterator<Map<String, Object>> iterator() {
    return mode == PromptMode.GRID ? new Grid() : new Draw();
  }

  private long sizeOf(OptionalLong count) {
    if (count.isPresent() && (count.getAsLong() < 1 || count.getAsLong() > MOST)) {
      throw invalid(
          "count: " + count.getAsLong() + "; a whole number from 1 to " + MOST + " is needed");
    }
    if (mode == PromptMode.SAMPLE) {
      return count.orElseThrow(
          () -> invalid("mode sample draws so many rows as count says; --count N is needed"));
    }
    long seeds = set.seeds().rows();
    long all = root.size() > Long.MAX_VALUE / seeds ? Long.MAX_VALUE : root.size() * seeds;
    if (count.isEmpty() && all > MOST_UNLIMITED) {
      throw invalid(
          String.format(
              Locale.ROOT,
              "the grid has %s%,d rows, more than %,d; --count N takes the first, --mode sample"
                  + " with --count N draws",
              all == Long.MAX_VALUE ? "at least " : "",
              all,
              MOST_UNLIMITED));
    }
    return Math.min(all, count.orElse(all));
  }

  /**
   * A template brings its slots and then its columns, each of which brings the slots of its text.
   */
  private Map<String, List<ChoiceNode.Choice>> choices() {
    Map<String, List<ChoiceNode.Choice>> choices = new LinkedHashMap<>();
    List<ChoiceNode.Choice> ofTemplate = new ArrayList<>();
    for (int i = 0; i < set.templates().size(); i++) {
      PromptTemplate template = set.templates().get(i);
      List<String> needs = new ArrayList<>(slotChoices(template.text().slots()));
      for (Map.Entry<String, List<ColumnValue>> column : columnsOfTemplates.get(i).entrySet()) {
        needs.add(columnChoice(i, column.getKey()));
        choices.put(
            columnChoice(i, column.getKey()),
            column.getValue().stream()
                .map(value -> new ChoiceNode.Choice(1, slotChoices(value.slots())))
                .toList());
      }
      ofTemplate.add(new ChoiceNode.Choice(template.weight(), needs));
    }
    choices.put(TEMPLATE, ofTemplate);
    set.slots()
        .forEach(
            (name, texts) ->
                choices.put(
                    slotChoice(name),
                    texts.stream()
                        .map(
                            text ->
                                new ChoiceNode.Choice(
                                    text.weight(), slotChoices(text.text().slots())))
                        .toList()));
    return choices;
  }

  private static List<String> slotChoices(List<String> slots) {
    return slots.stream().map(PromptRows::slotChoice).toList();
  }

  private static String slotChoice(String slot) {
    return "{" + slot + "}";
  }

  private static String columnChoice(int template, String column) {
    return template + " " + column;
  }

  private Map<String, Object> row(Map<String, Integer> outcomes, long repeat, long seedNumber) {
    int number = outcomes.get(TEMPLATE);
    PromptTemplate template = set.templates().get(number);
    Map<String, String> slotTexts = new TreeMap<>();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put(RequestColumns.PROMPT, filled(template.text(), outcomes, slotTexts));
    columnsOfTemplates
        .get(number)
        .forEach(
            (name, several) ->
                several
                    .get(outcomes.get(columnChoice(number, name)))
                    .putInto(values, slot -> slotText(slot, outcomes, slotTexts)));
    if (set.seeds().isGiven()) {
      values.put(RequestColumns.SEED, set.seeds().at(seedNumber, seed));
    }
    String hash = CanonicalJson.sha256(content(outcomes, slotTexts.keySet(), repeat, values));
    values.put(RequestColumns.ID, template.name() + "-" + hash.substring(0, ID_DIGITS));
    return values;
  }

  /** What tells a row from others: texts as they were written, since two may be filled alike. */
  private Map<String, Object> content(
      Map<String, Integer> outcomes, Set<String> slots, long repeat, Map<String, Object> values) {
    int number = outcomes.get(TEMPLATE);
    Map<String, Object> content = new TreeMap<>();
    content.put(RequestColumns.PROMPT, set.templates().get(number).text().source());
    columnsOfTemplates
        .get(number)
        .forEach(
            (name, several) ->
                several.get(outcomes.get(columnChoice(number, name))).putSourcesInto(content));
    for (String slot : slots) {
      content.put(slotChoice(slot), chosen(slot, outcomes).text().source());
    }
    content.put(RequestColumns.SEED, values.get(RequestColumns.SEED));
    content.put("repeat", repeat);
    return content;
  }

  private String filled(
      TemplateText text, Map<String, Integer> outcomes, Map<String, String> slotTexts) {
    return text.filled(slot -> slotText(slot, outcomes, slotTexts));
  }

  private String slotText(
      String slot, Map<String, Integer> outcomes, Map<String, String> slotTexts) {
    String known = slotTexts.get(slot);
    if (known == null) {
      known = filled(chosen(slot, outcomes).text(), outcomes, slotTexts);
      slotTexts.put(slot, known);
    }
    return known;
  }

  private SlotText chosen(String slot, Map<String, Integer> outcomes) {
    return set.slots().get(slot).get(outcomes.get(slotChoice(slot)));
  }

  private FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, set.place() + ": " + problem);
  }

  /** Goes through the rows; the seeds of a prompt stand together. */
  private abstract class Rows implements Iterator<Map<String, Object>> {
    private final long seeds = set.seeds().rows();
    private long number;
    private WeightedDraw.Drawn prompt;

    @Override
    public boolean hasNext() {
      return number < size;
    }

    @Override
    public Map<String, Object> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (number % seeds == 0) {
        prompt = prompt(number / seeds);
      }
      return row(prompt.outcomes(), prompt.repeat(), number++ % seeds);
    }

    /** The next prompt, by its number from 0. */
    abstract WeightedDraw.Drawn prompt(long promptNumber);
  }

  private final class Grid extends Rows {
    @Override
    WeightedDraw.Drawn prompt(long promptNumber) {
      return new WeightedDraw.Drawn(root.at(promptNumber), 0);
    }
  }

  private final class Draw extends Rows {
    private final long prompts = (size - 1) / set.seeds().rows() + 1;
    private final WeightedDraw draw = new WeightedDraw(root, prompts, seed);
    private final long step = draw.step();
    private long at = draw.first();

    @Override
    WeightedDraw.Drawn prompt(long promptNumber) {
      WeightedDraw.Drawn drawn = draw.at(at);
      at = (at + step) % prompts;
      return drawn;
    }
  }
}
