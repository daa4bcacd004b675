package io.fluxspark.spark;

import io.fluxspark.image.PictureScores;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Between planned rows, requests and written rows. */
record ImageRow(ImageRequest request) {
  private static final int NAME_DIGITS = 16;

  /** A row of {@link RequestTable#images} as a request. */
  static PlannedImage planned(Row row) {
    GenerationRequest request =
        new GenerationRequest(
            row.getString(0),
            row.getString(1),
            Optional.ofNullable(row.getString(2)),
            Optional.ofNullable(row.getString(3)),
            row.getDouble(4),
            row.getInt(5),
            row.getInt(6),
            row.getInt(7),
            row.getDouble(8),
            row.getLong(9),
            row.getInt(10),
            row.getInt(11));
    return new PlannedImage(new ImageRequest(request, row.getInt(12), row.getString(13)), row);
  }

  /** The request's columns as this picture used them: the seed is the picture's own. */
  List<Object> requestColumns() {
    GenerationRequest values = request.request();
    return Arrays.asList(
        values.id(),
        values.prompt(),
        values.prompt2().orElse(null),
        values.negativePrompt().orElse(null),
        values.trueCfgScale(),
        values.height(),
        values.width(),
        values.numInferenceSteps(),
        values.guidanceScale(),
        request.seed(),
        values.numImagesPerPrompt(),
        values.maxSequenceLength());
  }

  /** A row of {@link Tables#images}. */
  static Row made(ImageOutcome.Made made, GenerationJob job) {
    ImageRequest request = made.planned().request();
    List<Object> row = new ArrayList<>(new ImageRow(request).requestColumns());
    row.add(request.index());
    row.add(RowFactory.create(made.file(), fileName(request, job)));
    row.add(sha256(made.file()));
    row.add(job.modelName());
    row.add(job.settings().modelDigest());
    row.add(job.license());
    row.add(made.seconds().text());
    row.add(made.seconds().denoising());
    row.add(made.seconds().decoding());
    row.add(made.encodingSeconds());
    PictureScores scores = made.scores();
    row.add(scores == null ? null : scores.perceptualHash());
    row.add(scores == null ? null : scores.sharpness());
    row.add(scores == null ? null : scores.flatness());
    row.add(made.verdict());
    row.add(request.requestKey());
    row.add(job.runId());
    Row planned = made.planned().row();
    for (int i = Tables.PLANNED.size(); i < planned.size(); i++) {
      row.add(planned.get(i));
    }
    return RowFactory.create(row.toArray());
  }

  private static String fileName(ImageRequest request, GenerationJob job) {
    return request.requestKey().substring(0, NAME_DIGITS)
        + "."
        + job.pictureFormat().fileExtension();
  }

  private static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(DigestUtils.sha256(bytes));
  }
}
