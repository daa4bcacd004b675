package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a model is, as jobs name it: the path of a pipeline folder, a {@code file:} URI, or {@code
 * builtin:NAME} for one that this library carries.
 */
public final class ModelLocation {
  private static final String BUILTIN = "builtin:";
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*");

  private ModelLocation() {}

  /** The name of the built-in model that this location means, if it means one. */
  public static Optional<String> builtin(String location) {
    return location.startsWith(BUILTIN)
        ? Optional.of(location.substring(BUILTIN.length()))
        : Optional.empty();
  }

  /**
   * Looks through the model at a location, see {@link ModelFolder#open(Path)}.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when there is none, or it is not one that can
   *     be loaded
   */
  public static ModelFolder open(String location) {
    return open(location, Optional.empty());
  }

  /**
   * As {@link #open(String)}, where the user may say what the model is.
   *
   * @param variant decides where files alone cannot tell; elsewhere it must be what they say
   */
  public static ModelFolder open(String location, Optional<Variant> variant) {
    Optional<String> builtin = builtin(location);
    return ModelFolder.open(
        builtin.map(name -> BuiltinModel.of(name).unpack()).orElseGet(() -> path(location)),
        variant);
  }

  private static Path path(String location) {
    var scheme = SCHEME.matcher(location);
    if (!scheme.matches()) {
      return existing(location, Path.of(location));
    }
    if (!scheme.group(1).toLowerCase(Locale.ROOT).equals("file")) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          "model "
              + location
              + ": models are read from folders that every executor sees under the same path, or "
              + BUILTIN
              + "NAME; "
              + scheme.group(1)
              + ": is not read");
    }
    try {
      return existing(location, Path.of(URI.create(location)));
    } catch (IllegalArgumentException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL, "model " + location + ": is no file URI: " + e.getMessage(), e);
    }
  }

  private static Path existing(String location, Path path) {
    if (!Files.isDirectory(path)) {
      throw new FluxSparkException(
          ErrorCode.INVALID_MODEL,
          "model " + location + ": is no folder; the folder of a FLUX.1 pipeline is wanted");
    }
    try {
      return path.toRealPath();
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, "model " + location + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
