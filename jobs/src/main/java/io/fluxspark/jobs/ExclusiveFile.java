package io.fluxspark.jobs;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;

/**
 * A small file that only one of many writers can make, in whatever processes and on whatever hosts
 * they are.
 *
 * <p>On local disks the file is linked into place, on S3 it is one conditional PUT: whoever sees
 * the file sees all of it. On other file systems, such as HDFS, the file is there from the moment
 * its writer has won, and is complete a moment later.
 */
final class ExclusiveFile {
  private static final String CONDITIONAL =
      CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE;

  /** Metadata that tells a writer its own file, where S3's answer to the first try was lost. */
  private static final String WRITER = "fluxspark-writer";

  private static final int TRIES = 5;
  private static final long PAUSE_MILLIS = 200;

  private ExclusiveFile() {}

  /**
   * Makes a file, and the folders that it needs, if nothing has that name.
   *
   * @return whether this call made it; false when there is one already
   * @throws IOException when neither is certain, or the store cannot do it
   */
  static boolean create(FileSystem files, Path path, byte[] content) throws IOException {
    String scheme = files.getUri().getScheme();
    if ("file".equals(scheme)) {
      return link(java.nio.file.Path.of(files.makeQualified(path).toUri().getPath()), content);
    }
    if (files.hasPathCapability(path, CONDITIONAL)) {
      return put(files, path, content);
    }
    if ("s3a".equals(scheme)) {
      // Two plain PUTs both succeed, and the check before them proves nothing.
      throw new IOException(
          path
              + ": cannot be written by one writer alone; hadoop-aws 3.4.2 or newer and"
              + " fs.s3a.create.conditional.enabled=true are needed");
    }
    return createNew(files, path, content);
  }

  /** Hadoop's own local file system looks first and creates later, so it is not asked. */
  private static boolean link(java.nio.file.Path path, byte[] content) throws IOException {
    Files.createDirectories(path.getParent());
    java.nio.file.Path draft =
        path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID());
    try {
      Files.write(draft, content, StandardOpenOption.CREATE_NEW);
      try {
        Files.createLink(path, draft);
      } catch (FileAlreadyExistsException e) {
        return false;
      } catch (FileSystemException | UnsupportedOperationException e) {
        // No hard links here, as on FAT and some network drives: one write, into a new file.
        return writeNew(path, content);
      }
      return true;
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static boolean writeNew(java.nio.file.Path path, byte[] content) throws IOException {
    try {
      Files.write(path, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private static boolean put(FileSystem files, Path path, byte[] content) throws IOException {
    String writer = UUID.randomUUID().toString();
    IOException failure = null;
    for (int tries = 0; tries < TRIES; tries++) {
      try {
        FSDataOutputStreamBuilder<?, ?> builder = files.createFile(path).overwrite(false);
        builder.recursive();
        builder.must(CONDITIONAL, true);
        builder.opt("fs.s3a.create.header." + WRITER, writer);
        FSDataOutputStream out = builder.build();
        // Not closed when writing fails: closing is what makes the object.
        out.write(content);
        out.close();
        return true;
      } catch (IOException e) {
        failure = e;
      }
      // The name is taken, or two writers were at it at the same time and S3 refused this one.
      try {
        files.getFileStatus(path);
        return isFrom(writer, files, path);
      } catch (FileNotFoundException e) {
        failure.addSuppressed(e);
        pause();
      }
    }
    throw failure;
  }

  private static boolean isFrom(String writer, FileSystem files, Path path) throws IOException {
    try {
      byte[] found = files.getXAttr(path, "header." + WRITER);
      return Arrays.equals(found, writer.getBytes(StandardCharsets.UTF_8));
    } catch (UnsupportedOperationException | FileNotFoundException e) {
      return false; // a store without metadata, or another's file that is gone again
    }
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private static boolean createNew(FileSystem files, Path path, byte[] content) throws IOException {
    FSDataOutputStream out;
    try {
      out = files.create(path, false);
    } catch (IOException e) {
      if (files.exists(path)) {
        return false;
      }
      throw e;
    }
    try (out) {
      out.write(content);
    } catch (IOException e) {
      files.delete(path, false);
      throw e;
    }
    return true;
  }
}
