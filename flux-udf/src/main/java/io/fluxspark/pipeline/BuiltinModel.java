package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.Parameters;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.LoraTerms;
import io.fluxspark.weights.StoredType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * The models that this library carries. All but the first are LoRAs over it, which are worked into
 * its weights when they are unpacked.
 */
enum BuiltinModel {
  /** Text to image in some twenty steps, with a guidance embedding, as FLUX.1-dev. */
  TINY {
    @Override
    Path unpack() {
      return folder();
    }
  },
  /** Text to image in four steps, without guidance, as FLUX.1-schnell. */
  TINY_SCHNELL {
    @Override
    Path unpack() {
      return fused((base, lora) -> FusedLora.weights(base, lora, TAUGHT_GUIDANCE));
    }
  },
  /** Edits pictures, as FLUX.1-Kontext-dev. */
  TINY_KONTEXT {
    @Override
    Path unpack() {
      return fused(FusedLora::weights);
    }
  };

  /** The guidance scale of the pictures that {@link #TINY_SCHNELL} learnt to draw. */
  private static final double TAUGHT_GUIDANCE = 3;

  private static final String LORA = "pytorch_lora_weights.safetensors";

  /** Makes a transformer's weights. */
  @FunctionalInterface
  interface Fusion {
    Parameters weights(ModelFolder base, LoraTerms.Scaled lora);
  }

  /**
   * The model of a name.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when there is none
   */
  static BuiltinModel of(String name) {
    return Arrays.stream(values())
        .filter(model -> model.publicName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new FluxSparkException(
                    ErrorCode.INVALID_MODEL,
                    "model builtin:"
                        + name
                        + ": there are the built-in models "
                        + Arrays.stream(values()).map(BuiltinModel::publicName).toList()));
  }

  private String publicName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The model as a pipeline folder on disk, which is gone with the process. */
  abstract Path unpack();

  final Path folder() {
    return ResourceFolder.unpack("/io/fluxspark/models/" + publicName() + "/model_index.json");
  }

  final Path fused(Fusion fusion) {
    ModelFolder base = ModelFolder.open(TINY.folder());
    Path own = folder();
    LoraTerms.Scaled lora = new LoraTerms.Scaled(LoraFile.open(own.resolve(LORA)), 1);
    return ResourceFolder.temporary(
        target -> {
          ModelWriter.copy(base.path(), target, Set.of("transformer"));
          ModelWriter.copy(own, target, Set.of());
          Files.delete(target.resolve(LORA));
          try (Parameters weights = fusion.weights(base, lora)) {
            ModelWriter.writeWeights(target, "transformer", weights.tensors(), StoredType.BF16);
          }
        });
  }
}
