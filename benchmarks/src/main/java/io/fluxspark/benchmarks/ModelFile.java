package io.fluxspark.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A {@link ClusterModel} as JSON, in which each number is beside where it comes from. */
final class ModelFile {
  private static final Pattern ORIGIN = Pattern.compile("(measured|assumed|published)\\b.*");
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private final ObjectNode groups;

  private ModelFile(ObjectNode groups) {
    this.groups = groups;
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException what is wrong with it
   */
  static ModelFile read(Path path) throws IOException {
    return of(JSON.readTree(path.toFile()));
  }

  /**
   * Takes JSON.
   *
   * @throws IllegalArgumentException what is wrong with it
   */
  static ModelFile of(String json) throws JsonProcessingException {
    return of(JSON.readTree(json));
  }

  private static ModelFile of(JsonNode json) {
    if (!(json instanceof ObjectNode groups)) {
      throw new IllegalArgumentException("an object of groups of numbers is needed");
    }
    ModelFile file = new ModelFile(groups);
    for (String name : file.names()) {
      JsonNode number = file.at(name);
      if (!number.path("value").isNumber()
          || !ORIGIN.matcher(number.path("from").asText()).matches()
          || number.size() != 2) {
        throw new IllegalArgumentException(
            name
                + ": a number 'value' is needed, and 'from' that begins with measured, assumed or"
                + " published");
      }
    }
    file.model();
    return file;
  }

  /** The numbers' names, {@code GROUP.NAME}. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> group : groups.properties()) {
      for (Map.Entry<String, JsonNode> number : group.getValue().properties()) {
        names.add(group.getKey() + "." + number.getKey());
      }
    }
    return names;
  }

  double value(String name) {
    return at(name).get("value").asDouble();
  }

  /** Where a number comes from. */
  String origin(String name) {
    return at(name).get("from").asText();
  }

  private JsonNode at(String name) {
    return groups.at("/" + name.replace('.', '/'));
  }

  /** The same with another number. */
  ModelFile with(String name, double value) {
    ObjectNode copy = groups.deepCopy();
    ((ObjectNode) copy.at("/" + name.replace('.', '/'))).put("value", value);
    return new ModelFile(copy);
  }

  /**
   * The numbers alone.
   *
   * @throws IllegalArgumentException where one is missing, unknown or out of its range
   */
  ClusterModel model() {
    ObjectNode values = JSON.createObjectNode();
    for (String name : names()) {
      int dot = name.indexOf('.');
      values.withObject("/" + name.substring(0, dot)).put(name.substring(dot + 1), value(name));
    }
    try {
      return JSON.treeToValue(values, ClusterModel.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }
}
