package io.fluxspark.image;

import java.util.Map;

/**
 * Makes picture files. Safe for use by several threads. The same call gives the same bytes: no
 * time, no name and no random number enters a file.
 */
public interface PictureEncoder {
  static PictureEncoder of(PictureFormat format) {
    return switch (format) {
      case PNG -> new PngEncoder();
      case JPEG -> new JpegEncoder();
      case WEBP -> new WebpEncoder();
    };
  }

  /**
   * Makes a whole picture file.
   *
   * @param quality 1 to 100; PNG is always without loss, WebP at 100
   * @param parameters text to keep in the file, by keys of 1 to 79 printable ASCII signs. PNG has
   *     one text chunk a key; JPEG and WebP have one JSON object in the EXIF user comment. An
   *     unpaired surrogate becomes a question mark, NUL becomes U+FFFD. JPEG holds about 64 KB of
   *     them: the longest are cut until they fit
   * @throws IllegalArgumentException when the quality or a key is none
   */
  byte[] encode(Picture picture, int quality, Map<String, String> parameters);
}
