package io.fluxspark.jobs;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What a committer on S3 has noted down for itself. It cleans up after a commit, but where the
 * store is away at that moment it gives up, and the notes stay beside the files.
 */
final class CommitLeftovers {
  /** What the names of the magic committer's folders begin with. */
  private static final String MAGIC = "__magic";

  private CommitLeftovers() {}

  /** Deletes them from a folder that is committed. */
  static void delete(FileSystem files, Path committed) throws IOException {
    for (FileStatus left : files.listStatus(committed, path -> path.getName().startsWith(MAGIC))) {
      files.delete(left.getPath(), true);
    }
  }

  /**
   * Deletes them from committed folders.
   *
   * @param listed all files in them, and perhaps others
   */
  static void delete(FileSystem files, List<Path> listed, Set<Path> committed) throws IOException {
    Set<Path> left = new HashSet<>();
    for (Path file : listed) {
      for (Path path = file; path.getParent() != null; path = path.getParent()) {
        if (path.getName().startsWith(MAGIC) && committed.contains(path.getParent())) {
          left.add(path);
        }
      }
    }
    for (Path path : left) {
      files.delete(path, true);
    }
  }
}
