package io.fluxspark.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.WeightPlan;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Writes the transformer's programs as a GPU runs them for {@code benchmarks/gpu/step.py}, which
 * does that where there is no JVM: {@code NAME.pt} is the archive for torch.jit.load, {@code
 * NAME.json} says what it has to be given.
 */
public final class StepPrograms {
  /**
   * A size of transformer and picture.
   *
   * @param rows of image tokens
   * @param columns of image tokens
   */
  record Size(String name, TransformerConfig config, int rows, int columns, int textTokens) {
    /** FLUX.1-dev's, at 1024 x 1024. */
    static final Size DEV =
        new Size(
            "dev",
            new TransformerConfig(1, 64, 64, 19, 38, 128, 24, 4096, 768, true, List.of(16, 56, 56)),
            64,
            64,
            512);

    /** For trying things out on a CPU. */
    static final Size SMALL =
        new Size(
            "small",
            new TransformerConfig(1, 64, 64, 2, 3, 128, 2, 256, 64, true, List.of(16, 56, 56)),
            8,
            12,
            32);
  }

  /** How weights are given and multiplied. */
  record Kind(String name, DataType type, WeightStorage storage) {
    static final List<Kind> ALL =
        List.of(
            new Kind("float32", DataType.FLOAT32, WeightStorage.AS_COMPUTED),
            new Kind("bfloat16", DataType.BFLOAT16, WeightStorage.AS_COMPUTED),
            new Kind("float8", DataType.BFLOAT16, WeightStorage.FLOAT8),
            new Kind("float8-products", DataType.BFLOAT16, WeightStorage.FLOAT8_PRODUCTS));
  }

  private StepPrograms() {}

  /**
   * Writes the programs of every size and kind.
   *
   * @param arguments the folder, made where it is not there
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    for (Size size : List.of(Size.DEV, Size.SMALL)) {
      for (Kind kind : Kind.ALL) {
        write(folder, size, kind);
      }
    }
    System.out.println("programs: " + folder.toAbsolutePath());
  }

  /** Writes {@code SIZE-KIND.pt} and {@code SIZE-KIND.json}. */
  static void write(Path folder, Size size, Kind kind) throws IOException {
    Files.createDirectories(folder);
    String name = size.name() + "-" + kind.name();
    Program program = Transformer.program(size.config(), kind.type(), kind.storage());
    try (OutputStream out = Files.newOutputStream(folder.resolve(name + ".pt"))) {
      program.write(out, Device.cuda(0));
    }
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(folder.resolve(name + ".json").toFile(), description(size, kind, program));
  }

  private static Map<String, Object> description(Size size, Kind kind, Program program) {
    TransformerConfig config = size.config();
    WeightPlan plan = Transformer.plan(config);
    int imageTokens = size.rows() * size.columns();
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("size", size.name());
    description.put("kind", kind.name());
    description.put("dtype", name(kind.type()));
    description.put("num_attention_heads", config.numAttentionHeads());
    description.put("attention_head_dim", config.attentionHeadDim());
    description.put("axes_dims_rope", config.axesDimsRope());
    description.put("guidance_embeds", config.guidanceEmbeds());
    description.put("rows", size.rows());
    description.put("columns", size.columns());
    description.put("text_tokens", size.textTokens());
    description.put("flops", config.flops(imageTokens + size.textTokens()));
    description.put("parameters", plan.parameters());
    description.put(
        "t5_hidden", tensor(DataType.FLOAT32, 1, size.textTokens(), config.jointAttentionDim()));
    description.put("velocity", velocity(size, kind, imageTokens));
    description.put("modulate", modulate(config));
    description.put("step", step(size, kind, imageTokens));
    description.put("own", weights(plan.own(), kind, name -> false));
    List<Map<String, Object>> stacks = new ArrayList<>();
    for (WeightPlan.Layers layers : plan.layers()) {
      stacks.add(
          ordered(
              "prefix", layers.prefix(),
              "count", layers.count(),
              "weights", weights(layers.specs(), kind, program::isProduct)));
    }
    description.put("stacks", stacks);
    return description;
  }

