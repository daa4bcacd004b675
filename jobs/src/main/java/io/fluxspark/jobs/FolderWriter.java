package io.fluxspark.jobs;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** A lease of an output folder. Portions, numbered on, are written under it. */
final class FolderWriter implements OutputWriter {
  private final FolderOutput output;
  private final Lease lease;
  private final int first;
  private final StructType images;
  private int next;

  FolderWriter(FolderOutput output, Lease lease, int first, StructType images) {
    this.output = output;
    this.lease = lease;
    this.first = first;
    this.images = images;
    this.next = first;
  }

  @Override
  public FolderPortion next() {
    return output.portion(next++, lease);
  }

  @Override
  public Dataset<Row> images() {
    return output.imagesFrom(first);
  }

  @Override
  public List<String> finish(RunReport report) {
    output.deleteLeftovers();
    List<String> places = new ArrayList<>();
    places.add("table:    " + output.path("data") + " (Parquet, one row an image)");
    if (report.counts().made() > 0) {
      int previews = Preview.write(images(), output);
      Gallery.write(output, report.job().runId());
      places.add(
          "pictures: " + output.path(Preview.FOLDER) + " (the first " + previews + " as files)");
      places.add("gallery:  " + output.path(Gallery.FILE) + " (open in a browser)");
    }
    if (report.counts().errors() > 0) {
      places.add("errors:   " + output.path("_errors") + " (Parquet, one row a failed request)");
    }
    output.write(FolderOutput.report(report.job().runId()), report.json());
    output.write("README.md", DatasetCard.of(images, report.job()));
    return places;
  }

  @Override
  public void close() {
    lease.close();
  }
}
