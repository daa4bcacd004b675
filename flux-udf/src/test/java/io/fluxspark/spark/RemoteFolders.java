package io.fluxspark.spark;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Folders of this host as if they were elsewhere, under {@code remote:///PATH}: counts what is
 * read, and breaks off where it is told to.
 */
public final class RemoteFolders extends RawLocalFileSystem {
  /** The names of files that were opened. */
  static final List<String> OPENED = new CopyOnWriteArrayList<>();

  /** A file of this name breaks off after half its bytes; null for none. */
  static volatile String broken;

  static Configuration configuration() {
    Configuration conf = new Configuration();
    conf.set("fs.remote.impl", RemoteFolders.class.getName());
    return conf;
  }

  static String uri(java.nio.file.Path folder) {
    return "remote://" + folder.toAbsolutePath();
  }

  @Override
  public URI getUri() {
    return URI.create("remote:///");
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return plain(super.getFileStatus(path));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return Arrays.stream(super.listStatus(path))
        .map(RemoteFolders::plain)
        .toArray(FileStatus[]::new);
  }

  /** Hadoop's own asks the local disk for the owner, by the URI. */
  private static FileStatus plain(FileStatus status) {
    return new FileStatus(
        status.getLen(),
        status.isDirectory(),
        1,
        status.getBlockSize(),
        status.getModificationTime(),
        status.getPath());
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    OPENED.add(path.getName());
    FSDataInputStream in = super.open(path, bufferSize);
    return path.getName().equals(broken)
        ? new FSDataInputStream(new Broken(in, getFileStatus(path).getLen() / 2))
        : in;
  }

  private static final class Broken extends FSInputStream {
    private final FSDataInputStream in;
    private final long end;

    private Broken(FSDataInputStream in, long end) {
      this.in = in;
      this.end = end;
    }

    @Override
    public int read() throws IOException {
      if (in.getPos() >= end) {
        throw new IOException("connection lost");
      }
      return in.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (in.getPos() >= end) {
        throw new IOException("connection lost");
      }
      return in.read(bytes, offset, (int) Math.min(length, end - in.getPos()));
    }

    @Override
    public void seek(long position) throws IOException {
      in.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return in.getPos();
    }

    @Override
    public boolean seekToNewSource(long target) {
      return false;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
