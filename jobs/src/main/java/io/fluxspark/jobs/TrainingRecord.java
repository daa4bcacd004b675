package io.fluxspark.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a folder's training was asked for, in its {@code training.json}, so that nobody goes on with
 * something else.
 */
final class TrainingRecord {
  private static final String FILE = "training.json";
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  private TrainingRecord() {}

  /**
   * Writes the record of a new training, or checks that a known one is the same.
   *
   * @param modelDigest identity of the model that is trained
   * @throws FluxSparkException {@code INVALID_OUTPUT} where the folder has another training, or
   *     something else
   */
  static void keep(Path folder, TrainRequest request, String modelDigest) {
    JsonNode asked = record(request, modelDigest);
    Path file = folder.resolve(FILE);
    try {
      if (Files.exists(file)) {
        difference("", JSON.readTree(file.toFile()), asked)
            .ifPresent(
                difference -> {
                  throw invalid(
                      folder,
                      "has a training of other options: "
                          + difference
                          + "; the same options go on with it, others need another folder");
                });
        return;
      }
      Files.createDirectories(folder);
      JSON.writeValue(file.toFile(), asked);
    } catch (IOException e) {
      throw invalid(folder, "cannot be used: " + e.getMessage());
    }
  }

  /** Everything that decides what comes out. */
  private static JsonNode record(TrainRequest request, String modelDigest) {
    ObjectNode record = JSON.createObjectNode();
    record.put("data", request.data());
    record.put("model", modelDigest);
    record.put("objective", request.plan().goal().getClass().getSimpleName());
    record.setAll((ObjectNode) JSON.valueToTree(request.plan()));
    ObjectNode settings = (ObjectNode) record.get("settings");
    settings.remove("logEvery");
    settings.remove("checkpointSeconds");
    // As it comes back from a file.
    return JSON.convertValue(record, JsonNode.class);
  }

  private static Optional<String> difference(String path, JsonNode there, JsonNode asked) {
    if (there.isObject() && asked.isObject()) {
      for (Map.Entry<String, JsonNode> field : asked.properties()) {
        JsonNode other = there.path(field.getKey());
        Optional<String> found =
            difference(
                path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                other,
                field.getValue());
        if (found.isPresent()) {
          return found;
        }
      }
      return Optional.empty();
    }
    return there.toString().equals(asked.toString())
        ? Optional.empty()
        : Optional.of(path + " is " + there + " there, asked for is " + asked);
  }

  private static FluxSparkException invalid(Path folder, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_OUTPUT, "--output " + folder + ": " + problem);
  }
}
