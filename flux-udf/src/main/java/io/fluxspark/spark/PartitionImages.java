package io.fluxspark.spark;

import io.fluxspark.image.Picture;
import io.fluxspark.image.PictureEncoder;
import io.fluxspark.request.Batches;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.function.ToDoubleBiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The pictures of one task, made while the caller does something else: outcomes in the order of
 * what was planned. Neighbours of one bucket are made in batches; memory does not grow with their
 * number.
 *
 * <p>The model comes from {@link ModelCache#shared}, for the GPU that Spark gave the task, or the
 * CPU when it gave none. A task that ends in any way waits until no thread uses the model. An
 * executor whose device is lost ends with exit code 75.
 */
final class PartitionImages implements Iterator<ImageOutcome> {
  private static final String GPU = "gpu";

  private final ImageStream stream;
  private final ExecutorMetrics metrics;

  private PartitionImages(ImageStream stream, ExecutorMetrics metrics) {
    this.stream = stream;
    this.metrics = metrics;
  }

  /**
   * Takes the model, loading it where needed.
   *
   * @param planned is read by the thread that asks for outcomes alone, and asked again after it had
   *     no more
   * @param textsEncoded told of each batch how many texts were encoded for it, before the batch's
   *     first outcome is there
   * @param context the task, which owns everything that is taken here
   */
  static PartitionImages of(
      Iterator<PlannedImage> planned,
      GenerationJob job,
      LongConsumer textsEncoded,
      TaskContext context) {
    String device = device(context);
    ModelKey key = job.modelKey(device);
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
            textsEncoded,
            () -> closed.get() || context.isInterrupted(),
            isLastAttempt(context));
    Configuration conf = HadoopInputFiles.conf();
    LoraFiles loras = new LoraFiles(job.store(), conf);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> loras.close());
    ImageStream stream =
        new ImageStream(
            new Batches<>(planned, image -> image.request().bucket(), job.batchSize()),
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
    return new PartitionImages(stream, metrics);
  }

  /** What scores pictures, held as long as the task. */
  private static ToDoubleBiFunction<Picture, String> clip(ModelKey key, TaskContext context) {
    ClipScorers.Lease lease = LostDevice.watch(() -> ClipScorers.shared().lease(key));
    context.addTaskCompletionListener((TaskCompletionListener) ended -> lease.close());
    return lease.scorer()::score;
  }

  /** The device of a task, as {@link ModelKey} names it; the driver, null, has the CPU. */
  static String device(TaskContext context) {
    ResourceInformation gpu = context == null ? null : context.resourcesJMap().get(GPU);
    return gpu == null || gpu.addresses().length == 0
        ? ModelKey.CPU
        : ModelKey.GPU_PREFIX + gpu.addresses()[0];
  }

  static boolean isLastAttempt(TaskContext context) {
    // Spark tries tasks of a plain local master once, whatever spark.task.maxFailures says.
    boolean isLocal = SparkEnv.get().conf().get("spark.master", "").matches("local(\\[[^,]*\\])?");
    int attempts = isLocal ? 1 : SparkEnv.get().conf().getInt("spark.task.maxFailures", 4);
    return context.attemptNumber() + 1 >= attempts;
  }

  @Override
  public boolean hasNext() {
    return stream.hasNext();
  }

  @Override
  public ImageOutcome next() {
    ImageOutcome outcome = LostDevice.watch(stream::next);
    if (outcome instanceof ImageOutcome.Made image) {
      metrics.made(image);
    } else {
      metrics.failed();
    }
    return outcome;
  }
}
