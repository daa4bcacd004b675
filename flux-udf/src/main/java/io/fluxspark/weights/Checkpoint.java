package io.fluxspark.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tensors of one model of a pipeline folder, in one safetensors file or in shards with an
 * index.
 */
public final class Checkpoint {
  private static final List<String> UNREAD_ENDINGS =
      List.of(".bin", ".pt", ".pth", ".ckpt", ".msgpack", ".gguf");

  private final Path folder;
  private final Optional<Path> index;
  private final TreeMap<String, TensorEntry> tensors;

  private Checkpoint(Path folder, Optional<Path> index, TreeMap<String, TensorEntry> tensors) {
    this.folder = folder;
    this.index = index;
    this.tensors = tensors;
  }

  /**
   * Reads the headers of {@code STEM.safetensors}, or of the shards that {@code
   * STEM.safetensors.index.json} names. Where both are there the single file counts. A tensor of a
   * shard that the index does not name is not part of the checkpoint.
   *
   * @param stem {@code model} in transformers' folders, {@code diffusion_pytorch_model} in
   *     diffusers'
   * @throws FluxSparkException {@code INVALID_MODEL} when neither is there, or one is damaged or
   *     incomplete
   */
  public static Checkpoint open(Path folder, String stem) {
    Path single = folder.resolve(stem + ".safetensors");
    Path index = folder.resolve(stem + ".safetensors.index.json");
    if (Files.exists(single)) {
      TreeMap<String, TensorEntry> tensors = new TreeMap<>();
      SafetensorsHeader.read(single)
          .tensors()
          .forEach(tensor -> tensors.put(tensor.name(), tensor));
      return new Checkpoint(folder, Optional.empty(), tensors);
    }
    if (Files.exists(index)) {
      return new Checkpoint(folder, Optional.of(index), readShards(folder, index));
    }
    throw new FluxSparkException(
        ErrorCode.INVALID_MODEL,
        folder
            + ": neither "
            + single.getFileName()
            + " nor "
            + index.getFileName()
            + " is there"
            + otherWeights(folder)
                .map(name -> "; " + name + " is not read, only safetensors are")
                .orElse(""));
  }

  private static TreeMap<String, TensorEntry> readShards(Path folder, Path index) {
    ObjectNode json = JsonFiles.readObject(index);
    if (!(json.get("weight_map") instanceof ObjectNode weightMap)) {
      throw invalid(index, "key 'weight_map' must be an object that names each tensor's file");
    }
    Map<String, Map<String, TensorEntry>> shards = new HashMap<>();
    TreeMap<String, TensorEntry> tensors = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : weightMap.properties()) {
      String name = field.getKey();
      if (!field.getValue().isTextual()) {
        throw invalid(
            index,
            "tensor "
                + JsonFiles.quoted(name)
                + " must have a file name, not "
                + JsonFiles.kindOf(field.getValue()));
      }
      String shard = field.getValue().asText();
      TensorEntry tensor =
          shards
              .computeIfAbsent(shard, key -> readShard(index, shardFile(folder, index, key)))
              .get(name);
      if (tensor == null) {
        throw invalid(
            index,
            "tensor " + JsonFiles.quoted(name) + " is not in " + shard + ", which should have it");
      }
      tensors.put(name, tensor);
    }
    return tensors;
  }

  private static Path shardFile(Path folder, Path index, String shard) {
    try {
      Path inside = folder.toAbsolutePath().normalize();
      if (inside.resolve(shard).normalize().startsWith(inside) && shard.endsWith(".safetensors")) {
        return folder.resolve(shard);
      }
    } catch (InvalidPathException e) {
      throw invalid(index, "shard " + JsonFiles.quoted(shard) + " is no file name");
    }
    throw invalid(
        index, "shard " + JsonFiles.quoted(shard) + " must be a safetensors file of this folder");
  }

  private static Map<String, TensorEntry> readShard(Path index, Path file) {
    if (!Files.isRegularFile(file)) {
      throw invalid(index, "shard " + file.getFileName() + " is not there");
    }
    Map<String, TensorEntry> tensors = new HashMap<>();
    SafetensorsHeader.read(file).tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
    return tensors;
  }

  private static Optional<String> otherWeights(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> UNREAD_ENDINGS.stream().anyMatch(name::endsWith))
          .sorted()
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static FluxSparkException invalid(Path file, String problem) {
    return new FluxSparkException(ErrorCode.INVALID_MODEL, file + ": " + problem);
  }

  /** The tensors' names, sorted. */
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  public Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * @throws FluxSparkException {@code INVALID_MODEL} when there is no such tensor or it has another
   *     shape
   */
  public TensorEntry require(String name, List<Long> shape) {
    TensorEntry tensor = tensors.get(name);
    if (tensor == null) {
      throw invalid(
          index.orElse(folder),
          "tensor " + JsonFiles.quoted(name) + " of shape " + shape + " is lacking");
    }
    if (!tensor.shape().equals(shape)) {
      throw invalid(
          tensor.file(),
          "tensor "
              + JsonFiles.quoted(name)
              + " has shape "
              + tensor.shape()
              + "; the configuration wants "
              + shape);
    }
    return tensor;
  }

  /** Bytes of all tensors. */
  public long bytes() {
    return tensors.values().stream().mapToLong(TensorEntry::length).sum();
  }

  /** Numbers in all tensors. */
  public long parameters() {
    return tensors.values().stream().mapToLong(TensorEntry::elements).sum();
  }

  public Set<StoredType> types() {
    Set<StoredType> types = EnumSet.noneOf(StoredType.class);
    tensors.values().forEach(tensor -> types.add(tensor.type()));
    return types;
  }

  /** The safetensors files, sorted. */
  public List<Path> files() {
    return tensors.values().stream().map(TensorEntry::file).distinct().sorted().toList();
  }

  /** The file that names the shards, where there are shards. */
  public Optional<Path> index() {
    return index;
  }
}
