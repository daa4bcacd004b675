package io.fluxspark.request;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Reads a set of templates from JSON; whatever is wrong is named with its place. */
record PromptTemplatesReader(String place) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final String UNNAMED = "prompt";
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
  private static final long MOST_SEEDS = 1_000_000;

  PromptTemplates read(String json) {
    JsonNode set = parsed(json);
    requireKeys("", set, List.of("why", "templates", "slots", "columns", "seeds", "mode", "count"));
    Map<String, List<SlotText>> slots = new LinkedHashMap<>();
    object("slots", set.get("slots"))
        .forEach((name, texts) -> slots.put(slotName(name), slot(name, texts)));
    Map<String, List<ColumnValue>> columns = columns("columns", set.get("columns"));
    List<PromptTemplate> templates = templates(set.get("templates"));
    new SlotRules(place, slots).checkUsed(templates, columns);
    return new PromptTemplates(
        place,
        set.has("why") ? text("why", set.get("why")) : "",
        templates,
        slots,
        columns,
        set.has("mode")
            ? PromptMode.fromName(text("mode", set.get("mode")), place + ": mode")
            : PromptMode.GRID,
        set.has("count")
            ? OptionalLong.of(whole("count", set.get("count"), PromptRows.MOST))
            : OptionalLong.empty(),
        seeds(set.get("seeds")));
  }

  /** Texts of equal weight of a slot. */
  List<SlotText> slot(String name, List<String> texts) {
    return slot(name, MAPPER.valueToTree(texts));
  }

  /** Columns with values that are given as texts. */
  Map<String, List<ColumnValue>> columns(Map<String, List<String>> values) {
    return columns("columns", MAPPER.valueToTree(values));
  }

  private JsonNode parsed(String json) {
    try {
      JsonNode set = MAPPER.readTree(json);
      if (!set.isObject()) {
        throw invalid("a JSON object with the key templates is needed");
      }
      return set;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          place
              + ": no JSON"
              + (at == null ? "" : ", line " + at.getLineNr() + ", column " + at.getColumnNr())
              + ": "
              + e.getOriginalMessage(),
          e);
    }
  }

  private List<PromptTemplate> templates(JsonNode given) {
    if (given == null) {
      throw invalid("the key templates is missing");
    }
    List<PromptTemplate> templates = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<Object> contents = new HashSet<>();
    int number = 1;
    for (JsonNode one : list("templates", given)) {
      PromptTemplate template = template("templates, number " + number++, one);
      if (!template.name().equals(UNNAMED) && !names.add(template.name())) {
        throw invalid("template '" + template.name() + "': the name is there twice");
      }
      if (!contents.add(List.of(template.text(), template.columns()))) {
        throw invalid(
            "template '" + RowReader.shortened(template.text().source()) + "': is there twice");
      }
      templates.add(template);
    }
    return templates;
  }

  private PromptTemplate template(String where, JsonNode given) {
    if (!given.isObject()) {
      return new PromptTemplate(UNNAMED, templateText(where, given), 1, Map.of());
    }
    requireKeys(where + ": ", given, List.of("name", "text", "weight", "columns"));
    String name = given.has("name") ? text(where + ": name", given.get("name")) : UNNAMED;
    if (!NAME.matcher(name).matches()) {
      throw invalid(
          where
              + ": name: '"
              + RowReader.shortened(name)
              + "'; up to 64 letters, digits, '_', '-' and '.' are needed");
    }
    return new PromptTemplate(
        name,
        templateText(where, given.path("text")),
        weight(where, given),
        columns(where + ": columns", given.get("columns")));
  }

  private List<SlotText> slot(String name, JsonNode given) {
    String where = "slot '" + name + "'";
    List<SlotText> texts = new ArrayList<>();
    Set<String> known = new HashSet<>();
    for (JsonNode one : list(where, given)) {
      if (one.isObject()) {
        requireKeys(where + ": ", one, List.of("text", "weight"));
      }
      TemplateText text = templateText(where, one.isObject() ? one.path("text") : one);
      if (!known.add(text.source())) {
        throw invalid(where + ": '" + RowReader.shortened(text.source()) + "' is there twice");
      }
      texts.add(new SlotText(text, weight(where, one)));
    }
    return texts;
  }

  private double weight(String where, JsonNode given) {
    JsonNode weight = given.get("weight");
    if (weight == null) {
      return 1;
    }
    double value = weight.doubleValue();
    if (!weight.isNumber() || !(value > 0) || Double.isInfinite(value)) {
      throw invalid(where + ": weight: " + weight + "; a number above 0 is needed");
    }
    return value;
  }

  private Map<String, List<ColumnValue>> columns(String where, JsonNode given) {
    Map<String, List<ColumnValue>> columns = new LinkedHashMap<>();
    object(where, given)
        .forEach(
            (name, values) -> {
              List<ColumnValue> several = new ArrayList<>();
              for (JsonNode value : values.isArray() ? list(name, values) : List.of(values)) {
                ColumnValue read = located(where, () -> PromptColumns.value(name, value));
                if (several.contains(read)) {
                  throw invalid(where + ": " + name + ": " + value + " is there twice");
                }
                several.add(read);
              }
              Set<String> taken = PromptColumns.filled(columns.values());
              for (String column : PromptColumns.filled(List.of(several))) {
                if (taken.contains(column)) {
                  throw invalid(
                      where + ": " + column + ": is there twice; sizes has width and height");
                }
              }
              columns.put(name, several);
            });
    return columns;
  }

  private PromptSeeds seeds(JsonNode given) {
    if (given == null) {
      return PromptSeeds.NONE;
    }
    if (!given.isArray()) {
      return new PromptSeeds(List.of(), whole("seeds", given, MOST_SEEDS));
    }
    List<Long> seeds = new ArrayList<>();
    for (JsonNode seed : list("seeds", given)) {
      if (!seed.isIntegralNumber() || !seed.canConvertToLong()) {
        throw invalid("seeds: " + seed + "; a whole number of 64 bits is needed");
      }
      if (seeds.contains(seed.longValue())) {
        throw invalid("seeds: " + seed + " is there twice");
      }
      seeds.add(seed.longValue());
    }
    return new PromptSeeds(seeds, 0);
  }

  private long whole(String where, JsonNode given, long most) {
    if (!given.isIntegralNumber()
        || !given.canConvertToLong()
        || given.longValue() < 1
        || given.longValue() > most) {
      throw invalid(where + ": " + given + "; a whole number from 1 to " + most + " is needed");
    }
    return given.longValue();
  }

  private TemplateText templateText(String where, JsonNode given) {
    return located(where, () -> TemplateText.parse(text(where, given)));
  }

  private String slotName(String name) {
    return located("slots", () -> TemplateText.slotName(name));
  }

  private String text(String where, JsonNode given) {
    if (!given.isTextual()) {
      throw invalid(
          where
              + ": "
              + (given.isMissingNode() ? "the key text is missing" : given + "; a text is needed"));
    }
    return given.textValue();
  }

  private Iterable<JsonNode> list(String where, JsonNode given) {
    if (!given.isArray() || given.isEmpty()) {
      throw invalid(where + ": " + given + "; a list with at least one element is needed");
    }
    return given;
  }

  private Map<String, JsonNode> object(String where, JsonNode given) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    if (given != null && !given.isObject()) {
      throw invalid(where + ": " + given + "; a JSON object is needed");
    }
    if (given != null) {
      given.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
    }
    return fields;
  }

  private void requireKeys(String where, JsonNode given, Collection<String> known) {
    for (Map.Entry<String, JsonNode> field : given.properties()) {
      if (!known.contains(field.getKey())) {
        throw invalid(
            where + "no key '" + field.getKey() + "'; there are " + String.join(", ", known));
      }
    }
  }

  /** What a value itself finds wrong, with its place. */
  private <T> T located(String where, Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, place + ": " + where + ": " + e.getMessage(), e);
    }
  }

  private FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, place + ": " + problem);
  }
}
