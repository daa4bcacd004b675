package io.fluxspark.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fluxspark.image.PictureFormat;
import io.fluxspark.pipeline.ModelMemory;
import io.fluxspark.pipeline.Offload;
import io.fluxspark.program.DataType;
import io.fluxspark.request.Bucket;
import io.fluxspark.spark.Slots;
import io.fluxspark.spark.TaskLayout.BucketCount;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.util.Utils;

/**
 * What a run would do.
 *
 * @param imagesRequested pictures that valid rows ask for
 * @param imagesDistinct of them, those that differ
 * @param imagesThereBefore of these, those that the output has
 * @param imagesFailedBefore of these, those that failed before and are not tried again
 * @param rowsInvalid rows that are wrong
 * @param firstProblems what is wrong with the first of them
 * @param buckets of the pictures to make
 * @param slots tasks that run at a time
 * @param bytes of the picture files: reckoned from pixels, or from those that were measured
 * @param teraflops of the transformer, all pictures together
 * @param cpuOffload what of the model stays in the host's memory
 * @param deviceBytes the most memory of the device that a bucket needs, reckoned from shapes
 * @param hostBytes the most that a bucket takes of the host's instead, besides the model's files
 * @param hours at the given or the measured throughput; null where neither is known
 */
record PlanReport(
    String model,
    String dtype,
    long imagesRequested,
    long imagesDistinct,
    long imagesThereBefore,
    long imagesFailedBefore,
    long imagesToMake,
    long rowsInvalid,
    List<String> firstProblems,
    List<BucketPlan> buckets,
    int slots,
    int tasks,
    int portions,
    long bytes,
    double teraflops,
    String cpuOffload,
    long deviceBytes,
    long hostBytes,
    Double hours) {
  private static final int PROBLEMS_NAMED = 5;

  /** Enough of a digest to tell LoRAs apart. */
  private static final int LORA_DIGITS = 8;

  private static final double TERA = 1e12;
  private static final double MILLIS_AN_HOUR = 3_600_000;
  private static final double SECONDS_AN_HOUR = 3600;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /**
   * Pictures of one shape.
   *
   * @param lora what tells the LoRAs from others; null for none
   * @param givenEmbeds whether rows give embeddings in place of texts
   * @param guidedSteps of the steps made, those with true guidance
   * @param firstBlockCache whether blocks may be left out; the TFLOPs count them all the same
   * @param stepsMade of the schedule's steps, those that {@code strength} leaves
   */
  record BucketPlan(
      String task,
      String lora,
      int height,
      int width,
      int numInferenceSteps,
      int maxSequenceLength,
      boolean givenEmbeds,
      boolean trueCfg,
      int guidedSteps,
      boolean firstBlockCache,
      int stepsMade,
      long images,
      int batchSize,
      double teraflops,
      long deviceBytes,
      long hostBytes) {}

  static PlanReport of(
      Planning plan,
      GenerateOptions options,
      Optional<Measurement> measured,
      Optional<Double> imagesPerSecond) {
    List<BucketPlan> buckets = new ArrayList<>();
    double pixels = 0;
    for (BucketCount bucket :
        plan.buckets().stream().sorted(Comparator.comparing(BucketCount::bucket)).toList()) {
      buckets.add(bucket(plan, options, bucket));
      pixels += (double) bucket.count() * bucket.bucket().height() * bucket.bucket().width();
    }
    double teraflops = buckets.stream().mapToDouble(BucketPlan::teraflops).sum();
    RunCounts counts = plan.counts();
    int slots = Slots.of(plan.spark());
    double bytesAPixel =
        measured
            .filter(few -> few.images() > 0)
            .map(few -> few.bytes() / few.pixels())
            .orElse(usualBytesAPixel(options.imageFormat()));
    Optional<Double> hours =
        imagesPerSecond
            .map(rate -> counts.missing() / rate / SECONDS_AN_HOUR)
            .or(() -> measured.map(few -> hours(few, teraflops, slots)));
    return new PlanReport(
        plan.model().name(),
        plan.job().settings().dtype(),
        counts.requested(),
        counts.images(),
        counts.thereBefore(),
        counts.failedBefore(),
        counts.missing(),
        counts.invalidRows(),
        plan.requests().firstProblems(PROBLEMS_NAMED),
        buckets,
        slots,
        plan.layout().tasks(),
        plan.layout().portions(),
        Math.round(pixels * bytesAPixel),
        teraflops,
        Offload.text(options.offload()),
        buckets.stream().mapToLong(BucketPlan::deviceBytes).max().orElse(0),
        buckets.stream().mapToLong(BucketPlan::hostBytes).max().orElse(0),
        hours.orElse(null));
  }

  private static BucketPlan bucket(Planning plan, GenerateOptions options, BucketCount counted) {
    Bucket bucket = counted.bucket();
    int batchSize = (int) Math.min(options.batchSize(), counted.count());
    DataType type = DataType.fromName(plan.job().settings().dtype());
    ModelMemory memory = plan.model().cost().memory(bucket, batchSize, type, options.offload());
    return new BucketPlan(
        bucket.task().taskName(),
        bucket.lora().isEmpty() ? null : bucket.lora(),
        bucket.height(),
        bucket.width(),
        bucket.numInferenceSteps(),
        bucket.maxSequenceLength(),
        bucket.givenEmbeds(),
        bucket.trueCfg(),
        bucket.guided().count(),
        bucket.firstBlockCache(),
        bucket.numInferenceSteps() - bucket.firstStep(),
        counted.count(),
        batchSize,
        counted.count() * plan.model().cost().denoisingFlops(bucket) / TERA,
        memory.device(),
        memory.decodingOnHost());
  }

  private static double hours(Measurement few, double teraflops, int slots) {
    return few.flops() == 0
        ? 0
        : few.deviceSeconds() / few.flops() * teraflops * TERA / slots / SECONDS_AN_HOUR;
  }

  /** Of photographs, at the default quality. */
  private static double usualBytesAPixel(PictureFormat format) {
    return switch (format) {
      case PNG -> 1.5;
      case JPEG -> 0.5;
      case WEBP -> 0.3;
    };
  }

  /** As JSON, with names like those of a run's report. */
  String json() {
    try {
      return JSON.writeValueAsString(this) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of texts and numbers is always JSON", e);
    }
  }

  /** For a person. */
  String text() {
    StringBuilder text = new StringBuilder();
    add(text, "model:     %s in %s%n", model, dtype);
    add(
        text,
        "pictures:  %,d asked for, %,d distinct, %,d there before, %,d failed before, %,d to make%n",
        imagesRequested,
        imagesDistinct,
        imagesThereBefore,
        imagesFailedBefore,
        imagesToMake);
    if (rowsInvalid > 0) {
      add(text, "wrong:     %,d rows, the first:%n", rowsInvalid);
      firstProblems.forEach(problem -> add(text, "           %s%n", problem));
    }
    add(
        text,
        "%n%-14s %-14s %6s %6s %9s %12s %6s %10s %12s%n",
        "task",
        "height x width",
        "steps",
        "text",
        "guidance",
        "pictures",
        "batch",
        "TFLOP",
        "device");
    for (BucketPlan bucket : buckets) {
      add(
          text,
          "%-14s %-14s %6d %6d %9s %,12d %6d %,10.3g %12s%s%s%s%s%n",
          bucket.task(),
          bucket.height() + " x " + bucket.width(),
          bucket.stepsMade(),
          bucket.maxSequenceLength(),
          bucket.trueCfg() ? "true CFG" : "-",
          bucket.images(),
          bucket.batchSize(),
          bucket.teraflops(),
          Utils.bytesToString(bucket.deviceBytes()),
          bucket.trueCfg() && bucket.guidedSteps() < bucket.stepsMade()
              ? "  true CFG in " + bucket.guidedSteps() + " steps"
              : "",
          bucket.firstBlockCache() ? "  first-block cache" : "",
          bucket.givenEmbeds() ? "  given embeddings" : "",
          bucket.lora() == null ? "" : "  LoRA " + bucket.lora().substring(0, LORA_DIGITS));
    }
    add(
        text,
        "%nwork:      %,d tasks in %,d portions on %,d slots, %,.3g TFLOP%n",
        tasks,
        portions,
        slots,
        teraflops);
    add(text, "files:     about %s%n", Utils.bytesToString(bytes));
    add(
        text,
        "device:    about %s a slot%s%n",
        Utils.bytesToString(deviceBytes),
        cpuOffload.isEmpty()
            ? ""
            : " with --cpu-offload %s, and %s of the host"
                .formatted(cpuOffload, Utils.bytesToString(hostBytes)));
    add(
        text,
        "time:      %s%n",
        hours == null
            ? "not known; --measure N or --images-per-second F tells"
            : "about " + Utils.msDurationToString(Math.round(hours * MILLIS_AN_HOUR)));
    return text.toString();
  }

  private static void add(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }
}
