package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCache;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;

/**
 * FLUX.1, in the order and with the numbers of diffusers' pipelines: text encoding, noise and the
 * pictures as input, denoising, decoding.
 */
public final class FluxPipeline implements ImageGenerator {
  private final FluxModel model;
  private final PictureDecoder decoder;
  private final AdaptedModels adapted;

  /** Batches read, closing writes: the model stays while a batch is made. */
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  private FluxPipeline(FluxModel model, PictureDecoder decoder) {
    this.model = model;
    this.decoder = decoder;
    this.adapted = new AdaptedModels(model);
  }

  /**
   * Loads a folder.
   *
   * @param type in which the transformer computes: float32, bfloat16, float16, or bfloat16 but for
   *     the products of its blocks' linear layers with tokens, which are made in int8, on a CPU
   *     that can, or in float8_e4m3fn, on a GPU that can and on any CPU
   * @throws FluxSparkException {@code INVALID_MODEL} where the weights do not fit the
   *     configuration, {@code DEVICE_ERROR} or {@code OUT_OF_MEMORY} where the device fails or does
   *     not compute in the type
   */
  public static FluxPipeline load(ModelFolder folder, Device device, DataType type) {
    return load(folder, device, type, Set.of());
  }

  /**
   * Loads a folder, with less of the device's memory: see {@link #load(ModelFolder, Device,
   * DataType)}. The pictures are the same.
   *
   * @param offload what stays in the host's memory
   */
  public static FluxPipeline load(
      ModelFolder folder, Device device, DataType type, Set<Offload> offload) {
    FluxModel model = FluxModel.load(folder, device, type, offload);
    PictureDecoder.Way inStrips = model.vae()::decodeInStrips;
    return new FluxPipeline(
        model,
        new PictureDecoder(
            offload.contains(Offload.DECODING) ? inStrips : model.vae()::decode, inStrips));
  }

  /**
   * Checks, without reading a weight, what {@link #load} would find wrong: every weight must be
   * there with its shape and a type that is read, and the tokenizers must open.
   *
   * @throws FluxSparkException {@code INVALID_MODEL} that names the first file, tensor or key that
   *     is wrong
   */
  public static void verify(ModelFolder folder) {
    ModelParts.verify(folder);
  }

  @Override
  public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
    use.readLock().lock();
    try (AdaptedModels.Lease lease = adapted.lease(batch.get(0))) {
      return new BatchGeneration(lease.model(), decoder, batch, cancelled).make();
    } catch (FluxSparkException e) {
      if (e.code() == ErrorCode.OUT_OF_MEMORY) {
        // Whoever tries it again with fewer pictures needs the memory in other pieces.
        DeviceCache.empty(model.device());
      }
      throw e;
    } finally {
      use.readLock().unlock();
    }
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      adapted.close();
      model.close();
    } finally {
      use.writeLock().unlock();
    }
  }
}
