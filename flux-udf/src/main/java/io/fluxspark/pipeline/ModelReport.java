package io.fluxspark.pipeline;

import io.fluxspark.program.DataType;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.text.ClipConfig;
import io.fluxspark.text.T5Config;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.vae.VaeConfig;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a pipeline folder is, for people.
 *
 * @param parts in the order in which a picture passes them
 * @param differences from FLUX.1-dev's configuration, a line each
 */
public record ModelReport(ModelFolder folder, List<Part> parts, List<String> differences) {
  private static final TransformerConfig DEV_TRANSFORMER =
      new TransformerConfig(1, 64, 64, 19, 38, 128, 24, 4096, 768, true, List.of(16, 56, 56));
  private static final ClipConfig DEV_TEXT_ENCODER =
      new ClipConfig(49408, 768, 3072, 12, 12, 77, "quick_gelu", 1e-5, 2);
  private static final T5Config DEV_TEXT_ENCODER_2 =
      new T5Config(32128, 4096, 64, 10240, 24, 64, 32, 128, 1e-6, "gated-gelu");
  private static final VaeConfig DEV_VAE =
      new VaeConfig(
          3, 3, 16, List.of(128, 256, 512, 512), 2, 32, 0.3611, 0.1159, false, false, true);

  private static final double GIB = 1L << 30;
  private static final double MIB = 1L << 20;

  public ModelReport {
    parts = List.copyOf(parts);
    differences = List.copyOf(differences);
  }

  /**
   * A part of the model.
   *
   * @param name of its sub folder
   * @param layers as a person says it
   * @param parameters numbers in the weights that are used
   * @param float8Parameters those of them that stay in float8 when the part is loaded
   * @param stored the types in the files
   */
  public record Part(
      String name, String layers, long parameters, long float8Parameters, String stored) {
    /** Bytes of the weights when they compute in that type. */
    public long bytes(DataType type) {
      return (parameters - float8Parameters) * type.bytes()
          + float8Parameters * DataType.FLOAT8_E4M3FN.bytes();
    }
  }

  /**
   * Looks through a folder; reads no weight.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} where weights do not fit
   *     the configuration
   */
  public static ModelReport of(ModelFolder folder) {
    List<Part> parts = new ArrayList<>();
    ModelParts.of(folder)
        .forEach(
            (name, part) -> {
              part.plan().verify(part.checkpoint());
              String stored =
                  part.checkpoint().types().stream()
                      .map(Enum::name)
                      .collect(Collectors.joining("+"));
              parts.add(
                  new Part(
                      name,
                      part.layers(),
                      part.plan().parameters(),
                      part.float8Parameters(),
                      stored));
            });
    List<String> differences = new ArrayList<>();
    differ(differences, "text_encoder", folder.textEncoderConfig(), DEV_TEXT_ENCODER);
    differ(differences, "text_encoder_2", folder.textEncoder2Config(), DEV_TEXT_ENCODER_2);
    differ(differences, "transformer", folder.transformerConfig(), DEV_TRANSFORMER);
    differ(differences, "vae", folder.vaeConfig(), DEV_VAE);
    differ(differences, "scheduler", folder.scheduleConfig(), ScheduleConfig.dev());
    return new ModelReport(folder, parts, differences);
  }

  private static void differ(List<String> differences, String part, Record actual, Record dev) {
    for (RecordComponent component : dev.getClass().getRecordComponents()) {
      Object here = value(component, actual);
      Object there = value(component, dev);
      if (!Objects.equals(here, there)) {
        differences.add(part + " " + key(component) + ": " + here + ", FLUX.1-dev has " + there);
      }
    }
  }

  private static Object value(RecordComponent component, Record record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name that the configuration files have for a component. */
  private static String key(RecordComponent component) {
    return component.getName().replaceAll("([A-Z]|[0-9]+)", "_$1").toLowerCase(Locale.ROOT);
  }

  /** The whole report as lines of text. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s (%s), license %s%n".formatted(folder.variant(), folder.className(), folder.license()));
    text.append("digest %s%n%n".formatted(folder.digest()));
    text.append(row("part", "layers", "parameters", "stored", "float32", "bfloat16, float16"));
    for (Part part : parts) {
      text.append(
          row(
              part.name(),
              part.layers(),
              "%,d".formatted(part.parameters()),
              part.stored(),
              size(part.bytes(DataType.FLOAT32)),
              size(part.bytes(DataType.BFLOAT16))));
    }
    long parameters = parts.stream().mapToLong(Part::parameters).sum();
    text.append(
        row(
            "all",
            "",
            "%,d".formatted(parameters),
            "",
            size(bytes(DataType.FLOAT32)),
            size(bytes(DataType.BFLOAT16))));
    text.append(
        "%nThe last two columns are the memory that the weights need by --dtype.%n".formatted());
    if (differences.isEmpty()) {
      text.append("The configuration is FLUX.1-dev's.%n".formatted());
    } else {
      text.append("%nWhat differs from FLUX.1-dev:%n".formatted());
      differences.forEach(difference -> text.append("  %s%n".formatted(difference)));
    }
    return text.toString();
  }

  private long bytes(DataType type) {
    return parts.stream().mapToLong(part -> part.bytes(type)).sum();
  }

  private static String row(Object... cells) {
    return "%-15s %-22s %16s  %-9s %10s  %17s%n".formatted(cells);
  }

  private static String size(long bytes) {
    return bytes < GIB ? "%.1f MiB".formatted(bytes / MIB) : "%.1f GiB".formatted(bytes / GIB);
  }
}
