package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.program.DataType;
import io.fluxspark.request.GivenImage;
import io.fluxspark.request.InputImage;
import io.fluxspark.training.Example;
import io.fluxspark.training.ExampleEncoder;
import io.fluxspark.training.SampleSettings;
import io.fluxspark.training.Subject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Encodes the pictures and captions of a training table, so that training need not.
 *
 * @param location of the model's folder
 * @param table the table's name in messages
 * @param base the folder to which the pictures' paths are relative
 * @param dtype in which the encoders compute
 */
public record TrainingExamples(
    String location,
    TrainingColumns columns,
    String table,
    String base,
    Subject subject,
    ExampleEncoder.Sizes sizes,
    String dtype)
    implements MapPartitionsFunction<Row, Row> {
  /** What is wrong with a row; null where nothing is. */
  public static final String ERROR = "error";

  private static final String POSITION = "position";

  /** Schema of encoded examples. */
  private static final StructType SCHEMA =
      new StructType()
          .add(POSITION, DataTypes.LongType)
          .add(ERROR, DataTypes.StringType)
          .add("id", DataTypes.StringType)
          .add(TrainingColumns.PROMPT, DataTypes.StringType)
          .add("weight", DataTypes.DoubleType)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("pixels", DataTypes.BinaryType)
          .add("mean", DataTypes.BinaryType)
          .add("log_variance", DataTypes.BinaryType)
          .add("condition", DataTypes.BinaryType)
          .add("clip_ids", DataTypes.createArrayType(DataTypes.LongType))
          .add("t5_ids", DataTypes.createArrayType(DataTypes.LongType))
          .add("pooled", DataTypes.BinaryType)
          .add("hidden", DataTypes.BinaryType);

  /**
   * The table's rows as examples, or with what is wrong with them.
   *
   * @param rows with a column {@code image}, {@code prompt} where captions are needed, and perhaps
   *     {@code cond_image}, {@code weight} and {@code id}
   * @throws FluxSparkException {@code INVALID_TABLE} where a column is missing
   */
  public static Dataset<Row> of(
      Dataset<Row> rows,
      String table,
      String base,
      String location,
      Subject subject,
      ExampleEncoder.Sizes sizes,
      String dtype) {
    TrainingColumns columns = TrainingColumns.of(rows.schema(), table, subject != Subject.VAE);
    int slots = Slots.of(rows.sparkSession());
    return rows.withColumn(
            Tables.RESERVED_PREFIX + POSITION, functions.monotonically_increasing_id())
        .repartition(slots)
        .mapPartitions(
            new TrainingExamples(location, columns, table, base, subject, sizes, dtype),
            Encoders.row(SCHEMA));
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    TaskContext context = TaskContext.get();
    ExampleEncoder encoder =
        ExampleEncoder.load(
            ModelLocation.open(location),
            subject,
            sizes,
            FluxModelLoader.device(PartitionImages.device(context)),
            DataType.fromName(dtype));
    context.addTaskCompletionListener((TaskCompletionListener) ended -> encoder.close());
    HadoopInputFiles files = new HadoopInputFiles(base, new TreeMap<>());
    PictureReader reader = new PictureReader(HadoopInputFiles.conf());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        return encoded(rows.next(), encoder, files, reader);
      }
    };
  }

  private Row encoded(
      Row row, ExampleEncoder encoder, HadoopInputFiles files, PictureReader reader) {
    long position = row.getLong(row.size() - 1);
    String id = columns.id() < 0 ? Long.toString(position) : text(row, columns.id());
    try {
      InputImage image = image(row, TrainingColumns.IMAGE, columns.image(), files);
      Example example =
          encoder.encode(
              id,
              reader.picture(TrainingColumns.IMAGE, image),
              edited(row, files, reader),
              caption(row));
      return row(position, example, caption(row), weight(row));
    } catch (FluxSparkException e) {
      if (e.code() != ErrorCode.INVALID_ROW) {
        throw e;
      }
      Object[] values = new Object[SCHEMA.size()];
      values[0] = position;
      values[1] =
          table + ": row " + (id == null ? position : "'" + id + "'") + ": " + e.getMessage();
      return RowFactory.create(values);
    }
  }

  /** The picture that is edited, where the row has one. */
  private Optional<Picture> edited(Row row, HadoopInputFiles files, PictureReader reader) {
    int position = columns.condImage();
    if (position < 0 || row.isNullAt(position)) {
      return Optional.empty();
    }
    String column = TrainingColumns.COND_IMAGE;
    return Optional.of(reader.picture(column, image(row, column, position, files)));
  }

  private InputImage image(Row row, String column, int position, HadoopInputFiles files) {
    Object value = PlanRows.given(row.isNullAt(position) ? null : row.get(position));
    if (value instanceof byte[] bytes) {
      return new InputImage(null, bytes, "");
    }
    if (value instanceof GivenImage given && given.bytes() != null) {
      return new InputImage(given.path(), given.bytes(), "");
    }
    String path =
        value instanceof GivenImage given
            ? given.path()
            : value instanceof String text ? text : null;
    if (path == null) {
      throw invalid(
          column + ": is missing; a path, a picture's bytes, or a struct of both is needed");
    }
    String resolved = files.resolve(path);
    return new InputImage(resolved, null, files.version(resolved));
  }

  private String caption(Row row) {
    if (columns.caption() < 0) {
      return "";
    }
    String caption = text(row, columns.caption());
    if (caption == null || caption.isBlank()) {
      throw invalid("prompt: is empty; a caption is needed");
    }
    return caption;
  }

  private double weight(Row row) {
    if (columns.weight() < 0 || row.isNullAt(columns.weight())) {
      return 1;
    }
    String text = text(row, columns.weight());
    try {
      double weight = Double.parseDouble(text);
      if (weight > 0 && Double.isFinite(weight)) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw invalid("weight: '" + text + "'; a number above 0 is needed");
  }

  private static String text(Row row, int position) {
    return row.isNullAt(position) ? null : String.valueOf(row.get(position));
  }

  private static FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_ROW, problem);
  }

  private static Row row(long position, Example example, String caption, double weight) {
    return RowFactory.create(
        position,
        null,
        example.id(),
        caption,
        weight,
        example.width(),
        example.height(),
        example.pixels(),
        bytes(example.mean()),
        bytes(example.logVariance()),
        bytes(example.condition()),
        example.clipIds(),
        example.t5Ids(),
        bytes(example.pooled()),
        bytes(example.hidden()));
  }

  /** An example back from its row. */
  static Example example(Row row) {
    return new Example(
        row.getAs("id"),
        row.<Integer>getAs("width"),
        row.<Integer>getAs("height"),
        row.getAs("pixels"),
        floats(row.getAs("mean")),
        floats(row.getAs("log_variance")),
        floats(row.getAs("condition")),
        longs(row, "clip_ids"),
        longs(row, "t5_ids"),
        floats(row.getAs("pooled")),
        floats(row.getAs("hidden")));
  }

  private static byte[] bytes(float[] numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    return bytes.array();
  }

  private static float[] floats(byte[] bytes) {
    float[] numbers = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
    return numbers;
  }

  private static long[] longs(Row row, String column) {
    return row.<Long>getList(row.fieldIndex(column)).stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Some captions, the same in every run, each with the picture that the first of its rows edits.
   */
  public static List<SampleSettings.Sample> samples(Dataset<Row> examples, int count) {
    Column prompt = functions.col(TrainingColumns.PROMPT);
    return examples
        .groupBy(prompt)
        .agg(
            functions
                .min_by(functions.struct("width", "height", "condition"), functions.col(POSITION))
                .as("first"))
        .orderBy(functions.xxhash64(prompt))
        .limit(count)
        .select(TrainingColumns.PROMPT, "first.*")
        .collectAsList()
        .stream()
        .map(
            row ->
                new SampleSettings.Sample(
                    row.getString(0), row.getInt(1), row.getInt(2), floats(row.getAs(3))))
        .toList();
  }

  /** Rows in the order of the table. */
  public static Dataset<Row> inOrder(Dataset<Row> examples) {
    return examples.repartition(1).sortWithinPartitions(POSITION);
  }
}
