package io.fluxspark.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
import io.fluxspark.weights.StoredType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes transformers of random weights, stored in bfloat16 as the published ones are, or in
 * float8.
 */
final class RandomTransformer {
  private RandomTransformer() {}

  /**
   * Writes {@code diffusion_pytorch_model.safetensors} into a folder.
   *
   * @param stored BF16 or F8_E4M3
   */
  static void write(Path folder, TransformerConfig config, StoredType stored) throws IOException {
    List<WeightSpec> specs = Transformer.plan(config).all();
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (WeightSpec spec : specs) {
      long end = offset + spec.elements() * stored.bytes();
      header.put(
          spec.name(),
          Map.of(
              "dtype", stored.name(), "shape", spec.shape(), "data_offsets", List.of(offset, end)));
      offset = end;
    }
    String json = new ObjectMapper().writeValueAsString(header);
    String padded = json + " ".repeat((8 - json.length() % 8) % 8);
    try (OutputStream out =
        new BufferedOutputStream(
            Files.newOutputStream(folder.resolve("diffusion_pytorch_model.safetensors")),
            1 << 20)) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length()).array());
      out.write(padded.getBytes(StandardCharsets.US_ASCII));
      SplittableRandom random = new SplittableRandom(1);
      for (WeightSpec spec : specs) {
        writeWeight(out, spec, stored, random);
      }
    }
  }

  /** Uniform numbers of the variance 1 / inputs, so that values keep their size through layers. */
  private static void writeWeight(
      OutputStream out, WeightSpec spec, StoredType stored, SplittableRandom random)
      throws IOException {
    double inputs = spec.shape().get(spec.shape().size() - 1);
    double reach = Math.sqrt(3 / inputs);
    for (long i = 0; i < spec.elements(); i++) {
      float number = (float) random.nextDouble(-reach, reach);
      if (stored == StoredType.F8_E4M3) {
        out.write(float8(number));
      } else {
        int bits = Float.floatToIntBits(number);
        out.write(bits >>> 16);
        out.write(bits >>> 24);
      }
    }
  }

  /** The next smaller number of sign, 4 bits of exponent and 3 of mantissa; for numbers below 1. */
  private static int float8(float number) {
    int sign = number < 0 ? 1 << 7 : 0;
    int exponent = Math.getExponent(number) + 7;
    return exponent > 0
        ? sign | exponent << 3 | Float.floatToIntBits(number) >>> 20 & 7
        : sign | (int) Math.scalb(Math.abs(number), 9);
  }
}
