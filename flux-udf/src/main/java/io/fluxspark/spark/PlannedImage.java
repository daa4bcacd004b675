package io.fluxspark.spark;

import io.fluxspark.request.ImageRequest;
import org.apache.spark.sql.Row;

/**
 * One picture to make.
 *
 * @param row the planned row that it came from
 */
record PlannedImage(ImageRequest request, Row row) {}
