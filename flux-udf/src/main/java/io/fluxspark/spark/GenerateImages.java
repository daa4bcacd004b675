package io.fluxspark.spark;

import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.request.Batches;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToDoubleBiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.sql.Row;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Makes the pictures of one partition.
 *
 * <p>Takes rows of {@link RequestTable#images} and gives rows of {@link Tables#images}, in the same
 * order, while it makes the next: memory does not grow with the partition. Neighbours of one bucket
 * are made in batches. The model comes from {@link ModelCache#shared}, for the GPU that Spark gave
 * the task, or the CPU when it gave none. A request that cannot be met goes to {@code failed}
 * instead of the result. A task that ends in any way waits until no thread uses the model. An
 * executor whose device is lost ends with exit code 75.
 *
 * @param made counts pictures
 * @param failed gathers requests that cannot be met; Spark takes each task's once when the result
 *     is written without a shuffle in between
 */
public record GenerateImages(
    GenerationJob job, LongAccumulator made, CollectionAccumulator<FailedImage> failed)
    implements MapPartitionsFunction<Row, Row> {
  private static final String GPU = "gpu";

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    TaskContext context = TaskContext.get();
    String device = device(context);
    ModelKey key =
        new ModelKey(job.location(), job.settings().modelDigest(), device, job.settings().dtype());
    ExecutorMetrics metrics = ExecutorMetrics.shared();
    ModelCache.Lease lease = LostDevice.watch(() -> ModelCache.shared().lease(key, job.loader()));
    context.addTaskCompletionListener((TaskCompletionListener) ended -> lease.close());
    Optional<ToDoubleBiFunction<Picture, String>> clip =
        Optional.ofNullable(job.clip()).map(model -> clip(model.key(device), context));
    AtomicBoolean closed = new AtomicBoolean();
    BatchRun run =
        new BatchRun(
            lease.generator(),
            lease.batchSizes(),
            metrics,
            () -> closed.get() || context.isInterrupted(),
            isLastAttempt(context));
    Configuration conf = HadoopInputFiles.conf();
    LoraFiles loras = new LoraFiles(job.store(), conf);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> loras.close());
    ImageStream stream =
        new ImageStream(
            batches(rows),
            new InputReader(new PictureReader(conf), loras),
            run,
            new PictureFiles(
                PictureEncoder.of(job.pictureFormat()),
                job.settings(),
                job.review().isScored(),
                clip,
                job.review().open()),
            context::isInterrupted,
            closed);
    // Listeners run last in, first out: the stream ends before the model is given back.
    context.addTaskCompletionListener((TaskCompletionListener) ended -> stream.close());
    return new MadeRows(stream, metrics);
  }

  /** What scores pictures, held as long as the task. */
  private static ToDoubleBiFunction<Picture, String> clip(ModelKey key, TaskContext context) {
    ClipScorers.Lease lease = LostDevice.watch(() -> ClipScorers.shared().lease(key));
    context.addTaskCompletionListener((TaskCompletionListener) ended -> lease.close());
    return lease.scorer()::score;
  }

  private Iterator<List<PlannedImage>> batches(Iterator<Row> rows) {
    Iterator<PlannedImage> planned =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return rows.hasNext();
          }

          @Override
          public PlannedImage next() {
            return ImageRow.planned(rows.next());
          }
        };
    return new Batches<>(planned, image -> image.request().bucket(), job.batchSize());
  }

  /** The device of a task, as {@link ModelKey} names it. */
  static String device(TaskContext context) {
    ResourceInformation gpu = context.resourcesJMap().get(GPU);
    return gpu == null || gpu.addresses().length == 0
        ? ModelKey.CPU
        : ModelKey.GPU_PREFIX + gpu.addresses()[0];
  }

  private static boolean isLastAttempt(TaskContext context) {
    // Spark tries tasks of a plain local master once, whatever spark.task.maxFailures says.
    boolean isLocal = SparkEnv.get().conf().get("spark.master", "").matches("local(\\[[^,]*\\])?");
    int attempts = isLocal ? 1 : SparkEnv.get().conf().getInt("spark.task.maxFailures", 4);
    return context.attemptNumber() + 1 >= attempts;
  }

  /** The pictures that were made; those that failed are put aside on the way. */
  private final class MadeRows implements Iterator<Row> {
    private final Iterator<ImageOutcome> outcomes;
    private final ExecutorMetrics metrics;
    private Row next;

    private MadeRows(Iterator<ImageOutcome> outcomes, ExecutorMetrics metrics) {
      this.outcomes = outcomes;
      this.metrics = metrics;
    }

    @Override
    public boolean hasNext() {
      while (next == null && outcomes.hasNext()) {
        ImageOutcome outcome = LostDevice.watch(outcomes::next);
        if (outcome instanceof ImageOutcome.Made image) {
          made.add(1);
          metrics.made(image);
          next = ImageRow.made(image, job);
        } else if (outcome instanceof ImageOutcome.Failed image) {
          metrics.failed();
          failed.add(FailedImage.of(image.planned(), image.failure()));
        }
      }
      return next != null;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = next;
      next = null;
      return row;
    }
  }
}
