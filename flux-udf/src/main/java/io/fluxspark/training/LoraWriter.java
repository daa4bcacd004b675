package io.fluxspark.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.Parameters;
import io.fluxspark.weights.SafetensorsFile;
import io.fluxspark.weights.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Writes LoRAs as diffusers' trainers do, which diffusers and this project load. */
final class LoraWriter {
  /** The name that diffusers looks for in a folder. */
  static final String FILE = "pytorch_lora_weights.safetensors";

  private static final JsonMapper JSON = new JsonMapper();
  private static final String PART = "transformer.";

  private LoraWriter() {}

  /**
   * Writes the LoRA of a transformer.
   *
   * @param folder made where it is not there
   */
  static void write(Path folder, Parameters lowRank, LowRankSettings settings, StoredType type) {
    Map<String, NativeTensor> tensors = new TreeMap<>();
    lowRank.tensors().forEach((name, tensor) -> tensors.put(PART + name + ".weight", tensor));
    try {
      Files.createDirectories(folder);
      SafetensorsFile.write(
          folder.resolve(FILE),
          tensors,
          type,
          Map.of("format", "pt", "lora_adapter_metadata", configuration(lowRank, settings)));
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT, folder + ": the LoRA cannot be written: " + e, e);
    }
  }

  /** PEFT's configuration, from which readers take alpha. */
  private static String configuration(Parameters lowRank, LowRankSettings settings)
      throws JsonProcessingException {
    Map<String, Object> configuration = new TreeMap<>();
    configuration.put(PART + "r", settings.rank());
    configuration.put(PART + "lora_alpha", settings.alpha());
    configuration.put(
        PART + "target_modules",
        lowRank.names().stream()
            .filter(name -> name.endsWith(Method.LORA_A))
            .map(name -> name.substring(0, name.length() - Method.LORA_A.length()))
            .toList());
    return JSON.writeValueAsString(configuration);
  }
}
