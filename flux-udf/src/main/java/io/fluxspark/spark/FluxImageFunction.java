package io.fluxspark.spark;

import io.fluxspark.error.ErrorType;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.pipeline.GeneratedImage;
import io.fluxspark.request.RequestColumns;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A picture of a prompt, for sessions that cannot be given {@link FluxSparkExtensions}: {@code
 * spark.udf.registerJavaFunction("flux_image_row", "io.fluxspark.spark.FluxImageFunction",
 * RETURN_TYPE)}.
 *
 * <p>What it costs: Spark asks such a function for one row after the other, so that each picture is
 * a batch of one, and nothing is made while the one before is written to its file. On a GPU that
 * takes several times as long as {@code flux_image} with a {@code batch_size}. Spark may also ask
 * several times for one row, where a query uses fields of the result apart or filters by them; what
 * keeps it from that is to write the result to a table first.
 *
 * <p>The arguments are the prompt, and a map of texts with the options of {@code flux_image}, or
 * null for none. The result is as {@link #RETURN_TYPE} says. Whatever is wrong with a prompt, an
 * option or the model is an error in the result; a failure of the machine fails the task.
 */
public final class FluxImageFunction
    implements UDF2<String, scala.collection.Map<String, String>, Row> {
  /** The result's type, as Spark's DDL has it. */
  public static final String RETURN_TYPE =
      "image struct<bytes: binary, path: string>, sha256 string, seed bigint, width int, height"
          + " int, model string, model_digest string, request_key string, error_code string,"
          + " error_message string";

  private static final long serialVersionUID = 1L;
  private static final List<String> FIELDS = List.of(StructType.fromDDL(RETURN_TYPE).fieldNames());

  /** A process opens a model once for each way to call it. */
  private static final Map<Map<String, Object>, ImageCall> CALLS = new ConcurrentHashMap<>();

  /** Made by Spark. */
  public FluxImageFunction() {}

  @Override
  public Row call(String prompt, scala.collection.Map<String, String> options) {
    Map<String, Object> ofCall = new TreeMap<>();
    Map<String, Object> ofRow = new HashMap<>();
    if (options != null) {
      CollectionConverters.asJava(options)
          .forEach(
              (name, value) -> {
                String option = name.toLowerCase(Locale.ROOT);
                (CallOptions.OF_CALL.contains(option) ? ofCall : ofRow).put(option, value);
              });
    }
    ImageCall call;
    try {
      call = CALLS.computeIfAbsent(ofCall, FluxImageFunction::opened);
    } catch (FluxSparkException e) {
      if (e.type() != ErrorType.USER) {
        throw e;
      }
      return RowFactory.create(
          null, null, null, null, null, null, null, null, e.code().name(), e.getMessage());
    }
    Row result =
        ImageResult.of(
            outcome(
                call.read(RowFactory.create(prompt, CollectionConverters.asScala(ofRow))),
                call.job()),
            call.job());
    return RowFactory.create(
        FIELDS.stream().map(ImageResult.SCHEMA::fieldIndex).map(result::get).toArray());
  }

  private static ImageCall opened(Map<String, Object> options) {
    return CallOptions.ofProcess(options).call(List.of(RequestColumns.PROMPT, ImageCall.OPTIONS));
  }

  private static RowOutcome outcome(RowRequest request, GenerationJob job) {
    if (request instanceof RowRequest.Invalid invalid) {
      return new RowOutcome.Invalid(invalid.given(), invalid.failure());
    }
    PlannedImage planned = new PlannedImage(((RowRequest.Valid) request).image(), Row.empty());
    return RowOutcome.of(LostDevice.watch(() -> made(planned, job)));
  }

  private static ImageOutcome made(PlannedImage planned, GenerationJob job) {
    TaskContext context = TaskContext.get();
    ModelKey key = job.modelKey(PartitionImages.device(context));
    Configuration conf = HadoopInputFiles.conf();
    try (ModelCache.Lease lease = ModelCache.shared().lease(key, job.loader());
        LoraFiles loras = new LoraFiles(job.store(), conf)) {
      InputReader.Loaded loaded = new InputReader(new PictureReader(conf), loras).load(planned);
      if (loaded instanceof InputReader.Unreadable unreadable) {
        return new ImageOutcome.Failed(unreadable.planned(), unreadable.failure());
      }
      InputReader.Ready ready = (InputReader.Ready) loaded;
      BatchRun run =
          new BatchRun(
              lease.generator(),
              lease.batchSizes(),
              ExecutorMetrics.shared(),
              encoded -> {},
              () -> context != null && context.isInterrupted(),
              context == null || PartitionImages.isLastAttempt(context));
      BatchRun.Result result = run.run(List.of(ready.prepared())).get(0);
      if (result.image() instanceof GeneratedImage.Made image) {
        return files(job).write(ready.planned(), image, result.seconds());
      }
      return new ImageOutcome.Failed(
          ready.planned(), ((GeneratedImage.Failed) result.image()).failure());
    }
  }

  private static PictureFiles files(GenerationJob job) {
    return new PictureFiles(
        PictureEncoder.of(job.pictureFormat()),
        job.settings(),
        false,
        Optional.empty(),
        Optional.empty());
  }
}
