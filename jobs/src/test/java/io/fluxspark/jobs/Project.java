package io.fluxspark.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Files of this project that tests use from outside their own module. */
final class Project {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();

  private Project() {}

  /** A file or folder; one that is missing fails the test. */
  static Path path(String name) {
    Path path = ROOT.resolve(name);
    if (!Files.exists(path)) {
      throw new AssertionError(name + " is missing in the project");
    }
    return path;
  }

  /** A golden pipeline folder, such as {@code dev}. */
  static Path golden(String name) {
    return path("flux-udf/src/test/resources/golden").resolve(name);
  }

  /**
   * A golden pipeline folder; of {@code fill} and {@code control}, which are stored as what differs
   * from {@code dev}, one that is made of both.
   *
   * @param target where it may be made
   */
  static Path model(String name, Path target) throws IOException {
    if (Files.isDirectory(golden(name).resolve("vae"))) {
      return golden(name);
    }
    Path transformer = copy(golden("dev"), target).resolve("transformer");
    Files.move(
        transformer.resolve("diffusion_pytorch_model.safetensors"),
        transformer.resolve("dev.safetensors"));
    return copy(golden(name), target);
  }

  /**
   * A golden model in BFL's single files, beside the text encoders of {@code dev}.
   *
   * @param name below {@code single}
   * @param target where it is made
   */
  static Path singleFiles(String name, Path target) throws IOException {
    for (String part : List.of("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")) {
      copy(golden("dev").resolve(part), Files.createDirectories(target).resolve(part));
    }
    Files.copy(golden("single/ae.safetensors"), target.resolve("ae.safetensors"));
    return copy(golden("single/" + name), target);
  }

  /** Copies a pipeline folder without its cases; what is there already is written over. */
  static Path copy(Path source, Path target) {
    try (Stream<Path> all = Files.walk(source)) {
      for (Path path : all.filter(p -> !p.startsWith(source.resolve("cases"))).toList()) {
        Path copy = target.resolve(source.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
