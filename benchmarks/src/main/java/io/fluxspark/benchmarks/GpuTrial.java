package io.fluxspark.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.util.cuda.CudaUtils;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCache;
import io.fluxspark.program.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the library does on a device: what PyTorch sees there, golden pictures beside diffusers',
 * whether pictures repeat, and the time of a step of FLUX.1-dev at 1024 x 1024 and of its other
 * parts, with random weights that are made on the device. It needs neither Spark nor a model.
 *
 * <pre>
 * ./mvnw -q -Pbenchmarks -pl benchmarks -am compile
 * ./mvnw -q -pl flux-udf dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=/tmp/jars
 * java -Dai.djl.offline=true -cp benchmarks/target/classes:flux-udf/target/classes:$(cat /tmp/jars) \
 *     io.fluxspark.benchmarks.GpuTrial DEVICE flux-udf/src/test/resources/golden [PART...]
 * </pre>
 *
 * <p>DEVICE is {@code cpu}, where shapes are small, or {@code cuda:N}, where PyTorch's natives must
 * be found as on a GPU cluster, by {@code PYTORCH_LIBRARY_PATH}, {@code PYTORCH_VERSION} and {@code
 * PYTORCH_FLAVOR}. Parts are {@code device}, {@code golden}, {@code repeat}, {@code step} and
 * {@code parts}; all where none is named. One that fails says so in full, and the next one is
 * tried; the status is then 1. Differences of pictures are printed, not judged: in bfloat16 they
 * depend on the kernels.
 */
public final class GpuTrial {
  private static final int CHANNELS = 3;
  private static final int LARGEST = 255;

  private final Device device;
  private final Path golden;
  private final long start = System.nanoTime();
  private boolean isWhole = true;

  private GpuTrial(Device device, Path golden) {
    this.device = device;
    this.golden = golden;
  }

  /** A part of the trial. */
  @FunctionalInterface
  private interface Part {
    void run() throws Exception;
  }

  /** Runs the parts that are named, or all. */
  public static void main(String[] arguments) {
    GpuTrial trial = new GpuTrial(device(arguments[0]), Path.of(arguments[1]));
    List<String> wanted = Arrays.asList(arguments).subList(2, arguments.length);
    trial.part(wanted, "device", trial::describe);
    trial.part(wanted, "golden", trial::golden);
    trial.part(wanted, "repeat", trial::repeat);
    DeviceTimes times = new DeviceTimes(trial.device);
    trial.part(
        wanted,
        "step",
        () ->
            times
                .kinds()
                .forEach(kind -> trial.attempt("step " + kind.name(), () -> times.step(kind))));
    trial.part(wanted, "parts", times::otherParts);
    System.exit(trial.isWhole ? 0 : 1);
  }

  private static Device device(String name) {
    return name.equals("cpu")
        ? Device.cpu()
        : Device.cuda(Integer.parseInt(name.replaceFirst("^cuda:", "")));
  }

  private void part(List<String> wanted, String name, Part part) {
    if (!wanted.isEmpty() && !wanted.contains(name)) {
      return;
    }
    System.out.printf("== %s (after %.1f s)%n", name, (System.nanoTime() - start) / 1e9);
    attempt(name, part);
  }

  private void attempt(String name, Part part) {
    try {
      part.run();
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      isWhole = false;
      System.out.println(name + ": FAILED");
      e.printStackTrace(System.out);
    }
  }

  private void describe() {
    Engine engine = Engine.getEngine("PyTorch");
    System.out.printf(
        "%s %s, %d GPUs by DJL, CUDA %s, cuDNN %s%n",
        engine.getEngineName(),
        engine.getVersion(),
        engine.getGpuCount(),
        engine.hasCapability("CUDA"),
        engine.hasCapability("CUDNN"));
    if (engine.getGpuCount() > 0) {
      System.out.printf(
          "CUDA runtime %s, compute capability %s, %s%n",
          CudaUtils.getCudaVersionString(),
          CudaUtils.getComputeCapability(device.index()),
          CudaUtils.getGpuMemory(ai.djl.Device.gpu(device.index())));
    }
  }

  private void golden() throws IOException {
    for (DataType type : List.of(DataType.FLOAT32, DataType.BFLOAT16, DataType.FLOAT8_E4M3FN)) {
      for (String folder : folders()) {
        attempt(folder + " " + type, () -> golden(folder, type, Set.of()));
      }
      attempt("offload " + type, () -> golden("dev", type, EnumSet.allOf(Offload.class)));
    }
  }

