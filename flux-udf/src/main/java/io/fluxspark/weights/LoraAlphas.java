package io.fluxspark.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The alphas of a LoRA file. They stand in scalars beside the matrices, or, where diffusers stored
 * PEFT's configuration, in the header's {@code lora_adapter_metadata}. Where they stand nowhere,
 * alpha is the rank.
 *
 * <p>kohya's {@code ss_network_alpha} in the header is what the training was asked for. It does not
 * count, for kohya's own scripts either: tools that work alpha into the matrices leave it there.
 */
final class LoraAlphas {
  private static final String METADATA = "lora_adapter_metadata";

  private final Path file;
  private final FileChannel channel;
  private final JsonNode configuration;

  LoraAlphas(SafetensorsHeader header, FileChannel channel) {
    this.file = header.file();
    this.channel = channel;
    this.configuration = configuration(header);
  }

  private static JsonNode configuration(SafetensorsHeader header) {
    String json = header.metadata().get(METADATA);
    if (json == null || json.isBlank() || json.equals("null")) {
      return MissingNode.getInstance();
    }
    try {
      return JsonFiles.parseObject(
          json.getBytes(StandardCharsets.UTF_8), header.file() + ": " + METADATA);
    } catch (FluxSparkException e) {
      throw new FluxSparkException(ErrorCode.INVALID_LORA, e.getMessage(), e);
    }
  }

  /**
   * @param scalar null where the file has none for the layer
   */
  double of(LoraTarget target, TensorEntry scalar, long rank) throws IOException {
    if (scalar != null) {
      return value(scalar);
    }
    if (configured(target, "use_dora").asBoolean()) {
      throw invalid("'use_dora' makes it a DoRA; only LoRA is read");
    }
    JsonNode alpha = pattern(target, "alpha_pattern", configured(target, "lora_alpha"));
    if (alpha.isMissingNode() || alpha.isNull()) {
      return (double) rank;
    }
    if (!alpha.isNumber() || !Double.isFinite(alpha.doubleValue())) {
      throw invalid("alpha is " + JsonFiles.kindOf(alpha) + "; a number is wanted");
    }
    // rank-stabilised LoRA divides by the root of the rank instead
    return configured(target, "use_rslora").asBoolean()
        ? alpha.doubleValue() * Math.sqrt((double) rank)
        : alpha.doubleValue();
  }

  /**
   * Pipelines write the part in front of their keys; a transformer that is stored alone does not.
   */
  private JsonNode configured(LoraTarget target, String key) {
    JsonNode ofPart = configuration.path(target.part() + "." + key);
    return ofPart.isMissingNode() ? configuration.path(key) : ofPart;
  }

  /** PEFT's rule: a pattern fits the name's end, from a dot on. */
  private JsonNode pattern(LoraTarget target, String key, JsonNode otherwise) {
    for (Map.Entry<String, JsonNode> field : configured(target, key).properties()) {
      try {
        if (Pattern.compile("(.*\\.)?(" + field.getKey() + ")")
            .matcher(target.module())
            .matches()) {
          return field.getValue();
        }
      } catch (PatternSyntaxException e) {
        throw invalid(key + " " + JsonFiles.quoted(field.getKey()) + " is no pattern");
      }
    }
    return otherwise;
  }

  private double value(TensorEntry scalar) throws IOException {
    if (scalar.elements() != 1) {
      throw LoraFile.invalid(
          file,
          "tensor "
              + JsonFiles.quoted(scalar.name())
              + " has shape "
              + scalar.shape()
              + "; one number is wanted");
    }
    ByteBuffer bytes =
        SafetensorsHeader.readFully(channel, (int) scalar.length(), scalar.offset())
            .order(ByteOrder.LITTLE_ENDIAN);
    double value =
        switch (scalar.type()) {
          case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
          case F16 -> half(bytes.getShort());
          case F32 -> bytes.getFloat();
          case I64 -> (double) bytes.getLong();
          default -> Double.NaN;
        };
    if (!Double.isFinite(value)) {
      throw LoraFile.invalid(
          file,
          "tensor "
              + JsonFiles.quoted(scalar.name())
              + ", stored as "
              + scalar.type()
              + ", is no finite number");
    }
    return value;
  }

  /** IEEE 754's binary16: a sign, 5 bits of exponent, 10 of fraction. */
  private static double half(short bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double size =
        switch (exponent) {
          case 0 -> Math.scalb((double) fraction, -24);
          case 31 -> Double.NaN;
          default -> Math.scalb(1024.0 + fraction, exponent - 25);
        };
    return bits < 0 ? -size : size;
  }

  private FluxSparkException invalid(String problem) {
    return LoraFile.invalid(file, METADATA + ": " + problem);
  }
}
