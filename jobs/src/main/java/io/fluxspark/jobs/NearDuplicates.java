package io.fluxspark.jobs;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.spark.Tables;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * Pictures of one prompt that look like an earlier one of it. They are found among what is
 * committed, since pictures of one prompt are made in different tasks, portions and runs.
 *
 * @param distance pictures are alike whose perceptual hashes differ in so many of 64 bits, or fewer
 */
record NearDuplicates(int distance) implements Serializable {
  private static final int BITS = 64;
  private static final int MOST = BITS - 1;

  NearDuplicates {
    if (distance < 0 || distance > MOST) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          "--skip-near-duplicates: "
              + distance
              + "; a whole number of bits from 0 to "
              + MOST
              + " is needed");
    }
  }

  /**
   * Which pictures to leave out. Those of a prompt are gone through by {@code image_index}, then
   * {@code request_key}; each that is like one that was kept is left out. One without a hash is
   * like no other. Only hashes are shuffled, no pictures; those of one prompt must fit one task's
   * memory, 8 bytes each.
   *
   * @param images committed pictures
   * @return their {@code request_key}
   * @throws FluxSparkException {@code INVALID_OUTPUT} when none has a hash
   */
  Dataset<String> of(Dataset<Row> images) {
    Dataset<Row> hashed =
        images
            .select(
                text(images),
                col(Tables.IMAGE_INDEX),
                col(Tables.REQUEST_KEY),
                col(Tables.PERCEPTUAL_HASH))
            .where(col(Tables.PERCEPTUAL_HASH).isNotNull());
    if (hashed.isEmpty()) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OUTPUT,
          "--skip-near-duplicates: no picture has a "
              + Tables.PERCEPTUAL_HASH
              + "; generate fills it with --scores");
    }
    return hashed
        .groupByKey((MapFunction<Row, String>) row -> row.getString(0), Encoders.STRING())
        .flatMapSortedGroups(
            new Column[] {col(Tables.IMAGE_INDEX), col(Tables.REQUEST_KEY)},
            (FlatMapGroupsFunction<String, Row, String>) this::alike,
            Encoders.STRING());
  }

  /** The prompt, or what names the embeddings in its place; older outputs have none. */
  private static Column text(Dataset<Row> images) {
    Column prompt = col(RequestColumns.PROMPT);
    return Arrays.asList(images.columns()).contains(Tables.PROMPT_EMBEDS_SHA256)
        ? coalesce(prompt, col(Tables.PROMPT_EMBEDS_SHA256))
        : prompt;
  }

  /** Pictures without some; these are held in memory everywhere, some 100 bytes each. */
  static Dataset<Row> without(Dataset<Row> images, Dataset<String> left) {
    Dataset<Row> keys = broadcast(left.toDF(Tables.REQUEST_KEY));
    return images.join(
        keys, images.col(Tables.REQUEST_KEY).equalTo(keys.col(Tables.REQUEST_KEY)), "left_anti");
  }

  private Iterator<String> alike(String prompt, Iterator<Row> pictures) {
    List<String> alike = new ArrayList<>();
    long[] kept = new long[16];
    int size = 0;
    while (pictures.hasNext()) {
      Row picture = pictures.next();
      long hash = picture.getLong(3);
      if (isNear(hash, kept, size)) {
        alike.add(picture.getString(2));
      } else {
        kept = size < kept.length ? kept : Arrays.copyOf(kept, 2 * size);
        kept[size++] = hash;
      }
    }
    return alike.iterator();
  }

  private boolean isNear(long hash, long[] kept, int size) {
    for (int i = 0; i < size; i++) {
      if (Long.bitCount(hash ^ kept[i]) <= distance) {
        return true;
      }
    }
    return false;
  }
}
