package io.fluxspark.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Makes modules of a LoRA file's tensors. */
final class LoraReader {
  private static final int CHUNK = 1 << 20;

  private final Path file;
  private final SafetensorsHeader header;
  private final FileChannel channel;
  private final Set<LoraNaming> namings = EnumSet.noneOf(LoraNaming.class);
  private final Map<String, Layer> layers = new TreeMap<>();

  LoraReader(SafetensorsHeader header, FileChannel channel) {
    this.file = header.file();
    this.header = header;
    this.channel = channel;
  }

  /** Those whose names had a layer of FLUX.1 behind them, after {@link #modules}. */
  Set<LoraNaming> namings() {
    return namings;
  }

  /** Sorted by part and name. */
  List<LoraModule> modules() throws IOException {
    if (header.tensors().isEmpty()) {
      throw LoraFile.invalid(file, "has no tensor; a LoRA is wanted");
    }
    sortIntoLayers();
    LoraAlphas alphas = new LoraAlphas(header, channel);
    Map<String, LoraModule> modules = new TreeMap<>();
    for (Layer layer : layers.values()) {
      TensorEntry down = layer.require(LoraKey.Role.DOWN, LoraKey.Role.UP);
      TensorEntry up = layer.require(LoraKey.Role.UP, LoraKey.Role.DOWN);
      requireProduct(down, up);
      for (LoraTarget target : layer.targets()) {
        requireMultiple(up, target.parts());
        LoraModule module =
            new LoraModule(
                target.part(),
                target.module(),
                down,
                target.shares().stream().map(share -> share.of(up)).toList(),
                alphas.of(target, layer.tensors().get(LoraKey.Role.ALPHA), down.shape().get(0)));
        LoraModule other = modules.putIfAbsent(target.part() + " " + target.module(), module);
        if (other != null) {
          throw LoraFile.invalid(
              file, both(other.down(), down) + " are for one layer, " + target.module());
        }
      }
    }
    return new ArrayList<>(modules.values());
  }

  private void sortIntoLayers() throws IOException {
    Map<String, Layer> foreign = new LinkedHashMap<>();
    List<TensorEntry> unknown = new ArrayList<>();
    for (TensorEntry tensor : LoraKinds.requireRead(header.tensors(), this::isZero)) {
      LoraKey key = LoraKey.parse(tensor.name()).orElse(null);
      if (key == null) {
        unknown.add(tensor);
        continue;
      }
      List<LoraTarget> targets = key.targets().orElse(null);
      (targets == null ? foreign : layers)
          .computeIfAbsent(
              key.layer(),
              name -> new Layer(targets == null ? List.of() : targets, new HashMap<>()))
          .put(key.role(), tensor);
      if (targets != null) {
        namings.add(key.naming());
      }
    }
    layers.values().removeIf(layer -> layer.isOf("text_encoder_2") && isWithoutEffect(layer));
    for (Layer layer : foreign.values()) {
      if (!isWithoutEffect(layer)) {
        unknown.add(layer.first());
      }
    }
    if (!unknown.isEmpty()) {
      throw LoraFile.invalid(
          file,
          "tensor "
              + JsonFiles.quoted(unknown.get(0).name())
              + " fits no layer of FLUX.1"
              + (namings.isEmpty()
                  ? "; no naming of a LoRA was recognised"
                  : "; the file's other names are " + LoraNaming.join(namings)));
    }
  }

  /**
   * Tools that take the difference of two models write zeros for layers that are alike: for layers
   * that no LoRA has, and for all of T5, which few programs adapt.
   */
  private boolean isWithoutEffect(Layer layer) {
    TensorEntry up = layer.tensors().get(LoraKey.Role.UP);
    return up != null && layer.tensors().containsKey(LoraKey.Role.DOWN) && isZero(up);
  }

  private boolean isZero(TensorEntry tensor) {
    try {
      for (long done = 0; done < tensor.length(); done += CHUNK) {
        int length = (int) Math.min(CHUNK, tensor.length() - done);
        ByteBuffer bytes = SafetensorsHeader.readFully(channel, length, tensor.offset() + done);
        while (bytes.hasRemaining()) {
          if (bytes.get() != 0) {
            return false;
          }
        }
      }
      return true;
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    }
  }

  private static void requireProduct(TensorEntry down, TensorEntry up) {
    for (TensorEntry factor : List.of(down, up)) {
      if (factor.shape().size() != 2 || factor.shape().contains(0L)) {
        throw LoraFile.invalid(
            factor.file(),
            "tensor "
                + JsonFiles.quoted(factor.name())
                + " has shape "
                + factor.shape()
                + "; a matrix is wanted, FLUX.1 has no convolution that a LoRA could adapt");
      }
      switch (factor.type()) {
        case BF16, F16, F32 -> {}
        default ->
            throw LoraFile.invalid(
                factor.file(),
                "tensor "
                    + JsonFiles.quoted(factor.name())
                    + " is stored as "
                    + factor.type()
                    + "; BF16, F16 or F32 is wanted");
      }
    }
    if (!down.shape().get(0).equals(up.shape().get(1))) {
      throw LoraFile.invalid(
          down.file(),
          "tensor "
              + JsonFiles.quoted(down.name())
              + " has shape "
              + down.shape()
              + " and "
              + JsonFiles.quoted(up.name())
              + " "
              + up.shape()
              + "; the first one's rows and the second one's columns must be as many, the rank");
    }
  }

  private void requireMultiple(TensorEntry up, int parts) {
    if (up.shape().get(0) % parts != 0) {
      throw LoraFile.invalid(
          file,
          "tensor "
              + JsonFiles.quoted(up.name())
              + " has "
              + up.shape().get(0)
              + " rows; a multiple of "
              + parts
              + " is wanted");
    }
  }

  private static String both(TensorEntry one, TensorEntry other) {
    return "tensors " + JsonFiles.quoted(one.name()) + " and " + JsonFiles.quoted(other.name());
  }

  /** The tensors of one layer of the file's own naming. */
  private record Layer(List<LoraTarget> targets, Map<LoraKey.Role, TensorEntry> tensors) {
    void put(LoraKey.Role role, TensorEntry tensor) {
      TensorEntry other = tensors.putIfAbsent(role, tensor);
      if (other != null) {
        throw LoraFile.invalid(
            tensor.file(), both(other, tensor) + " are the same matrix of one layer");
      }
    }

    boolean isOf(String part) {
      return targets.stream().anyMatch(target -> target.part().equals(part));
    }

    TensorEntry first() {
      return tensors.values().stream()
          .min(Comparator.comparingLong(TensorEntry::offset))
          .orElseThrow();
    }

    TensorEntry require(LoraKey.Role wanted, LoraKey.Role beside) {
      TensorEntry tensor = tensors.get(wanted);
      if (tensor != null) {
        return tensor;
      }
      TensorEntry other = tensors.getOrDefault(beside, tensors.get(LoraKey.Role.ALPHA));
      throw LoraFile.invalid(
          other.file(),
          "tensor "
              + JsonFiles.quoted(other.name())
              + " is alone: the layer's "
              + (wanted == LoraKey.Role.DOWN ? "down (lora_A)" : "up (lora_B)")
              + " matrix is lacking");
    }
  }
}
