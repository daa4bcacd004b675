package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.pipeline.GeneratedBatch;
import io.fluxspark.pipeline.ImageGenerator;
import io.fluxspark.pipeline.PreparedImage;
import io.fluxspark.request.Conditioning;
import io.fluxspark.spark.Model;
import io.fluxspark.spark.ModelKey;
import io.fluxspark.spark.ModelLoader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.SparkEnv;

/**
 * {@link ConstantPictures} with one accident, whatever the number of processes: it befalls the
 * first model that has made two pictures.
 *
 * @param marker a file that is there once the accident has happened
 */
record FaultyPictures(String marker, Accident accident) implements ModelLoader {
  private static final int PICTURES_BEFORE = 2;

  enum Accident {
    /** Nothing in this process can use the device again. */
    DEVICE_LOST,
    /** The device fails, and works again afterwards. */
    FAILURE,
    /** The executor is to leave; it hears of it in the middle of a picture. */
    DECOMMISSION
  }

  static Models models(Path marker, Accident accident) {
    return source ->
        new Model(
            source.location(),
            "faulty",
            // A model of its own for each test: the process may have one of another test loaded.
            DigestUtils.sha256Hex(marker.toString()),
            "mit",
            Conditioning.NONE,
            ConstantPictures.EMBED_DIMS,
            Map.of(),
            ConstantPictures.DEFAULTS,
            true,
            ConstantPictures.open(source).cost(),
            new FaultyPictures(marker.toString(), accident));
  }

  @Override
  public ImageGenerator load(ModelKey key) {
    ImageGenerator painter = new ConstantPictures().load(key);
    AtomicInteger made = new AtomicInteger();
    return new ImageGenerator() {
      @Override
      public GeneratedBatch generate(List<PreparedImage> batch, BooleanSupplier cancelled) {
        if (made.getAndAdd(batch.size()) >= PICTURES_BEFORE && isFirst()) {
          happen();
        }
        return painter.generate(batch, cancelled);
      }

      @Override
      public void close() {
        painter.close();
      }
    };
  }

  private boolean isFirst() {
    try {
      Files.createFile(Path.of(marker));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void happen() {
    switch (accident) {
      case DEVICE_LOST ->
          throw new FluxSparkException(
              ErrorCode.DEVICE_LOST, "CUDA error: an illegal memory access was encountered");
      case FAILURE -> throw new FluxSparkException(ErrorCode.DEVICE_ERROR, "a failure for a test");
      case DECOMMISSION -> decommission();
    }
  }

  /** What a cluster's manager does, by the signal that Spark's executors listen to. */
  private static void decommission() {
    try {
      String process = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-PWR", process).start().waitFor();
      while (SparkEnv.get().blockManager().decommissioner().isEmpty()) {
        Thread.onSpinWait();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
