package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A set of prompt templates, from which a prompt table is made.
 *
 * @param place what messages call it
 * @param why a line that says why its prompts work; may be empty
 * @param templates at least one
 * @param slots texts by the slot's name
 * @param columns values by the column's name, or {@code sizes}
 * @param count of rows, at least 1; empty for all that there are
 */
public record PromptTemplates(
    String place,
    String why,
    List<PromptTemplate> templates,
    Map<String, List<SlotText>> slots,
    Map<String, List<ColumnValue>> columns,
    PromptMode mode,
    OptionalLong count,
    PromptSeeds seeds) {
  /** Names of the sets that come with the library. */
  public static final List<String> BUILT_IN =
      List.of(
          "subjects-and-styles",
          "photography",
          "text-in-pictures",
          "product",
          "kontext-change-one-thing",
          "kontext-replace-text",
          "kontext-keep-the-person",
          "kontext-style-transfer",
          "kontext-edits-in-turn",
          "kontext-tasks");

  public PromptTemplates {
    Objects.requireNonNull(place, "place");
    Objects.requireNonNull(why, "why");
    templates = List.copyOf(templates);
    Map<String, List<SlotText>> copy = new LinkedHashMap<>();
    slots.forEach((name, texts) -> copy.put(name, List.copyOf(texts)));
    slots = Collections.unmodifiableMap(copy);
    columns = PromptColumns.copy(columns);
    new SlotRules(place, slots).check(templates, columns);
  }

  /**
   * Reads a set.
   *
   * @param json the set as JSON
   * @param place what messages call it
   * @throws FluxSparkException {@code INVALID_OPTION} where it is none, in one line that says what
   *     is wrong and what would be right
   */
  public static PromptTemplates read(String json, String place) {
    return new PromptTemplatesReader(place).read(json);
  }

  /**
   * A set that comes with the library.
   *
   * @param place what messages call it
   * @throws FluxSparkException {@code INVALID_OPTION} where there is none of that name
   */
  public static PromptTemplates builtIn(String name, String place) {
    if (!BUILT_IN.contains(name)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          place + ": no such set; there are " + String.join(", ", BUILT_IN));
    }
    try (InputStream file =
        PromptTemplates.class.getResourceAsStream("/io/fluxspark/prompts/" + name + ".json")) {
      return read(new String(file.readAllBytes(), StandardCharsets.UTF_8), place);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The same set with the templates of these names alone.
   *
   * @param names none for all
   * @throws FluxSparkException {@code INVALID_OPTION} where there is none of a name
   */
  public PromptTemplates only(Collection<String> names) {
    Set<String> known =
        templates.stream()
            .map(PromptTemplate::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    for (String name : names) {
      if (!known.contains(name)) {
        throw new FluxSparkException(
            ErrorCode.INVALID_OPTION,
            place + ": no template '" + name + "'; there are " + String.join(", ", known));
      }
    }
    List<PromptTemplate> left =
        templates.stream().filter(one -> names.isEmpty() || names.contains(one.name())).toList();
    return new PromptTemplates(place, why, left, slots, columns, mode, count, seeds);
  }

  /**
   * The same set with other texts in some slots, all of equal weight.
   *
   * @param texts by the slot's name
   * @throws FluxSparkException {@code INVALID_OPTION} where there is no slot of a name, or a text
   *     is wrong
   */
  public PromptTemplates withSlots(Map<String, List<String>> texts) {
    Map<String, List<SlotText>> changed = new LinkedHashMap<>(slots);
    PromptTemplatesReader reader = new PromptTemplatesReader(place);
    texts.forEach(
        (name, several) -> {
          if (!slots.containsKey(name)) {
            throw new FluxSparkException(
                ErrorCode.INVALID_OPTION,
                place + ": no slot '" + name + "'; there are " + String.join(", ", slots.keySet()));
          }
          changed.put(name, reader.slot(name, several));
        });
    return new PromptTemplates(place, why, templates, changed, columns, mode, count, seeds);
  }

  /**
   * The same set with other values in some columns, for all templates.
   *
   * @param values texts by the column's name
   * @throws FluxSparkException {@code INVALID_OPTION} where there is no column of a name, or it
   *     cannot have a value
   */
  public PromptTemplates withColumns(Map<String, List<String>> values) {
    Map<String, List<ColumnValue>> stronger = new PromptTemplatesReader(place).columns(values);
    List<PromptTemplate> changed = new ArrayList<>();
    templates.forEach(one -> changed.add(one.withoutThoseOf(stronger)));
    return new PromptTemplates(
        place, why, changed, slots, PromptColumns.merged(columns, stronger), mode, count, seeds);
  }

  /**
   * The rows of the set.
   *
   * @param givenMode empty for the set's
   * @param givenCount of rows; empty for the set's
   * @param seed from which draws, and seeds that are only counted, follow
   * @throws FluxSparkException {@code INVALID_OPTION} for a grid that is too large, or a draw
   *     without a count
   */
  public PromptRows rows(Optional<PromptMode> givenMode, OptionalLong givenCount, long seed) {
    return PromptRows.of(
        this, givenMode.orElse(mode), givenCount.isPresent() ? givenCount : count, seed);
  }
}