  /** What the method {@code velocity} takes, in its order. */
  private static List<Map<String, Object>> velocity(Size size, Kind kind, int imageTokens) {
    TransformerConfig config = size.config();
    int tokens = size.textTokens() + imageTokens;
    int pairs = config.attentionHeadDim() / 2;
    return List.of(
        ordered("name", "w", "weights", "own"),
        input("latents", tensor(DataType.FLOAT32, 1, imageTokens, config.inChannels())),
        input("txt", tensor(kind.type(), 1, size.textTokens(), config.innerDim())),
        input("pooled", tensor(DataType.FLOAT32, 1, config.pooledProjectionDim())),
        input("timestep", tensor(DataType.FLOAT32, 1)),
        input("guidance", tensor(DataType.FLOAT32, 1)),
        input("pe", tensor(DataType.FLOAT32, tokens, pairs, 2)),
        ordered("name", "double_blocks", "weights", "transformer_blocks."),
        ordered("name", "single_blocks", "weights", "single_transformer_blocks."));
  }

  /** What the method {@code modulate} takes, in its order, for one step. */
  private static List<Map<String, Object>> modulate(TransformerConfig config) {
    return List.of(
        ordered("name", "w", "weights", "own"),
        input("pooled", tensor(DataType.FLOAT32, 1, config.pooledProjectionDim())),
        input("timesteps", tensor(DataType.FLOAT32, 1, 1)),
        input("guidance", tensor(DataType.FLOAT32, 1)),
        ordered("name", "double_blocks", "weights", "transformer_blocks."),
        ordered("name", "single_blocks", "weights", "single_transformer_blocks."));
  }

  /** What the method {@code step} takes, in its order; of {@code modulate} what it gives. */
  private static List<Map<String, Object>> step(Size size, Kind kind, int imageTokens) {
    TransformerConfig config = size.config();
    int tokens = size.textTokens() + imageTokens;
    int pairs = config.attentionHeadDim() / 2;
    return List.of(
        ordered("name", "w", "weights", "own"),
        ordered("name", "step", "value", 0),
        input("latents", tensor(DataType.FLOAT32, 1, imageTokens, config.inChannels())),
        input("txt", tensor(kind.type(), 1, size.textTokens(), config.innerDim())),
        ordered("name", "double_mod", "modulation", 0),
        ordered("name", "single_mod", "modulation", 1),
        ordered("name", "end_mod", "modulation", 2),
        input("pe", tensor(DataType.FLOAT32, tokens, pairs, 2)),
        ordered("name", "double_blocks", "weights", "transformer_blocks."),
        ordered("name", "single_blocks", "weights", "single_transformer_blocks."));
  }

  private static Map<String, Object> input(String name, Map<String, Object> tensor) {
    Map<String, Object> input = ordered("name", name);
    input.putAll(tensor);
    return input;
  }

  /** Weights as the program is given them: matrices in float8 have their scales beside them. */
  private static List<Map<String, Object>> weights(
      List<WeightSpec> specs, Kind kind, Predicate<String> isProduct) {
    List<Map<String, Object>> weights = new ArrayList<>();
    for (WeightSpec spec : specs) {
      boolean isFloat8 = kind.storage() != WeightStorage.AS_COMPUTED && spec.shape().size() == 2;
      DataType type = isFloat8 ? DataType.FLOAT8_E4M3FN : kind.type();
      weights.add(ordered("name", spec.name(), "dtype", name(type), "shape", spec.shape()));
      if (isFloat8) {
        weights.add(
            ordered(
                "name",
                spec.name() + Method.SCALE,
                "dtype",
                name(DataType.FLOAT32),
                "shape",
                isProduct.test(spec.name()) ? List.of(1L, spec.shape().get(0)) : List.of()));
      }
    }
    return weights;
  }

  private static Map<String, Object> tensor(DataType type, long... shape) {
    return ordered("dtype", name(type), "shape", shape);
  }

  private static String name(DataType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, Object> ordered(Object... entries) {
    Map<String, Object> ordered = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      ordered.put((String) entries[i], entries[i + 1]);
    }
    return ordered;
  }
}
