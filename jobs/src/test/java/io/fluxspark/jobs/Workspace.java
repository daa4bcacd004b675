package io.fluxspark.jobs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A folder with one prompt table and the outputs that tests make of it. */
record Workspace(Path folder) {
  /** Writes a file, of which each element is a line. */
  Path file(String name, String... lines) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      return Files.writeString(file, String.join("\n", lines) + (lines.length == 0 ? "" : "\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path output(String name) {
    return folder.resolve(name);
  }

  /** {@code generate} with these options, into an output of that name. */
  String[] generate(Path prompts, String output, String... options) {
    List<String> all = new ArrayList<>(List.of("generate", "--prompts", prompts.toString()));
    all.addAll(List.of("--output", output(output).toString()));
    all.addAll(Arrays.asList(options));
    return all.toArray(String[]::new);
  }

  /** What an output's committed pictures are. */
  Dataset<Row> images(String output) {
    return TestSpark.session().read().parquet(output(output).resolve("data").toString());
  }

  /** What an output's failed requests are. */
  List<Row> errors(String output) {
    return TestSpark.session()
        .read()
        .parquet(output(output).resolve("_errors").toString())
        .orderBy("error_message")
        .collectAsList();
  }

  /** A column of the pictures, by id and number. */
  <T> Map<String, T> byImage(String output, String column) {
    Map<String, T> values = new TreeMap<>();
    for (Row row : images(output).select("id", "image_index", column).collectAsList()) {
      if (values.put(row.getString(0) + "/" + row.getInt(1), row.<T>getAs(2)) != null) {
        throw new AssertionError("picture " + row + " is there twice");
      }
    }
    return values;
  }

  /** The red, green and blue of all pixels, by id and number. */
  Map<String, int[]> pixels(String output) {
    Map<String, int[]> pixels = new TreeMap<>();
    this.<byte[]>byImage(output, "image.bytes")
        .forEach((image, file) -> pixels.put(image, pixels(file)));
    return pixels;
  }

  /** The red, green and blue of all pixels of a picture file. */
  static int[] pixels(byte[] file) {
    try {
      var image = ImageIO.read(new ByteArrayInputStream(file));
      return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The largest difference of any value, of 255. */
  static int largestDifference(int[] a, int[] b) {
    if (a.length != b.length) {
      throw new AssertionError("pictures of " + a.length + " and " + b.length + " values");
    }
    int largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  /** Every file below the folder, relative to it. */
  List<String> files() {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