  /** Whole pipeline folders with cases; some of the tests' need parts of others. */
  private List<String> folders() throws IOException {
    try (Stream<Path> all = Files.walk(golden)) {
      return all.filter(Files::isDirectory)
          .filter(path -> Files.isDirectory(path.resolve("cases")))
          .filter(path -> Files.isDirectory(path.resolve("text_encoder")))
          .map(path -> golden.relativize(path).toString())
          .sorted()
          .toList();
    }
  }

  private void golden(String name, DataType type, Set<Offload> offload) throws IOException {
    long before = TensorScope.openValues();
    try (FluxPipeline pipeline = load(name, type, offload)) {
      for (GoldenCase one : GoldenCase.of(golden.resolve(name))) {
        String what = name + " " + one.name() + " " + type + " " + Offload.text(offload);
        attempt(what, () -> compare(what, pictures(pipeline, one.images()), one.expected()));
      }
    }
    long left = TensorScope.openValues() - before;
    System.out.printf("%s %s: %d native values left open%n", name, type, left);
    isWhole &= left == 0;
  }

  private FluxPipeline load(String name, DataType type, Set<Offload> offload) {
    return FluxPipeline.load(ModelFolder.open(golden.resolve(name)), device, type, offload);
  }

  private static List<Picture> pictures(FluxPipeline pipeline, List<PreparedImage> batch) {
    GeneratedBatch made = pipeline.generate(batch, () -> false);
    List<Picture> pictures = new ArrayList<>();
    for (GeneratedImage image : made.images()) {
      if (image instanceof GeneratedImage.Failed failed) {
        throw failed.failure();
      }
      pictures.add(((GeneratedImage.Made) image).picture());
    }
    return pictures;
  }

  private void compare(String what, List<Picture> pictures, List<Picture> expected) {
    for (int i = 0; i < pictures.size(); i++) {
      System.out.printf("%s %d: %s%n", what, i, difference(pictures.get(i), expected.get(i)));
    }
  }

  /** Of the bytes, and the ratio of the largest number to their root mean square in decibels. */
  private static String difference(Picture a, Picture b) {
    if (a.width() != b.width() || a.height() != b.height()) {
      return "sizes differ";
    }
    int largest = 0;
    long sum = 0;
    long squares = 0;
    for (int i = 0; i < a.rgb().length; i++) {
      int difference = Math.abs((a.rgb()[i] & LARGEST) - (b.rgb()[i] & LARGEST));
      largest = Math.max(largest, difference);
      sum += difference;
      squares += (long) difference * difference;
    }
    double numbers = (double) CHANNELS * a.width() * a.height();
    return String.format(
        "largest difference %d, mean %.3f of 255, PSNR %.1f dB",
        largest, sum / numbers, 10 * Math.log10(LARGEST * LARGEST * numbers / squares));
  }

  /** The same batch again, each picture alone, and the whole batch in the other order. */
  private void repeat() throws IOException {
    GoldenCase two =
        GoldenCase.of(golden.resolve("dev")).stream()
            .filter(one -> one.name().equals("two"))
            .findFirst()
            .orElseThrow();
    List<PreparedImage> batch = two.images();
    List<PreparedImage> turned = List.of(batch.get(1), batch.get(0));
    for (DataType type : List.of(DataType.FLOAT32, DataType.BFLOAT16, DataType.FLOAT8_E4M3FN)) {
      try (FluxPipeline pipeline = load("dev", type, Set.of())) {
        List<Picture> first = pictures(pipeline, batch);
        compare(type + " again", pictures(pipeline, batch), first);
        for (int i = 0; i < batch.size(); i++) {
          List<Picture> alone = pictures(pipeline, List.of(batch.get(i)));
          compare(type + " alone, picture " + i, alone, List.of(first.get(i)));
        }
        List<Picture> other = pictures(pipeline, turned);
        compare(type + " in the other order", List.of(other.get(1), other.get(0)), first);
      }
      try (FluxPipeline pipeline = load("dev", type, Set.of())) {
        List<Picture> anew = pictures(pipeline, batch);
        System.out.printf(
            "%s loaded anew, again the same bytes: %s%n",
            type, Arrays.equals(anew.get(0).rgb(), pictures(pipeline, batch).get(0).rgb()));
      }
      DeviceCache.empty(device);
    }
  }
}
