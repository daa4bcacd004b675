package io.fluxspark.request;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * One of the values that a column may have; a size has two columns.
 *
 * @param values by column name: a {@link TemplateText}, a {@code Long} or a {@code Double}
 */
record ColumnValue(Map<String, Object> values) {
  ColumnValue {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** The slots of its text. */
  List<String> slots() {
    return values.values().stream()
        .filter(TemplateText.class::isInstance)
        .flatMap(text -> ((TemplateText) text).slots().stream())
        .distinct()
        .toList();
  }

  /** Puts the values into a row, with each slot's text in its place. */
  void putInto(Map<String, Object> row, UnaryOperator<String> slotTexts) {
    values.forEach(
        (column, value) ->
            row.put(column, value instanceof TemplateText text ? text.filled(slotTexts) : value));
  }

  /** Puts the values into a map, texts as they were written. */
  void putSourcesInto(Map<String, Object> content) {
    values.forEach(
        (column, value) ->
            content.put(column, value instanceof TemplateText text ? text.source() : value));
  }
}
