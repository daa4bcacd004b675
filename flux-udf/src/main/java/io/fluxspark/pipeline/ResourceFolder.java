package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Folders inside the library's jar, which must be on disk before their weights can be mapped. */
final class ResourceFolder {
  private ResourceFolder() {}

  /**
   * The folder around a resource as a folder on disk, unpacked where the library is a jar and then
   * gone with the process.
   *
   * @param resource the absolute name of a file in the folder
   */
  static Path unpack(String resource) {
    try {
      URI uri = ResourceFolder.class.getResource(resource).toURI();
      if (!uri.getScheme().equals("jar")) {
        return Path.of(uri).getParent();
      }
      String jar = uri.toString().substring(0, uri.toString().indexOf('!'));
      return temporary(
          folder -> unpack(Path.of(URI.create(jar.substring("jar:".length()))), resource, folder));
    } catch (URISyntaxException e) {
      throw failed(e);
    }
  }

  private static void unpack(Path jar, String resource, Path folder) throws IOException {
    // A file system of our own: the one by URI is shared with whoever else opened this jar.
    try (FileSystem files = FileSystems.newFileSystem(jar, Map.of())) {
      copy(files.getPath(resource).getParent(), folder);
    }
  }

  /** Fills a folder. */
  @FunctionalInterface
  interface Filling {
    void fill(Path folder) throws IOException;
  }

  /** A folder that is gone with the process. */
  static Path temporary(Filling filling) {
    try {
      Path folder = Files.createTempDirectory("fluxspark-model-");
      try {
        filling.fill(folder);
      } finally {
        deleteOnExit(folder);
      }
      return folder;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static void deleteOnExit(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      // From the top down; they are deleted from the bottom up.
      all.forEach(path -> path.toFile().deleteOnExit());
    }
  }

  private static FluxSparkException failed(Exception e) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT,
        "the built-in model cannot be unpacked to "
            + System.getProperty("java.io.tmpdir")
            + ": "
            + e.getMessage(),
        e);
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(from)) {
      paths = walk.toList();
    }
    for (Path path : paths) {
      Path copy = to.resolve(from.relativize(path).toString());
      if (Files.isDirectory(path)) {
        Files.createDirectories(copy);
      } else {
        Files.copy(path, copy);
      }
    }
  }
}
