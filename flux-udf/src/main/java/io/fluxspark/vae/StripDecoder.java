package io.fluxspark.vae;

import io.fluxspark.program.Argument;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.DeviceCopy;
import io.fluxspark.program.LoadedProgram;
import io.fluxspark.program.Method;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.NativeWeights;
import io.fluxspark.program.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * Decodes in strips: what lies between two layers stays in the host's memory, and the device has
 * one strip of it at a time. A strip brings a row of each neighbour along, and norms take the
 * statistics of the whole picture, so the result is that of the whole but for the order of sums.
 */
final class StripDecoder implements AutoCloseable {
  private static final int RGB = 3;

  private final StripProgram programs;
  private final int groups;
  private final Device device;
  private final LoadedProgram loaded;
  private final DeviceCopy copies;

  private StripDecoder(
      StripProgram programs, int groups, Device device, LoadedProgram loaded, DeviceCopy copies) {
    this.programs = programs;
    this.groups = groups;
    this.device = device;
    this.loaded = loaded;
    this.copies = copies;
  }

  static StripDecoder load(VaeProgram whole, VaeConfig config, Device device, DataType type) {
    StripProgram programs = new StripProgram(whole, config, type);
    LoadedProgram loaded = LoadedProgram.load(programs.program, device);
    return new StripDecoder(programs, config.normNumGroups(), device, loaded, new DeviceCopy());
  }

  /** Strips in the host's memory, from the top of a picture to its bottom; closes them. */
  private record Strips(TensorScope host, List<NativeTensor> all) implements AutoCloseable {
    Strips() {
      this(new TensorScope(Device.cpu()), new ArrayList<>());
    }

    @Override
    public void close() {
      host.close();
    }
  }

  /**
   * What a norm takes from the whole picture, (B, G) each.
   *
   * @param scale one through the standard deviation
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Statistics(int batch, float[] mean, float[] scale) {}

  /** See {@link Vae#decodeInStrips}. */
  NativeTensor decode(TensorScope owner, NativeWeights weights, NativeTensor latent) {
    Strips x = begin(weights, latent);
    for (StripProgram.Block block : programs.blocks) {
      for (StripProgram.Resnet resnet : block.resnets()) {
        x = resnet(weights, resnet, x);
      }
      if (block.upsample().isPresent()) {
        x = upsample(weights, block.upsample().get(), x);
      }
    }
    return end(owner, weights, x);
  }

  private Strips begin(NativeWeights weights, NativeTensor latent) {
    try (TensorScope scope = new TensorScope(device)) {
      NativeTensor x = run(scope, programs.begin, weights, latent); // (B, top, 2 h, 2 w)
      int rows = (int) x.shape()[2];
      return strips(
          (rows + StripProgram.ROWS - 1) / StripProgram.ROWS,
          (strip, i) ->
              run(
                  strip,
                  programs.part,
                  size(i * StripProgram.ROWS),
                  size(Math.min(StripProgram.ROWS, rows - i * StripProgram.ROWS)),
                  x)); // (B, top, at most ROWS, 2 w)
    }
  }

  private Strips resnet(NativeWeights weights, StripProgram.Resnet resnet, Strips x) {
    try (x;
        Strips y = normed(weights, resnet.first(), x)) {
      Statistics statistics = statistics(y);
      return strips(
          y.all().size(),
          (scope, i) ->
              convolved(
                  scope,
                  weights,
                  resnet.second(),
                  y,
                  i,
                  mean(scope, statistics),
                  scale(scope, statistics),
                  copies.copy(scope, x.all().get(i))));
    }
  }

  private Strips upsample(NativeWeights weights, Method method, Strips x) {
    try (x) {
      return strips(x.all().size(), (scope, i) -> convolved(scope, weights, method, x, i));
    }
  }

  private NativeTensor end(TensorScope owner, NativeWeights weights, Strips x) {
    try (x;
        Strips image = normed(weights, programs.end, x)) { // (B, 3, rows, W) each
      long[] first = image.all().get(0).shape();
      int batch = (int) first[0];
      int width = (int) first[3];
      List<float[]> strips = image.all().stream().map(NativeTensor::toFloats).toList();
      int values = strips.stream().mapToInt(strip -> strip.length).sum();
      int planes = batch * RGB;
      float[] joined = new float[values];
      int done = 0; // values of each plane
      for (float[] strip : strips) {
        int part = strip.length / planes;
        for (int plane = 0; plane < planes; plane++) {
          System.arraycopy(strip, plane * part, joined, plane * (values / planes) + done, part);
        }
        done += part;
      }
      return owner.floats(joined, batch, RGB, values / planes / width, width); // (B, 3, H, W)
    }
  }

