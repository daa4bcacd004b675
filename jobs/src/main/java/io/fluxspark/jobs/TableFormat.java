package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Table formats whose connectors users bring to Spark: a table is a name, or a path with a '/'. */
enum TableFormat {
  ICEBERG(
      "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.11.0",
      "org.apache.iceberg.spark.SparkCatalog",
      "metadata/version-hint.text") {
    /**
     * Iceberg's own: a table is the folder of its name in its warehouse, with no file elsewhere.
     */
    @Override
    String ofPath(SparkSession spark, Path path) {
      Path warehouse = path.getParent();
      String catalog = "fluxspark_" + DigestUtils.sha256Hex(warehouse.toString()).substring(0, 16);
      String setting = "spark.sql.catalog." + catalog;
      spark.conf().set(setting + ".type", "hadoop");
      spark.conf().set(setting + ".warehouse", warehouse.toString());
      spark.conf().set(setting + ".cache-enabled", "false");
      spark.conf().set(setting, connector());
      return catalog + "." + quoted(path.getName());
    }

    @Override
    Dataset<Row> stream(SparkSession spark, Path path) {
      return spark.readStream().table(ofPath(spark, path));
    }

    @Override
    void requireSettings(SparkSession spark, String option) {}
  },

  DELTA(
      "io.delta:delta-spark_4.1_2.13:4.4.0",
      "org.apache.spark.sql.delta.catalog.DeltaCatalog",
      "_delta_log") {
    @Override
    String ofPath(SparkSession spark, Path path) {
      return "delta." + quoted(path.toString());
    }

    @Override
    Dataset<Row> stream(SparkSession spark, Path path) {
      return spark.readStream().format(optionName()).load(path.toString());
    }

    @Override
    void requireSettings(SparkSession spark, String option) {
      requireSetting(
          spark, option, "spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension");
      requireSetting(spark, option, "spark.sql.catalog.spark_catalog", connector());
    }
  };

  private final String maven;
  private final String connector;
  private final String mark;

  TableFormat(String maven, String connector, String mark) {
    this.maven = maven;
    this.connector = connector;
    this.mark = mark;
  }

  /** The format of the table that a folder is, where it is one. */
  static Optional<TableFormat> ofFolder(FileSystem files, Path folder) throws IOException {
    for (TableFormat format : values()) {
      if (files.exists(new Path(folder, format.mark))) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** A table's name for SQL. */
  abstract String ofPath(SparkSession spark, Path path);

  /** What is added to a table. */
  abstract Dataset<Row> stream(SparkSession spark, Path path);

  abstract void requireSettings(SparkSession spark, String option);

  static Optional<TableFormat> named(String name) {
    return Arrays.stream(values()).filter(format -> format.optionName().equals(name)).findFirst();
  }

  static List<String> names() {
    return Arrays.stream(values()).map(TableFormat::optionName).toList();
  }

  String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The connector's catalog. */
  String connector() {
    return connector;
  }

  /** What {@code spark-submit --packages} is given. */
  String maven() {
    return maven;
  }

  static boolean isPath(String table) {
    return table.indexOf('/') >= 0;
  }

  /**
   * Looks whether Spark has the connector.
   *
   * @param option that asked for it, in messages
   * @throws FluxSparkException {@code INVALID_OPTION}
   */
  void require(SparkSession spark, String option) {
    try {
      Class.forName(connector, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          option
              + " "
              + optionName()
              + ": its connector is not on the class path; give spark-submit --packages "
              + maven,
          e);
    }
    requireSettings(spark, option);
  }

  final void requireSetting(SparkSession spark, String option, String key, String value) {
    if (!Arrays.asList(spark.conf().get(key, "").split("\\s*,\\s*")).contains(value)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          option
              + " "
              + optionName()
              + ": the setting "
              + key
              + "="
              + value
              + " is missing; see conf/"
              + optionName()
              + ".conf");
    }
  }

  static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }
}
