package io.fluxspark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.weights.Checkpoint;
import io.fluxspark.weights.TensorEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The golden pipeline folders. */
public final class Golden {
  private static final Path FOLDER = Path.of("src/test/resources/golden");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Golden() {}

  /** A file or folder that must be there. */
  public static Path path(String name) {
    Path path = FOLDER.resolve(name);
    if (!Files.exists(path)) {
      throw new IllegalStateException("test data is missing: " + path);
    }
    return path;
  }

  /** A tensor of whole numbers of a case's {@code expected.safetensors}, row by row. */
  public static long[][] longs(String caseName, String tensor) {
    TensorEntry entry =
        Checkpoint.open(path(caseName), "expected").find(tensor).orElseThrow().parts().get(0);
    int columns = Math.toIntExact(entry.shape().get(1));
    try {
      LongBuffer values =
          ByteBuffer.wrap(
                  Files.readAllBytes(entry.file()), (int) entry.offset(), (int) entry.length())
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      long[][] rows = new long[Math.toIntExact(entry.shape().get(0))][columns];
      for (long[] row : rows) {
        values.get(row);
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A JSON file that must be there. */
  public static JsonNode json(String name) {
    try {
      return JSON.readTree(path(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies a pipeline folder without its cases, for a test that changes it. */
  public static Path copy(String name, Path target) {
    Path source = path(name);
    try (Stream<Path> paths = Files.walk(source)) {
      List<Path> copied = paths.filter(path -> !path.startsWith(source.resolve("cases"))).toList();
      for (Path path : copied) {
        Path copy = target.resolve(source.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A whole pipeline folder: the golden one, or for {@code fill} and {@code control}, of which only
   * what differs from {@code dev} is stored, a folder made of both. Where single files are stored,
   * they are put beside the text encoders and tokenizers of {@code dev} or {@code schnell}.
   *
   * @param target where a folder may be made
   */
  public static Path model(String name, Path target) {
    if (Files.isDirectory(path(name).resolve("vae"))) {
      return path(name);
    }
    if (!Files.isDirectory(path(name).resolve("transformer"))) {
      return singleFiles(path(name), target);
    }
    try {
      Path transformer = copy("dev", target).resolve("transformer");
      Files.move(
          transformer.resolve("diffusion_pytorch_model.safetensors"),
          transformer.resolve("dev.safetensors"));
      for (String folder : List.of("", "transformer")) {
        try (Stream<Path> files = Files.list(path(name).resolve(folder))) {
          for (Path file : files.filter(Files::isRegularFile).toList()) {
            Files.copy(
                file,
                target.resolve(folder).resolve(file.getFileName()),
                StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies a safetensors file with other names for its tensors. */
  public static void renamed(Path source, Path target, UnaryOperator<String> name)
      throws IOException {
    byte[] all = Files.readAllBytes(source);
    int length = Math.toIntExact(ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong());
    ObjectNode header = JSON.createObjectNode();
    for (var entry : JSON.readTree(all, 8, length).properties()) {
      boolean isTensor = !entry.getKey().startsWith("__");
      header.set(isTensor ? name.apply(entry.getKey()) : entry.getKey(), entry.getValue());
    }
    byte[] json = JSON.writeValueAsBytes(header);
    int padding = Math.floorMod(-json.length, 8);
    ByteBuffer out =
        ByteBuffer.allocate(all.length - length + json.length + padding)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(json.length + padding).put(json);
    for (int i = 0; i < padding; i++) {
      out.put((byte) ' ');
    }
    Files.write(target, out.put(all, 8 + length, all.length - 8 - length).array());
  }

  private static Path singleFiles(Path source, Path target) {
    try (Stream<Path> all = Files.list(source)) {
      Files.createDirectories(target);
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
        String base = file.getFileName().toString().contains("schnell") ? "schnell" : "dev";
        for (String part : List.of("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")) {
          copy(base + "/" + part, target.resolve(part));
        }
      }
      Files.copy(path("single/ae.safetensors"), target.resolve("ae.safetensors"));
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a golden JSON file with one change into a folder. */
  public static void change(String name, Path target, Consumer<ObjectNode> change) {
    try {
      ObjectNode json = (ObjectNode) JSON.readTree(path(name).toFile());
      change.accept(json);
      JSON.writeValue(target.resolve(path(name).getFileName()).toFile(), json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes a golden JSON file into a folder, one key with another value; no value removes the key.
   */
  public static void change(String name, Path target, String key, String value) {
    change(
        name,
        target,
        json -> {
          try {
            json.remove(key);
            if (value != null) {
              json.set(key, JSON.readTree(value));
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
