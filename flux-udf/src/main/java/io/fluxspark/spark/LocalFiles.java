package io.fluxspark.spark;

import java.net.URI;
import java.nio.file.Path;

/** Paths of this host as rows and options name them. */
final class LocalFiles {
  private LocalFiles() {}

  /** A path, with or without {@code file:} in front. */
  static Path path(String name) {
    return name.startsWith("file:") ? Path.of(URI.create(name).getPath()) : Path.of(name);
  }
}
