package io.fluxspark.request;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A prompt with slots.
 *
 * @param name with which the ids of its rows begin
 * @param weight above 0; draws take templates in proportion to their weights
 * @param columns values of the other columns; they come before those of the set
 */
record PromptTemplate(
    String name, TemplateText text, double weight, Map<String, List<ColumnValue>> columns) {
  PromptTemplate {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(text, "text");
    columns = PromptColumns.copy(columns);
  }

  /** The same without values of columns that others fill. */
  PromptTemplate withoutThoseOf(Map<String, List<ColumnValue>> others) {
    Map<String, List<ColumnValue>> left = PromptColumns.merged(columns, others);
    left.keySet().removeAll(others.keySet());
    return new PromptTemplate(name, text, weight, left);
  }
}
