package io.fluxspark.spark;

import java.nio.file.Path;

/** Paths of this host as rows and options name them. */
final class LocalFiles {
  private LocalFiles() {}

  /** A path, with or without {@code file:} in front; taken apart as Hadoop does, blanks and all. */
  static Path path(String name) {
    return Path.of(new org.apache.hadoop.fs.Path(name).toUri().getPath());
  }
}
