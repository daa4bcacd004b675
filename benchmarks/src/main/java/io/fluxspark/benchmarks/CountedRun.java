package io.fluxspark.benchmarks;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.pipeline.ImageInputs;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputFiles;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.request.RequestLimits;
import io.fluxspark.request.RequestRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A process that makes a batch on the CPU and prints how much memory that took at most: of its own,
 * as Linux counts it, and of the pages of weights in float8, which are used as they lie in their
 * file. Whoever starts it must let malloc give back what is freed, and Java have its heap from the
 * beginning.
 */
final class CountedRun {
  private static final long PAGE = 4096;
  private static final long KIB = 1024;

  private CountedRun() {}

  /** Memory of this process that no file holds, looked at again and again. */
  private static final class Anonymous implements Runnable {
    private volatile boolean isEnded;
    private volatile long most;

    static long now() throws IOException {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return (Long.parseLong(pages[1]) - Long.parseLong(pages[2])) * PAGE;
    }

    @Override
    public void run() {
      try {
        while (!isEnded) {
          most = Math.max(most, now());
          Thread.sleep(0, 200_000);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Arguments: folder, dtype, what stays in the host's memory, size, pictures. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    ModelFolder folder = ModelFolder.open(Path.of(arguments[0]));
    DataType type = DataType.fromName(arguments[1]);
    Set<Offload> offload = Offload.parse(arguments[2]).orElseThrow();
    int size = Integer.parseInt(arguments[3]);
    int pictures = Integer.parseInt(arguments[4]);
    // What the first batch of any model takes for good: code, threads, kernels.
    ModelFolder small = ModelLocation.open("builtin:tiny");
    make(small, type, offload, batch(small, 64, 1));
    Anonymous anonymous = new Anonymous();
    long before = Anonymous.now();
    Thread watcher = new Thread(anonymous, "memory");
    watcher.setPriority(Thread.MAX_PRIORITY);
    watcher.start();
    long float8 = make(folder, type, offload, batch(folder, size, pictures));
    anonymous.isEnded = true;
    watcher.join();
    System.out.println(anonymous.most - before + float8);
  }

  private static long make(
      ModelFolder folder, DataType type, Set<Offload> offload, List<PreparedImage> batch)
      throws IOException {
    try (FluxPipeline pipeline = FluxPipeline.load(folder, Device.cpu(), type, offload)) {
      GeneratedBatch made = pipeline.generate(batch, () -> false);
      if (!made.images().stream().allMatch(GeneratedImage.Made.class::isInstance)) {
        throw new IllegalStateException("not all pictures were made");
      }
      return float8Pages(folder);
    }
  }

  private static long float8Pages(ModelFolder folder) throws IOException {
    Path part = folder.path().resolve("transformer");
    long pages = 0;
    boolean isOfPart = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        isOfPart = line.contains(part.toString());
      } else if (isOfPart && line.startsWith("Rss:")) {
        pages += Long.parseLong(line.replaceAll("\\D", "")) * KIB;
      }
    }
    return folder.transformer().storage() == WeightStorage.FLOAT8 ? pages : 0;
  }

  private static List<PreparedImage> batch(ModelFolder folder, int size, int pictures) {
    RequestRules rules =
        new RequestRules(
            RequestDefaults.tiny(),
            new RequestLimits(size),
            0,
            folder.conditioning(),
            folder.embedDims(),
            false,
            new NoFiles());
    List<PreparedImage> batch = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      GenerationRequest request =
          rules.read(
              Map.of(
                  "prompt",
                  "picture " + i,
                  "height",
                  size,
                  "width",
                  size,
                  "num_inference_steps",
                  PlannedMemory.STEPS,
                  "max_sequence_length",
                  PlannedMemory.TEXT_TOKENS));
      batch.add(
          new PreparedImage(new ImageRequest(request, 0, "" + i), ImageInputs.none(), List.of()));
    }
    return batch;
  }

  private record NoFiles() implements InputFiles {
    @Override
    public String resolve(String path) {
      throw new FluxSparkException(ErrorCode.INVALID_ROW, path + ": no row has a file");
    }

    @Override
    public String version(String path) {
      return resolve(path);
    }

    @Override
    public String loraDigest(String path) {
      return resolve(path);
    }
  }
}
