package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;
import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A file with tensors in it, mapped into memory: tensors that keep their type and stay on the CPU
 * are the file's own pages, read when first used and shared by all processes of the host.
 */
public final class TensorFile implements AutoCloseable {
  /**
   * {@code from_file} maps privately: pages are copied only when written, and weights never are.
   */
  private static final Program PROGRAM =
      new Program(
          "TensorFile",
          """
      def map(self: __torch__.TensorFile, path: str, elements: int, dtype: int) -> Tensor:
        return torch.from_file(path, False, elements, dtype=dtype)
      def part(self: __torch__.TensorFile, whole: Tensor, start: int, elements: int, shape: List[int],
          device: str, dtype: int) -> Tensor:
        part = torch.view(torch.narrow(whole, 0, start, elements), shape)
        return torch.to(part, torch.device(device), dtype)
      """
              .indent(2));

  /** Of a file's mapping; nothing is allocated before its pages are used. */
  private static final String TOO_LARGE = "Cannot allocate memory";

  private final Path file;
  private final TensorScope scope = new TensorScope(Device.cpu());
  private final LoadedProgram program = LoadedProgram.load(PROGRAM, Device.cpu());
  private final Map<DataType, IValue> mapped = new EnumMap<>(DataType.class);

  public TensorFile(Path file) {
    this.file = file;
  }

  /**
   * One tensor of the file.
   *
   * @param owner of the tensor; its device is where the tensor goes
   * @param stored the type in the file, little-endian
   * @param offset of the first byte in the file
   * @param shape sizes of all axes
   * @param wanted the type that the tensor gets
   * @throws FluxSparkException {@code INPUT_OUTPUT} where the file cannot be read or mapped, or
   *     ends too early
   */
  public NativeTensor tensor(
      TensorScope owner, DataType stored, long offset, List<Long> shape, DataType wanted) {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    long end = Math.addExact(offset, Math.multiplyExact(elements, stored.bytes()));
    if (end > size()) {
      throw new FluxSparkException(
          ErrorCode.INPUT_OUTPUT,
          file + ": cannot be read: it ends at byte " + size() + ", the tensor at byte " + end);
    }
    if (offset % stored.bytes() != 0) {
      return copied(owner, stored, offset, elements, shape, wanted);
    }
    IValue whole = mapped.computeIfAbsent(stored, this::map);
    return part(owner, whole, offset / stored.bytes(), elements, shape, wanted);
  }

  private IValue map(DataType type) {
    try {
      return program
          .call(
              scope,
              "map",
              IValue.from(file.toString()),
              IValue.from(size() / type.bytes()),
              IValue.from((long) type.code()))
          .value();
    } catch (FluxSparkException e) {
      throw e.getMessage().contains(TOO_LARGE) ? tooLarge(e) : e;
    }
  }

  private FluxSparkException tooLarge(FluxSparkException e) {
    return new FluxSparkException(
        ErrorCode.INPUT_OUTPUT,
        file
            + ": cannot be mapped: its "
            + size()
            + " bytes are more than Linux lets a process map on this host, about its memory and"
            + " swap; files in shards, sysctl vm.overcommit_memory=1 or more swap would do",
        e);
  }

  private NativeTensor part(
      TensorScope owner,
      IValue whole,
      long start,
      long elements,
      List<Long> shape,
      DataType wanted) {
    return program.call(
        owner,
        "part",
        whole,
        IValue.from(start),
        IValue.from(elements),
        IValue.listFrom(shape.stream().mapToLong(Long::longValue).toArray()),
        IValue.from(owner.device().toString()),
        IValue.from((long) wanted.code()));
  }

  /** A tensor that does not start at a multiple of its element size cannot be mapped. */
  private NativeTensor copied(
      TensorScope owner,
      DataType stored,
      long offset,
      long elements,
      List<Long> shape,
      DataType wanted) {
    ByteBuffer bytes = read(offset, Math.multiplyExact(elements, stored.bytes()));
    try (TensorScope copies = new TensorScope(Device.cpu())) {
      NativeTensor flat =
          copies.bytes(
              widened(stored, bytes),
              stored == DataType.BFLOAT16 ? DataType.FLOAT32 : stored,
              elements);
      return part(owner, flat.value(), 0, elements, shape, wanted);
    }
  }

  /** bfloat16 is the upper half of float32, which DJL can take where it cannot take bfloat16. */
  private static ByteBuffer widened(DataType stored, ByteBuffer bytes) {
    if (stored != DataType.BFLOAT16) {
      return bytes;
    }
    ByteBuffer wide =
        ByteBuffer.allocateDirect(Math.multiplyExact(bytes.remaining(), 2))
            .order(ByteOrder.nativeOrder());
    while (bytes.hasRemaining()) {
      wide.putInt(bytes.getShort() << 16);
    }
    return wide.flip();
  }

  private ByteBuffer read(long offset, long length) {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file)) {
      int count = 0;
      while (bytes.hasRemaining() && count >= 0) {
        count = channel.read(bytes, offset + bytes.position());
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return bytes.flip();
  }

  private long size() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private FluxSparkException unreadable(IOException e) {
    return new FluxSparkException(ErrorCode.INPUT_OUTPUT, file + ": cannot be read: " + e, e);
  }

  @Override
  public void close() {
    scope.close();
    program.close();
  }
}
