package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What holds between templates, columns and slots. */
record SlotRules(String place, Map<String, List<SlotText>> slots) {

  /**
   * @throws FluxSparkException {@code INVALID_OPTION} for a slot that is not there, or that leads
   *     back to itself
   */
  void check(List<PromptTemplate> templates, Map<String, List<ColumnValue>> columns) {
    for (PromptTemplate template : templates) {
      checkKnown("template '" + shown(template.text()) + "'", template.text().slots());
      checkKnown(template.columns());
    }
    checkKnown(columns);
    slots.forEach(
        (name, texts) ->
            texts.forEach(text -> checkKnown("slot '" + name + "'", text.text().slots())));
    Set<String> sound = new HashSet<>();
    slots.keySet().forEach(name -> checkCycles(name, new ArrayList<>(), sound));
  }

  /**
   * @throws FluxSparkException {@code INVALID_OPTION} for a slot that nothing uses
   */
  void checkUsed(List<PromptTemplate> templates, Map<String, List<ColumnValue>> columns) {
    Set<String> used = new HashSet<>();
    templates.forEach(template -> used.addAll(template.text().slots()));
    templates.forEach(template -> used.addAll(slotsOf(template.columns())));
    used.addAll(slotsOf(columns));
    slots.values().forEach(texts -> texts.forEach(text -> used.addAll(text.text().slots())));
    for (String name : slots.keySet()) {
      if (!used.contains(name)) {
        throw invalid(
            "slot '" + name + "': no template uses it; write {" + name + "} or remove it");
      }
    }
  }

  private void checkKnown(Map<String, List<ColumnValue>> columns) {
    columns.forEach(
        (name, values) -> checkKnown("column '" + name + "'", slotsOf(Map.of(name, values))));
  }

  private void checkKnown(String where, Collection<String> names) {
    for (String name : names) {
      if (!slots.containsKey(name)) {
        throw invalid(
            where
                + ": no slot '"
                + name
                + "'; there are "
                + (slots.isEmpty() ? "none" : String.join(", ", slots.keySet())));
      }
    }
  }

  private void checkCycles(String name, List<String> path, Set<String> sound) {
    if (sound.contains(name)) {
      return;
    }
    path.add(name);
    if (path.indexOf(name) < path.size() - 1) {
      List<String> circle = path.subList(path.indexOf(name), path.size());
      throw invalid("slot '" + name + "': leads back to itself: " + String.join(" -> ", circle));
    }
    for (SlotText text : slots.get(name)) {
      text.text().slots().forEach(used -> checkCycles(used, path, sound));
    }
    path.remove(path.size() - 1);
    sound.add(name);
  }

  private static Set<String> slotsOf(Map<String, List<ColumnValue>> columns) {
    Set<String> used = new HashSet<>();
    columns.values().forEach(values -> values.forEach(value -> used.addAll(value.slots())));
    return used;
  }

  private static String shown(TemplateText text) {
    return RowReader.shortened(text.source());
  }

  private FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, place + ": " + problem);
  }
}