  private Strips normed(NativeWeights weights, Method method, Strips x) {
    Statistics statistics = statistics(x);
    return strips(
        x.all().size(),
        (scope, i) ->
            convolved(
                scope, weights, method, x, i, mean(scope, statistics), scale(scope, statistics)));
  }

  /** A method over a haloed strip. */
  private NativeTensor convolved(
      TensorScope scope,
      NativeWeights weights,
      Method method,
      Strips x,
      int strip,
      Argument... others) {
    int last = x.all().size() - 1;
    int top = strip == 0 ? 0 : 1;
    int bottom = strip == last ? 0 : 1;
    NativeTensor above = x.all().get(strip - top);
    NativeTensor here = x.all().get(strip);
    NativeTensor below = x.all().get(strip + bottom);
    try (TensorScope host = new TensorScope(Device.cpu())) {
      NativeTensor haloed =
          run(
              host,
              programs.haloed,
              size(above.shape()[2] - top),
              size(top),
              size(bottom),
              above,
              here,
              below); // (B, C, top + rows + bottom, W)
      Argument[] first = {
        weights, size(top), size(here.shape()[2]), copies.copy(scope, haloed),
      };
      return run(
          scope,
          method,
          Stream.concat(Arrays.stream(first), Arrays.stream(others)).toArray(Argument[]::new));
    }
  }

  /**
   * Mean and scale of each group over all strips: those of each strip, joined as Chan, Golub and
   * LeVeque's <em>Updating Formulae and a Pairwise Algorithm for Computing Sample Variances</em>
   * (1979) has it.
   */
  private Statistics statistics(Strips x) {
    int batch = (int) x.all().get(0).shape()[0];
    double[] mean = new double[batch * groups];
    double[] squares = new double[batch * groups];
    double count = 0;
    for (NativeTensor strip : x.all()) {
      double here = (double) Arrays.stream(strip.shape()).reduce(1, (a, b) -> a * b) / mean.length;
      double both = count + here;
      try (TensorScope scope = new TensorScope(device)) {
        NativeTensor values = copies.copy(scope, strip); // (B, C, rows, W)
        float[] means = run(scope, programs.sums, values).toFloats();
        for (int i = 0; i < means.length; i++) {
          means[i] = (float) (means[i] / here);
        }
        NativeTensor around = scope.floats(means, batch, groups); // (B, G)
        float[] distances = run(scope, programs.squares, values, around).toFloats();
        for (int i = 0; i < means.length; i++) {
          double difference = means[i] - mean[i];
          squares[i] += distances[i] + difference * difference * count * here / both;
          mean[i] += difference * here / both;
        }
      }
      count = both;
    }
    float[] means = new float[mean.length];
    float[] scales = new float[mean.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = (float) mean[i];
      scales[i] = (float) (1 / Math.sqrt(squares[i] / count + VaeProgram.EPS));
    }
    return new Statistics(batch, means, scales);
  }

  private NativeTensor mean(TensorScope scope, Statistics statistics) {
    return scope.floats(statistics.mean(), statistics.batch(), groups); // (B, G)
  }

  private NativeTensor scale(TensorScope scope, Statistics statistics) {
    return scope.floats(statistics.scale(), statistics.batch(), groups); // (B, G)
  }

  /** Makes strips one after the other on the device and brings each to the host. */
  private Strips strips(int count, BiFunction<TensorScope, Integer, NativeTensor> maker) {
    Strips made = new Strips();
    try {
      for (int i = 0; i < count; i++) {
        try (TensorScope scope = new TensorScope(device)) {
          made.all().add(copies.copy(made.host(), maker.apply(scope, i)));
        }
      }
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private NativeTensor run(TensorScope scope, Method method, Argument... arguments) {
    return loaded.run(scope, method, arguments).get(0);
  }

  private static Argument size(long value) {
    return new Argument.Size(value);
  }

  @Override
  public void close() {
    loaded.close();
    copies.close();
  }
}
