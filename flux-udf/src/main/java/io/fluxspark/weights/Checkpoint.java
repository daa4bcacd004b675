package io.fluxspark.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.WeightStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private final TreeMap<String, StoredWeight> weights;

  private Checkpoint(Path folder, Optional<Path> index, TreeMap<String, StoredWeight> weights) {
    this.folder = folder;
    this.index = index;
    this.weights = weights;
  }

  /** Weights of a single file, under other names than the file has for them. */
  static Checkpoint of(Path file, Map<String, StoredWeight> weights) {
    return new Checkpoint(file, Optional.empty(), new TreeMap<>(weights));
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
      return new Checkpoint(
          folder, Optional.empty(), stored(SafetensorsHeader.read(single).tensors()));
    }
    if (Files.exists(index)) {
      return new Checkpoint(folder, Optional.of(index), stored(readShards(folder, index)));
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

  private static TreeMap<String, StoredWeight> stored(List<TensorEntry> tensors) {
    Float8Scales scales = new Float8Scales(tensors);
    TreeMap<String, StoredWeight> weights = new TreeMap<>();
    for (TensorEntry tensor : tensors) {
      weights.put(
          tensor.name(), new StoredWeight(tensor.name(), List.of(tensor), scales.of(tensor)));
    }
    return weights;
  }

  private static List<TensorEntry> readShards(Path folder, Path index) {
    ObjectNode json = JsonFiles.readObject(index);
    if (!(json.get("weight_map") instanceof ObjectNode weightMap)) {
      throw invalid(index, "key 'weight_map' must be an object that names each tensor's file");
    }
    Map<String, Map<String, TensorEntry>> shards = new HashMap<>();
    List<TensorEntry> tensors = new ArrayList<>();
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
      tensors.add(tensor);
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

  /** The weights' names, sorted. */
  public Set<String> names() {
    return Collections.unmodifiableSet(weights.keySet());
  }

  public Optional<StoredWeight> find(String name) {
    return Optional.ofNullable(weights.get(name));
  }

  /**
   * The size of one axis of a weight.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} when there is no such weight, or it has no
   *     such axis
   */
  public int size(String name, int axis) {
    StoredWeight weight =
        find(name).orElseThrow(() -> invalid("tensor " + JsonFiles.quoted(name) + " is lacking"));
    List<Long> shape = weight.shape();
    if (axis >= shape.size() || shape.get(axis) < 1 || shape.get(axis) > Integer.MAX_VALUE) {
      throw invalid("tensor " + JsonFiles.quoted(name) + " cannot have shape " + shape);
    }
    return shape.get(axis).intValue();
  }

  /** How many numbers from 0 follow a prefix in the names, without a gap. */
  public int count(String prefix) {
    int count = 0;
    while (hasPrefix(prefix + count + ".")) {
      count++;
    }
    return count;
  }

  private boolean hasPrefix(String prefix) {
    String next = weights.ceilingKey(prefix);
    return next != null && next.startsWith(prefix);
  }

  /** The failure to throw where the weights are understood but cannot be used. */
  public FluxSparkException invalid(String problem) {
    return invalid(index.orElse(folder), problem);
  }

  /**
   * @throws FluxSparkException {@code INVALID_MODEL} when there is no such weight or it has another
   *     shape
   */
  public StoredWeight require(String name, List<Long> shape) {
    StoredWeight weight = weights.get(name);
    if (weight == null) {
      throw invalid("tensor " + JsonFiles.quoted(name) + " of shape " + shape + " is lacking");
    }
    if (!weight.shape().equals(shape)) {
      throw invalid(
          weight.file(),
          "tensor "
              + JsonFiles.quoted(name)
              + " has shape "
              + weight.shape()
              + "; the configuration wants "
              + shape);
    }
    return weight;
  }

  /** Bytes of all weights. */
  public long bytes() {
    return weights.values().stream().mapToLong(StoredWeight::length).sum();
  }

  /** Numbers in all weights. */
  public long parameters() {
    return weights.values().stream().mapToLong(StoredWeight::elements).sum();
  }

  public Set<StoredType> types() {
    Set<StoredType> types = EnumSet.noneOf(StoredType.class);
    weights.values().forEach(weight -> types.add(weight.type()));
    return types;
  }

  /** How programs are given the matrices of its linear layers. */
  public WeightStorage storage() {
    return types().contains(StoredType.F8_E4M3) ? WeightStorage.FLOAT8 : WeightStorage.AS_COMPUTED;
  }

  /** The safetensors files, sorted. */
  public List<Path> files() {
    return weights.values().stream().map(StoredWeight::file).distinct().sorted().toList();
  }

  /** The file that names the shards, where there are shards. */
  public Optional<Path> index() {
    return index;
  }
}
