package io.fluxspark.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.xxhash64;

import io.fluxspark.request.Bucket;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.StepRange;
import io.fluxspark.request.Task;
import io.fluxspark.spark.TaskLayout.BucketCount;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Tuple2;
import scala.reflect.ClassTag;

/**
 * Planned pictures as tasks, in portions. All pictures are sorted and shuffled once, when the first
 * portion is made; each portion then runs its own tasks alone.
 */
public final class ImageTasks {
  private static final String TRUE_CFG =
      RequestColumns.TRUE_CFG_SCALE + " > 1 AND " + RequestColumns.NEGATIVE_PROMPT + " IS NOT NULL";

  /** In the order of {@link Bucket#compareTo}, by which the layout was made. */
  private static final Column[] BUCKET = {
    col(Tables.LORA_IDENTITY),
    col(Tables.TASK),
    col(RequestColumns.HEIGHT),
    col(RequestColumns.WIDTH),
    col(RequestColumns.NUM_INFERENCE_STEPS),
    col(RequestColumns.MAX_SEQUENCE_LENGTH),
    col(Tables.GUIDED_FROM),
    col(Tables.GUIDED_TO),
    col(Tables.FIRST_STEP),
    col(RequestColumns.PROMPT_EMBEDS).isNotNull(),
    col(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD).gt(0)
  };

  /**
   * Pictures of the same texts are neighbours, so that one task makes them, and an executor encodes
   * their texts once. A hash, or the first portions would be about what begins with A.
   */
  private static final Column TEXTS =
      xxhash64(
          col(RequestColumns.PROMPT),
          col(RequestColumns.PROMPT_2),
          col(RequestColumns.NEGATIVE_PROMPT));

  private final SparkSession spark;
  private final StructType schema;
  private final TaskLayout layout;
  private final JavaRDD<Row> tasks;

  private ImageTasks(SparkSession spark, StructType schema, TaskLayout layout, JavaRDD<Row> tasks) {
    this.spark = spark;
    this.schema = schema;
    this.layout = layout;
    this.tasks = tasks;
  }

  /**
   * How many pictures each bucket has.
   *
   * @param images as {@link RequestTable#images}
   */
  public static List<BucketCount> buckets(Dataset<Row> images) {
    List<BucketCount> buckets = new ArrayList<>();
    for (Row row : images.groupBy(BUCKET).count().collectAsList()) {
      Bucket bucket =
          new Bucket(
              row.getInt(2),
              row.getInt(3),
              row.getInt(4),
              row.getInt(5),
              new StepRange(row.getInt(6), row.getInt(7)),
              Task.fromName(row.getString(1)),
              row.getInt(8),
              row.getString(0),
              row.getBoolean(9),
              row.getBoolean(10));
      buckets.add(new BucketCount(bucket, row.getLong(11)));
    }
    return buckets;
  }

  /**
   * Pictures that were made of a bucket.
   *
   * @param callsReused calls of the transformer that left out blocks, of all of them together
   */
  public record Made(Bucket bucket, long count, long callsReused) {}

  /**
   * How many pictures each bucket has, whatever their LoRAs, and whether their texts were encoded.
   *
   * @param images as {@link Tables#images}
   */
  public static List<Made> bucketsOfMade(Dataset<Row> images) {
    List<Made> buckets = new ArrayList<>();
    List<Row> groups =
        images
            .groupBy(
                col(RequestColumns.HEIGHT),
                col(RequestColumns.WIDTH),
                col(RequestColumns.NUM_INFERENCE_STEPS),
                col(RequestColumns.MAX_SEQUENCE_LENGTH),
                expr(TRUE_CFG),
                col(Tables.TASK),
                col(RequestColumns.STRENGTH),
                col(RequestColumns.TRUE_CFG_START),
                col(RequestColumns.TRUE_CFG_STOP),
                col(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD).gt(0))
            .agg(count(lit(1)), coalesce(sum(Tables.CALLS_REUSED), lit(0L)))
            .collectAsList();
    for (Row row : groups) {
      double strength = row.isNullAt(6) ? 1 : row.getDouble(6);
      int firstStep = RequestInputs.firstStep(strength, row.getInt(2));
      Bucket bucket =
          new Bucket(
              row.getInt(0),
              row.getInt(1),
              row.getInt(2),
              row.getInt(3),
              row.getBoolean(4)
                  ? StepRange.between(row.getDouble(7), row.getDouble(8), row.getInt(2) - firstStep)
                  : StepRange.NONE,
              Task.fromName(row.getString(5)),
              firstStep,
              "",
              false,
              row.getBoolean(9));
      buckets.add(new Made(bucket, row.getLong(10), row.getLong(11)));
    }
    return buckets;
  }

  /**
   * Spreads pictures over tasks.
   *
   * @param images as {@link RequestTable#images}, which give the same rows each time they are read
   * @param layout of these pictures
   */
  public static ImageTasks of(Dataset<Row> images, TaskLayout layout) {
    Column[] order =
        Stream.concat(Arrays.stream(BUCKET), Stream.of(TEXTS, col(Tables.REQUEST_KEY)))
            .toArray(Column[]::new);
    JavaRDD<Row> tasks =
        images
            .orderBy(order)
            .toJavaRDD()
            .zipWithIndex()
            .mapToPair(Tuple2::swap)
            .repartitionAndSortWithinPartitions(new ByTask(layout.taskStarts()))
            .values();
    return new ImageTasks(images.sparkSession(), images.schema(), layout, tasks);
  }

  /** One portion's pictures in order, one partition a task. */
  public Dataset<Row> portion(int portion) {
    int first = layout.firstTask(portion);
    int end = layout.firstTask(portion + 1);
    Function1<Object, Object> isOurs =
        (Function1<Object, Object> & Serializable)
            task -> (Integer) task >= first && (Integer) task < end;
    JavaRDD<Row> rows =
        JavaRDD.fromRDD(PartitionPruningRDD.create(tasks.rdd(), isOurs), ClassTag.apply(Row.class));
    return spark.createDataFrame(rows, schema);
  }

  private static final class ByTask extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final long[] starts;

    private ByTask(long[] starts) {
      this.starts = starts;
    }

    @Override
    public int numPartitions() {
      return starts.length - 1;
    }

    @Override
    public int getPartition(Object position) {
      int found = Arrays.binarySearch(starts, (Long) position);
      return found >= 0 ? found : -found - 2;
    }
  }
}
