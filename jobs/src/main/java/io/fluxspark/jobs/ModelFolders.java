package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.ModelPrograms;
import io.fluxspark.pipeline.ModelReport;
import io.fluxspark.program.DataType;
import io.fluxspark.spark.Model;
import io.fluxspark.spark.OpenModel;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Pipeline folders in FLUX.1's published layout, on this host or elsewhere, and the models that the
 * library carries.
 */
final class ModelFolders implements Models {
  @Override
  public Model open(ModelSource source) {
    return named(
        () -> {
          try (OpenModel model = source.open()) {
            return Model.of(model);
          }
        });
  }

  /**
   * What a model is, for people.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is not complete
   */
  static String report(ModelSource source) {
    return named(
        () -> {
          try (OpenModel model = source.open()) {
            return source.location() + ": " + ModelReport.of(model.folder()).text();
          }
        });
  }

  /**
   * Writes the programs of a model, see {@link ModelPrograms#write}.
   *
   * @param dtype in which they compute
   */
  static void writePrograms(ModelSource source, String dtype, Path target) {
    DataType type = DataType.fromName(dtype);
    named(
        () -> {
          try (OpenModel model = source.open()) {
            ModelPrograms.write(model.folder(), type, target);
            return null;
          }
        });
  }

  /** Whatever is wrong with a model was named by this option. */
  private static <T> T named(Supplier<T> work) {
    try {
      return work.get();
    } catch (FluxSparkException e) {
      throw e.code() == ErrorCode.INVALID_MODEL
          ? new FluxSparkException(e.code(), "--model: " + e.getMessage(), e)
          : e;
    }
  }
}
