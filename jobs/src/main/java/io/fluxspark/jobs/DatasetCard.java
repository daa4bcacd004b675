package io.fluxspark.jobs;

import io.fluxspark.spark.GenerationJob;
import io.fluxspark.spark.Tables;
import java.util.Optional;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The {@code README.md} that Hugging Face's {@code datasets} reads: where the rows are, and which
 * column is a picture. A column of a type that it has no name for leaves the features to be
 * guessed.
 */
final class DatasetCard {
  private DatasetCard() {}

  /**
   * The card's text.
   *
   * @param images schema of the rows
   */
  static String of(StructType images, GenerationJob job) {
    StringBuilder card = new StringBuilder();
    card.append("---\n");
    card.append("configs:\n");
    card.append("- config_name: default\n");
    card.append("  data_files:\n");
    card.append("  - split: train\n");
    card.append("    path: data/**/*.parquet\n");
    features(images)
        .ifPresent(features -> card.append("dataset_info:\n  features:\n").append(features));
    card.append("---\n\n");
    card.append("# Pictures made by fluxspark\n\n");
    card.append("- Model: ").append(oneLine(job.modelName())).append('\n');
    card.append("- License of the model: ").append(oneLine(job.license())).append('\n');
    card.append("- `data/`: one row a picture; `image.bytes` is the picture file\n");
    card.append("- `gallery.html`: pictures with their prompts, for a browser\n");
    card.append("- `_errors/`: one row a request that failed\n");
    card.append("- `_runs/`: one report a run\n");
    return card.toString();
  }

  private static Optional<String> features(StructType images) {
    StringBuilder features = new StringBuilder();
    for (StructField field : images.fields()) {
      Optional<String> feature =
          field.name().equals(Tables.IMAGE)
              ? Optional.of("    dtype: image\n")
              : feature(field.dataType(), "    ");
      if (feature.isEmpty()) {
        return Optional.empty();
      }
      features.append("  - name: ").append(quoted(field.name())).append('\n').append(feature.get());
    }
    return Optional.of(features.toString());
  }

  /** Lines of one feature, or nothing for a type that has no name there. */
  private static Optional<String> feature(DataType type, String indent) {
    if (type instanceof StructType struct) {
      StringBuilder lines = new StringBuilder(indent).append("struct:\n");
      for (StructField field : struct.fields()) {
        Optional<String> feature = feature(field.dataType(), indent + "  ");
        if (feature.isEmpty()) {
          return Optional.empty();
        }
        lines.append(indent).append("- name: ").append(quoted(field.name())).append('\n');
        lines.append(feature.get());
      }
      return Optional.of(lines.toString());
    }
    if (type instanceof ArrayType array) {
      return scalar(array.elementType()).map(name -> indent + "list: " + name + "\n");
    }
    return scalar(type).map(name -> indent + "dtype: " + name + "\n");
  }

  private static Optional<String> scalar(DataType type) {
    if (type instanceof StringType) {
      return Optional.of("string");
    }
    if (type instanceof DecimalType decimal) {
      return Optional.of("decimal128(" + decimal.precision() + ", " + decimal.scale() + ")");
    }
    if (type.equals(DataTypes.TimestampType)) {
      return Optional.of("timestamp[us, tz=UTC]");
    }
    if (type.equals(DataTypes.TimestampNTZType)) {
      return Optional.of("timestamp[us]");
    }
    return switch (type.typeName()) {
      case "boolean" -> Optional.of("bool");
      case "byte" -> Optional.of("int8");
      case "short" -> Optional.of("int16");
      case "integer" -> Optional.of("int32");
      case "long" -> Optional.of("int64");
      case "float" -> Optional.of("float32");
      case "double" -> Optional.of("float64");
      case "binary" -> Optional.of("binary");
      case "date" -> Optional.of("date32");
      default -> Optional.empty();
    };
  }

  private static String quoted(String name) {
    return "'" + name.replace("'", "''") + "'";
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }
}
