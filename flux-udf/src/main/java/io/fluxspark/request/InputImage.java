package io.fluxspark.request;

import java.util.Objects;
import java.util.Optional;

/**
 * A picture that a row brings: by its path, by its bytes, or by both, in which case the bytes count
 * and the path is a name.
 *
 * @param path a URI or a path; null where the row has none
 * @param bytes the picture file; null where it is to be read from the path; not copied
 * @param version what changes when the picture does: for bytes their SHA-256, for a path what its
 *     file system says
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; it may have megabytes
public record InputImage(String path, byte[] bytes, String version) {
  public InputImage {
    Objects.requireNonNull(version, "version");
    if (path == null && bytes == null) {
      throw new IllegalArgumentException("a picture without path and bytes");
    }
  }

  /** The picture file where the row holds it. */
  public Optional<byte[]> file() {
    return Optional.ofNullable(bytes);
  }

  /** What names the picture in a request's identity: its content, or its path and version. */
  String identity() {
    return bytes == null ? path + "@" + version : version;
  }

  /** What names the picture in the content of a row. */
  String content() {
    return bytes == null ? path : version;
  }
}
