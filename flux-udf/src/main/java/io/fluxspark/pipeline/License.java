package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The licence that a model card names. */
final class License {
  private static final int LONGEST_FRONT_MATTER = 64 * 1024;
  private static final Pattern FRONT_MATTER =
      Pattern.compile("\\A\\uFEFF?---[ \\t]*\\R(.*?)^---", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern KEY =
      Pattern.compile(
          "^(license|license_name):[ \\t]*[\"']?([\\w.+:/ -]{1,100}?)[\"']?[ \\t]*(?:#.*)?$",
          Pattern.MULTILINE);

  private License() {}

  /**
   * The {@code license_name} of the front matter of {@code FOLDER/README.md}, else its {@code
   * license}, else {@code unknown}.
   */
  static String of(Path folder) {
    Matcher frontMatter = FRONT_MATTER.matcher(beginning(folder.resolve("README.md")));
    Map<String, String> values = new HashMap<>();
    if (frontMatter.find()) {
      Matcher key = KEY.matcher(frontMatter.group(1));
      while (key.find()) {
        values.putIfAbsent(key.group(1), key.group(2));
      }
    }
    return values.getOrDefault("license_name", values.getOrDefault("license", "unknown"));
  }

  private static String beginning(Path file) {
    if (!Files.isRegularFile(file)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LONGEST_FRONT_MATTER), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new FluxSparkException(ErrorCode.INPUT_OUTPUT, file + ": cannot be read: " + e, e);
    }
  }
}
