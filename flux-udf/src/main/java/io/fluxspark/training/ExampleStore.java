package io.fluxspark.training;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The examples of a training in a file of this host, so that their number is not bounded by the
 * Java heap; the operating system keeps in memory what fits. Written by one thread, then read by
 * several.
 */
public final class ExampleStore implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final List<Long> offsets = new ArrayList<>();
  private final List<Double> weights = new ArrayList<>();
  private final List<String> buckets = new ArrayList<>();
  private long end;

  /**
   * @param folder of the file, which is gone when this is closed
   */
  public ExampleStore(Path folder) {
    try {
      Files.createDirectories(folder);
      file = Files.createTempFile(folder, "examples", ".bin");
      channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT, folder + ": examples cannot be kept there: " + e, e);
    }
  }

  /**
   * Adds an example.
   *
   * @param weight how often it is drawn, relative to the others; above 0
   */
  public void add(Example example, double weight) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(example.id());
      out.writeInt(example.width());
      out.writeInt(example.height());
      writeBytes(out, example.pixels());
      writeFloats(out, example.mean());
      writeFloats(out, example.logVariance());
      writeFloats(out, example.condition());
      writeLongs(out, example.clipIds());
      writeLongs(out, example.t5Ids());
      writeFloats(out, example.pooled());
      writeFloats(out, example.hidden());
      out.flush();
      ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
      offsets.add(end);
      while (buffer.hasRemaining()) {
        end += channel.write(buffer, end);
      }
    } catch (IOException e) {
      throw failed(e);
    }
    weights.add(weight);
    buckets.add(
        example.width()
            + "x"
            + example.height()
            + "/"
            + Math.max(example.t5Ids().length, example.hidden().length)
            + (example.condition().length > 0 ? "/edited" : ""));
  }

  /** One of the examples, from 0 on. */
  Example get(int index) {
    long from = offsets.get(index);
    long to = index + 1 < offsets.size() ? offsets.get(index + 1) : end;
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(to - from));
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, from + buffer.position()) < 0) {
          throw new IOException("the file ends too early");
        }
      }
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(buffer.array()));
      return new Example(
          in.readUTF(),
          in.readInt(),
          in.readInt(),
          in.readNBytes(in.readInt()),
          readFloats(in),
          readFloats(in),
          readFloats(in),
          readLongs(in),
          readLongs(in),
          readFloats(in),
          readFloats(in));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  public int size() {
    return offsets.size();
  }

  double[] weights() {
    return weights.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** What the examples of one batch must have in common. */
  List<String> buckets() {
    return buckets;
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static void writeFloats(DataOutputStream out, float[] numbers) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Float.BYTES * numbers.length);
    buffer.asFloatBuffer().put(numbers);
    writeBytes(out, buffer.array());
  }

  private static float[] readFloats(DataInputStream in) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(in.readNBytes(in.readInt()));
    float[] numbers = new float[buffer.remaining() / Float.BYTES];
    buffer.asFloatBuffer().get(numbers);
    return numbers;
  }

  private static void writeLongs(DataOutputStream out, long[] numbers) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES * numbers.length);
    buffer.asLongBuffer().put(numbers);
    writeBytes(out, buffer.array());
  }

  private static long[] readLongs(DataInputStream in) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(in.readNBytes(in.readInt()));
    long[] numbers = new long[buffer.remaining() / Long.BYTES];
    buffer.asLongBuffer().get(numbers);
    return numbers;
  }

  private FluxSparkException failed(IOException e) {
    return new FluxSparkException(ErrorCode.INPUT_OUTPUT, file + ": " + e, e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
