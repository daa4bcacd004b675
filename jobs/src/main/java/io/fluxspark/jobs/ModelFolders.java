package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.FluxPipeline;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.pipeline.ModelLocation;
import io.fluxspark.pipeline.ModelPrograms;
import io.fluxspark.pipeline.ModelReport;
import io.fluxspark.program.DataType;
import io.fluxspark.request.RequestDefaults;
import io.fluxspark.spark.FluxModelLoader;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/** Pipeline folders in FLUX.1's published layout, and the models that the library carries. */
final class ModelFolders implements Models {
  @Override
  public Model open(String location) {
    return named(
        () -> {
          ModelFolder folder = ModelLocation.open(location);
          FluxPipeline.verify(folder);
          Optional<String> builtin = ModelLocation.builtin(location);
          return new Model(
              builtin.isPresent() ? location : folder.path().toString(),
              builtin.orElse(String.valueOf(folder.path().getFileName())),
              folder.digest(),
              folder.license(),
              builtin.isPresent() ? RequestDefaults.tiny() : defaults(folder),
              folder.cost(),
              new FluxModelLoader());
        });
  }

  /**
   * What a model is, for people.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when it is not complete
   */
  static String report(String location) {
    return named(() -> location + ": " + ModelReport.of(ModelLocation.open(location)).text());
  }

  /**
   * Writes the programs of a model, see {@link ModelPrograms#write}.
   *
   * @param dtype in which they compute
   */
  static void writePrograms(String location, String dtype, Path target) {
    DataType type = DataType.valueOf(dtype.toUpperCase(Locale.ROOT));
    named(
        () -> {
          ModelPrograms.write(ModelLocation.open(location), type, target);
          return null;
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

  private static RequestDefaults defaults(ModelFolder folder) {
    return folder.transformerConfig().guidanceEmbeds()
        ? RequestDefaults.dev()
        : RequestDefaults.schnell();
  }
}
