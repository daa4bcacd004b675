package io.fluxspark.jobs;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files of this project that tests use from outside their own module. */
final class Project {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();

  private Project() {}

  /** A file or folder; one that is missing fails the test. */
  static Path path(String name) {
    Path path = ROOT.resolve(name);
    if (!Files.exists(path)) {
      throw new AssertionError(name + " is missing in the project");
    }
    return path;
  }

  /** A golden pipeline folder, such as {@code dev}. */
  static Path golden(String name) {
    return path("flux-udf/src/test/resources/golden").resolve(name);
  }
}
