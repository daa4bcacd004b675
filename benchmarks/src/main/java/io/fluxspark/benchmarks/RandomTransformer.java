package io.fluxspark.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fluxspark.program.WeightSpec;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.transformer.TransformerConfig;
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

/** Writes transformers of random weights, stored in bfloat16 as the published ones are. */
final class RandomTransformer {
  private static final int BFLOAT16_BYTES = 2;

  private RandomTransformer() {}

  /** Writes {@code diffusion_pytorch_model.safetensors} into a folder. */
  static void write(Path folder, TransformerConfig config) throws IOException {
    List<WeightSpec> specs = Transformer.plan(config).all();
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (WeightSpec spec : specs) {
      long end = offset + spec.elements() * BFLOAT16_BYTES;
      header.put(
          spec.name(),
          Map.of("dtype", "BF16", "shape", spec.shape(), "data_offsets", List.of(offset, end)));
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
        writeWeight(out, spec, random);
      }
    }
  }

  /** Uniform numbers of the variance 1 / inputs, so that values keep their size through layers. */
  private static void writeWeight(OutputStream out, WeightSpec spec, SplittableRandom random)
      throws IOException {
    double inputs = spec.shape().get(spec.shape().size() - 1);
    double reach = Math.sqrt(3 / inputs);
    for (long i = 0; i < spec.elements(); i++) {
      int bits = Float.floatToIntBits((float) random.nextDouble(-reach, reach));
      out.write(bits >>> 16);
      out.write(bits >>> 24);
    }
  }
}
