package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Writes the pictures of one partition; gives how many there were. A task that is tried again
 * writes the same files again.
 */
record ExportTask(
    String target, ExportFormat format, int imagesPerShard, SerializableConfiguration conf)
    implements MapPartitionsFunction<Row, Long> {
  private static final int FOLDER_DIGITS = 2;

  @Override
  public Iterator<Long> call(Iterator<Row> rows) {
    try {
      FileSystem files = new Path(target).getFileSystem(conf.value());
      long count = 0;
      for (int shard = 0; rows.hasNext(); shard++) {
        count +=
            format == ExportFormat.FILES ? writeFiles(files, rows) : writeShard(files, rows, shard);
      }
      return List.of(count).iterator();
    } catch (IOException e) {
      throw StorageFailure.of(ErrorCode.INPUT_OUTPUT, "--target " + target, "cannot be written", e);
    }
  }

  private long writeFiles(FileSystem files, Iterator<Row> rows) throws IOException {
    long count = 0;
    while (rows.hasNext()) {
      ExportedPicture picture = picture(rows.next());
      Path folder = new Path(target, picture.name().substring(0, FOLDER_DIGITS));
      for (Map.Entry<String, byte[]> file : picture.files().entrySet()) {
        try (OutputStream out = files.create(new Path(folder, file.getKey()), true)) {
          out.write(file.getValue());
        }
      }
      count++;
    }
    return count;
  }

  private long writeShard(FileSystem files, Iterator<Row> rows, int shard) throws IOException {
    String name = String.format(Locale.ROOT, "%05d-%05d.tar", TaskContext.getPartitionId(), shard);
    long count = 0;
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(files.create(new Path(target, name), true))) {
      for (; rows.hasNext() && count < imagesPerShard; count++) {
        for (Map.Entry<String, byte[]> file : picture(rows.next()).files().entrySet()) {
          TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
          entry.setModTime(0);
          entry.setSize(file.getValue().length);
          tar.putArchiveEntry(entry);
          tar.write(file.getValue());
          tar.closeArchiveEntry();
        }
      }
    }
    return count;
  }

  private static ExportedPicture picture(Row row) {
    return new ExportedPicture(
        row.getString(0), row.<byte[]>getAs(1), row.getString(2), row.getString(3));
  }
}
