package io.fluxspark.pipeline;

import io.fluxspark.program.WeightStorage;
import io.fluxspark.text.ClipTextEncoder;
import io.fluxspark.text.ClipTokenizer;
import io.fluxspark.text.T5Encoder;
import io.fluxspark.text.T5Tokenizer;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.vae.Vae;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.WeightPlan;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What the parts of a folder need, known without reading a weight. */
final class ModelParts {
  private ModelParts() {}

  /**
   * A part's files and what its programs read of them.
   *
   * @param layers as a person says it, such as {@code 19 double + 38 single}
   * @param storage how its programs take the matrices of linear layers
   */
  record Part(String layers, Checkpoint checkpoint, WeightPlan plan, WeightStorage storage) {
    Part(String layers, Checkpoint checkpoint, WeightPlan plan) {
      this(layers, checkpoint, plan, WeightStorage.AS_COMPUTED);
    }

    /** The same with other weights of its plan. */
    Part with(WeightPlan other) {
      return new Part(layers, checkpoint, other, storage);
    }

    /** The same for programs that take no float8. */
    Part withoutFloat8() {
      return new Part(layers, checkpoint, plan);
    }

    /** Numbers in weights that stay in float8 when the part is loaded. */
    long float8Parameters() {
      return storage == WeightStorage.FLOAT8 ? plan.float8Parameters(checkpoint) : 0;
    }
  }

  /** The parts with weights, by the names of their sub folders. */
  static Map<String, Part> of(ModelFolder folder) {
    Map<String, Part> parts = new LinkedHashMap<>();
    parts.put(
        "text_encoder",
        new Part(
            Integer.toString(folder.textEncoderConfig().numHiddenLayers()),
            folder.textEncoder(),
            ClipTextEncoder.plan(folder.textEncoderConfig(), folder.textEncoder())));
    parts.put(
        "text_encoder_2",
        new Part(
            Integer.toString(folder.textEncoder2Config().numLayers()),
            folder.textEncoder2(),
            T5Encoder.plan(folder.textEncoder2Config())));
    parts.put(
        "transformer",
        new Part(
            folder.transformerConfig().numLayers()
                + " double + "
                + folder.transformerConfig().numSingleLayers()
                + " single",
            folder.transformer(),
            Transformer.plan(folder.transformerConfig()),
            folder.transformer().storage()));
    parts.put(
        "vae",
        new Part(
            folder.vaeConfig().blockOutChannels().size() + " levels",
            folder.vae(),
            Vae.plan(folder.vaeConfig())));
    return parts;
  }

  /** The weights of the parts that a LoRA can adapt, by the names that {@code LoraModule} has. */
  static Map<String, WeightPlan> adaptable(ModelFolder folder) {
    Map<String, WeightPlan> plans = new TreeMap<>();
    of(folder).forEach((name, part) -> plans.put(name, part.plan()));
    plans.remove("vae");
    return plans;
  }

  /** See {@link FluxPipeline#verify}. */
  static void verify(ModelFolder folder) {
    of(folder).values().forEach(part -> part.plan().verify(part.checkpoint()));
    ClipTokenizer.open(folder.tokenizer()).close();
    T5Tokenizer.open(folder.tokenizer2()).close();
  }
}
