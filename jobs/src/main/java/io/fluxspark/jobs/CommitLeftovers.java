package io.fluxspark.jobs;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

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
   * Deletes them from all folders below one, where nobody may be writing; by one listing of
   * everything.
   */
  static void deleteBelow(FileSystem files, Path folder) throws IOException {
    if (!files.exists(folder)) {
      return;
    }
    Set<Path> left = new HashSet<>();
    RemoteIterator<LocatedFileStatus> all = files.listFiles(folder, true);
    while (all.hasNext()) {
      for (Path path = all.next().getPath().getParent();
          path.depth() > folder.depth();
          path = path.getParent()) {
        if (path.getName().startsWith(MAGIC)) {
          left.add(path);
        }
      }
    }
    for (Path path : left) {
      files.delete(path, true);
    }
  }
}
