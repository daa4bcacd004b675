package io.fluxspark.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fluxspark.spark.GenerationJob;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.spark.sql.SparkSession;

/**
 * What a run did, for the folder of runs and for the person who started it.
 *
 * @param failedTasks attempts that Spark made again
 */
record RunReport(
    GenerationJob job,
    GenerateOptions options,
    RunCounts counts,
    StageTotals stages,
    long failedTasks,
    Instant start,
    Instant end) {
  private static final double MILLIS = 1000;
  private static final int RANDOM_DIGITS = 6;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** A name for a run; names sort by time. */
  static String runId(Instant start) {
    return DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC)
            .format(start)
        + "-"
        + UUID.randomUUID().toString().substring(0, RANDOM_DIGITS);
  }

  /** Pictures of this run a second, starting Spark and planning included. */
  double imagesPerSecond() {
    return counts.made() * MILLIS / Math.max(1, Duration.between(start, end).toMillis());
  }

  /** The report as it stands in the output. */
  String json() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("run_id", job.runId());
    report.put("start", start.toString());
    report.put("end", end.toString());
    Map<String, Object> versions = new LinkedHashMap<>();
    versions.put("fluxspark", Version.text());
    versions.put("spark", SparkSession.active().version());
    versions.put("java", System.getProperty("java.version"));
    report.put("versions", versions);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", job.modelName());
    model.put("digest", job.settings().modelDigest());
    model.put("license", job.license());
    report.put("model", model);
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("images_requested", counts.requested());
    numbers.put("images_distinct", counts.images());
    numbers.put("images_there_before", counts.thereBefore());
    numbers.put("images_failed_before", counts.failedBefore());
    numbers.put("images_made", counts.made());
    numbers.put("images_failed", counts.failed());
    numbers.put("texts_encoded", counts.textsEncoded());
    numbers.put("prompts_cut", stages.promptsCut());
    numbers.put("rows_invalid", counts.invalidRows());
    numbers.put("error_fraction", counts.errorFraction());
    numbers.put("tasks_failed", failedTasks);
    report.put("counts", numbers);
    Map<String, Object> seconds = new LinkedHashMap<>();
    seconds.put("text", stages.text());
    seconds.put("denoising", stages.denoising());
    seconds.put("decoding", stages.decoding());
    seconds.put("encoding", stages.encoding());
    seconds.put("whole_run", Duration.between(start, end).toMillis() / MILLIS);
    report.put("seconds", seconds);
    report.put("images_per_second", imagesPerSecond());
    report.put("denoising_teraflops_a_device", stages.denoisingTeraflops());
    report.put("options", optionsUsed());
    report.put("spark", Secrets.settings(SparkSession.active().sparkContext().getConf()));
    try {
      return JSON.writeValueAsString(report) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of texts and numbers is always JSON", e);
    }
  }

  private Map<String, Object> optionsUsed() {
    Map<String, Object> used = new TreeMap<>();
    used.put("prompts", Secrets.redacted(options.prompts()));
    options.promptsFormat().ifPresent(format -> used.put("prompts-format", format));
    used.put("output", Secrets.redacted(options.output()));
    used.put("output-format", options.outputFormat());
    used.put("model", Secrets.redacted(options.model()));
    options.variant().ifPresent(variant -> used.put("variant", variant.toString()));
    used.put("dtype", job.settings().dtype());
    used.put("image-format", options.imageFormat().formatName());
    used.put("image-quality", options.imageQuality());
    options.autoResize().ifPresent(isResizing -> used.put("auto-resize", isResizing));
    used.put("batch-size", options.batchSize());
    used.put("max-error-fraction", options.maxErrorFraction());
    options.commitEvery().ifPresent(images -> used.put("commit-every", images));
    used.put("retry-errors", options.retryErrors());
    used.put("scores", options.review().isScored());
    used.put("review", options.review().reviewClass());
    options.clipModel().ifPresent(folder -> used.put("clip-model", folder));
    used.put("max-size", options.limits().maxSize());
    used.put("seed", options.seed());
    options.columnDefaults().forEach((column, value) -> used.put(column.replace('_', '-'), value));
    return used;
  }

  /**
   * The closing summary.
   *
   * @param places lines that say where things are
   */
  void print(PrintStream out, List<String> places) {
    out.printf(
        Locale.ROOT,
        "%d images, %d failed rows, %.2f images/s%s%n",
        counts.made(),
        counts.errors(),
        imagesPerSecond(),
        remarks());
    out.printf(
        Locale.ROOT,
        "seconds: text %.1f, denoising %.1f, decoding %.1f, encoding %.1f%n",
        stages.text(),
        stages.denoising(),
        stages.decoding(),
        stages.encoding());
    places.forEach(out::println);
    out.flush();
  }

  private String remarks() {
    StringBuilder remarks = new StringBuilder();
    if (counts.requested() > counts.images()) {
      remarks.append(", ").append(counts.requested() - counts.images()).append(" asked for twice");
    }
    if (stages.promptsCut() > 0) {
      remarks
          .append(", ")
          .append(stages.promptsCut())
          .append(" of prompts that were cut at max_sequence_length");
    }
    if (counts.thereBefore() > 0) {
      remarks.append(", ").append(counts.thereBefore()).append(" there before");
    }
    return remarks.toString();
  }
}
