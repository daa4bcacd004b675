package io.fluxspark.benchmarks;

import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.pipeline.ModelMemory;
import io.fluxspark.pipeline.ModelWriter;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.training.NewModels;
import io.fluxspark.weights.StoredType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The memory that {@code plan} reckons from shapes, beside what a process takes that makes the same
 * batch. A CPU stands in for the GPU, so its memory is the device's and the host's at once.
 */
public final class PlannedMemory {
  static final int STEPS = 2;
  static final int TEXT_TOKENS = 128;

  private static final double MIB = 1 << 20;

  private PlannedMemory() {}

  /**
   * A batch.
   *
   * @param stored how the transformer is stored
   * @param type in which it computes
   * @param size height and width in pixels
   */
  record Case(StoredType stored, DataType type, Set<Offload> offload, int size, int pictures) {}

  /**
   * Bytes of one batch.
   *
   * @param planned from shapes
   * @param counted of the process
   */
  record Result(long planned, long counted) {
    /** 0 where both agree, 0.1 where a tenth more was planned than counted. */
    double error() {
      return (double) planned / counted - 1;
    }
  }

  /** Runs everything and prints a table. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Set<Offload> all = Set.of(Offload.values());
    List<Case> cases = new ArrayList<>();
    for (DataType type : List.of(DataType.FLOAT32, DataType.BFLOAT16)) {
      for (int size : List.of(256, 512)) {
        for (Set<Offload> offload : List.of(Set.<Offload>of(), Set.of(Offload.DECODING), all)) {
          cases.add(new Case(StoredType.F32, type, offload, size, 512 / size * 2));
        }
      }
      cases.add(new Case(StoredType.F8_E4M3, type, Set.of(), 512, 2));
    }
    for (int size : List.of(256, 512)) {
      cases.add(new Case(StoredType.F32, DataType.INT8, Set.of(), size, 512 / size * 2));
    }
    System.out.printf(
        "%-8s %-9s %-34s %-10s %8s %12s %12s %7s%n",
        "stored",
        "dtype",
        "--cpu-offload",
        "size",
        "pictures",
        "planned MiB",
        "counted MiB",
        "error");
    for (Case one : cases) {
      Result result = measure(one);
      System.out.printf(
          Locale.ROOT,
          "%-8s %-9s %-34s %-10s %8d %12.0f %12.0f %+6.1f%%%n",
          one.stored(),
          one.type().name().toLowerCase(Locale.ROOT),
          Offload.text(one.offload()),
          one.size() + " x " + one.size(),
          one.pictures(),
          result.planned() / MIB,
          result.counted() / MIB,
          100 * result.error());
    }
  }

  static Result measure(Case one) throws IOException, InterruptedException {
    Path temporary = Files.createTempDirectory("planned-memory-");
    try {
      Path folder = temporary.resolve("model");
      write(folder, one.stored());
      Bucket bucket =
          new Bucket(
              one.size(),
              one.size(),
              STEPS,
              TEXT_TOKENS,
              StepRange.NONE,
              Task.TEXT_TO_IMAGE,
              0,
              "",
              false,
              false);
      ModelMemory memory =
          ModelFolder.open(folder).cost().memory(bucket, one.pictures(), one.type(), one.offload());
      long live =
          LongStream.of(
                  memory.encoding(),
                  memory.denoising(),
                  memory.decoding() + memory.decodingOnHost())
              .max()
              .getAsLong();
      return new Result(memory.weights() + live, counted(folder, one));
    } finally {
      try (Stream<Path> all = Files.walk(temporary)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  /** A model of builtin:tiny's kind, wide enough that its tensors are more than what Java takes. */
  private static void write(Path folder, StoredType stored) throws IOException {
    Path configuration = folder.resolveSibling("configuration");
    ModelWriter.copy(
        ModelLocation.open("builtin:tiny").path(),
        configuration,
        Set.of("text_encoder_2", "transformer", "vae"));
    ModelWriter.configure(
        configuration,
        "text_encoder_2",
        config -> config.put("num_layers", 8).put("d_ff", 1024).put("num_heads", 16));
    ModelWriter.configure(
        configuration,
        "transformer",
        config -> config.put("num_attention_heads", 8).put("num_layers", 3));
    ModelWriter.configure(
        configuration,
        "vae",
        config -> config.putArray("block_out_channels").add(32).add(64).add(128).add(128));
    NewModels.create(configuration, folder, 1);
    if (stored == StoredType.F8_E4M3) {
      RandomTransformer.write(
          folder.resolve("transformer"), ModelFolder.open(folder).transformerConfig(), stored);
    }
  }

  private static long counted(Path folder, Case one) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms256m",
            "-Xmx256m",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            CountedRun.class.getName(),
            folder.toString(),
            one.type().name().toLowerCase(Locale.ROOT),
            Offload.text(one.offload()),
            Integer.toString(one.size()),
            Integer.toString(one.pictures()));
    // Larger pieces come from the system and go back to it once they are freed.
    builder.environment().put("MALLOC_MMAP_THRESHOLD_", "65536");
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("the run ended with " + process.exitValue() + ": " + out);
    }
    return Long.parseLong(out.strip().lines().reduce((a, b) -> b).orElseThrow());
  }
}
