package io.fluxspark.image;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The kinds of picture file that can be written. */
public enum PictureFormat {
  PNG("png", "image/png"),
  JPEG("jpg", "image/jpeg"),
  WEBP("webp", "image/webp");

  private final String fileExtension;
  private final String mime;

  PictureFormat(String fileExtension, String mime) {
    this.fileExtension = fileExtension;
    this.mime = mime;
  }

  /**
   * @param name as {@link #formatName()} gives it, in any case
   * @throws FluxSparkException {@code INVALID_OPTION} for any other
   */
  public static PictureFormat fromName(String name) {
    for (PictureFormat format : values()) {
      if (format.formatName().equals(name.toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    String known =
        Arrays.stream(values()).map(PictureFormat::formatName).collect(Collectors.joining(", "));
    throw new FluxSparkException(
        ErrorCode.INVALID_OPTION,
        "image format '" + name + "' is unknown; one of " + known + " is wanted");
  }

  /** The name in options: png, jpeg, webp. */
  public String formatName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Without a dot. */
  public String fileExtension() {
    return fileExtension;
  }

  /** The media type. */
  public String mime() {
    return mime;
  }
}
