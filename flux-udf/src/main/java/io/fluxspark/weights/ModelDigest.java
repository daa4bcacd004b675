package io.fluxspark.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The identity of a model: a SHA-256 over the files that decide its pictures.
 *
 * <p>Files are taken whole, but of a safetensors file only its size, its header, and the first and
 * last {@value #SAMPLE} bytes of each tensor: FLUX.1-dev has 34 GB of weights, and reading them a
 * second time would take longer than loading them. Two trained checkpoints differ in every tensor
 * that was trained, so the samples tell them apart; a change made on purpose to the middle of one
 * tensor alone is not seen.
 *
 * <p>Neither the folder's path nor the files' times count.
 */
public final class ModelDigest {
  private static final int SAMPLE = 4096;

  private final MessageDigest sha256;

  private ModelDigest() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * @param folder what the files' names are relative to
   * @param files in any order
   * @return 64 hexadecimal digits
   */
  public static String of(Path folder, Collection<Path> files) {
    Map<String, Path> byName = new TreeMap<>();
    for (Path file : files) {
      byName.put(folder.relativize(file).toString().replace('\\', '/'), file);
    }
    ModelDigest digest = new ModelDigest();
    byName.forEach(digest::add);
    return HexFormat.of().formatHex(digest.sha256.digest());
  }

  /**
   * The identity of one safetensors file, whatever its name.
   *
   * @return 64 hexadecimal digits
   */
  static String of(Path safetensors) {
    ModelDigest digest = new ModelDigest();
    digest.add(".safetensors", safetensors);
    return HexFormat.of().formatHex(digest.sha256.digest());
  }

  private void add(String name, Path file) {
    try {
      addSized(name.getBytes(StandardCharsets.UTF_8));
      if (name.endsWith(".safetensors")) {
        addSafetensors(file);
      } else {
        addSized(Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw JsonFiles.unreadable(file, e);
    }
  }

  private void addSafetensors(Path file) throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(file);
    try (FileChannel channel = FileChannel.open(file)) {
      addSize(channel.size());
      addRange(channel, 0, Math.toIntExact(header.dataOffset()));
      for (TensorEntry tensor : header.tensors()) {
        int sampled = (int) Math.min(SAMPLE, tensor.length());
        addRange(channel, tensor.offset(), sampled);
        addRange(channel, tensor.offset() + tensor.length() - sampled, sampled);
      }
    }
  }

  private void addRange(FileChannel channel, long position, int length) throws IOException {
    sha256.update(SafetensorsHeader.readFully(channel, length, position));
  }

  private void addSized(byte[] bytes) {
    addSize(bytes.length);
    sha256.update(bytes);
  }

  /** Sizes go in front, so that no two lists of files give the same bytes. */
  private void addSize(long size) {
    sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
  }
}
