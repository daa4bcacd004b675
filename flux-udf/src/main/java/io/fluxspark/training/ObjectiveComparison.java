package io.fluxspark.training;

import io.fluxspark.image.Likeness;
import io.fluxspark.image.Picture;
import io.fluxspark.pipeline.ModelFolder;
import io.fluxspark.program.DataType;
import io.fluxspark.program.Device;
import io.fluxspark.program.NativeTensor;
import io.fluxspark.program.TensorScope;
import io.fluxspark.sampling.Latents;
import io.fluxspark.sampling.Schedule;
import io.fluxspark.sampling.ScheduleConfig;
import io.fluxspark.sampling.Velocity;
import io.fluxspark.sampling.Way;
import io.fluxspark.transformer.Rotary;
import io.fluxspark.transformer.Transformer;
import io.fluxspark.vae.Vae;
import io.fluxspark.vae.VaeConfig;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;

/**
 * Measures how well models draw that learnt the same pictures by different objectives: the same
 * captions from the same noise, by each sampler in different numbers of steps.
 *
 * <p>Noise levels are evenly spaced, from 1 to 0.
 */
public final class ObjectiveComparison implements AutoCloseable {
  /** Steps of Heun's method whose result counts as where the differential equation leads. */
  public static final int LIMIT_STEPS = 200;

  /** Steps of Euler's method along which straightness is measured. */
  public static final int STRAIGHTNESS_STEPS = 50;

  private final ModelFolder model;
  private final ExampleStore examples;
  private final List<String> captions;
  private final Settings settings;
  private final Device device;
  private final Vae vae;
  private final Latents latents;
  private final Mixtures mixtures;
  private final List<List<Integer>> batches;
  private final List<Likeness> likenesses = new ArrayList<>();

  /**
   * What is drawn.
   *
   * @param pictures of each cell, at least 1; where the table has fewer captions, one of each
   * @param stepCounts each at least 1
   * @param batchSize pictures that are drawn at once
   * @param guidanceScale what a model with a guidance embedding is told
   * @param seed of the first picture's noise; the next ones follow
   * @param type in which models compute
   */
  public record Settings(
      int pictures,
      List<Integer> stepCounts,
      int batchSize,
      double guidanceScale,
      long seed,
      DataType type)
      implements Serializable {
    public Settings {
      stepCounts = List.copyOf(stepCounts);
    }
  }

  /**
   * One objective, sampler and number of steps.
   *
   * @param modelCalls for each picture
   * @param retrieved the share of pictures to which no training picture is nearer than one with
   *     their caption
   * @param ownDistance root mean square of the difference, of values from 0 to 255, from the
   *     nearest training picture with their caption, as {@link Likeness} sees both; the mean of all
   * @param limitDistance mean square of the difference of latents from where the same model's
   *     differential equation leads; empty for a sampler that draws noise
   * @param example the first of the pictures
   */
  public record Cell(
      String sampler,
      int steps,
      int modelCalls,
      double retrieved,
      double ownDistance,
      OptionalDouble limitDistance,
      Picture example) {}

  /**
   * All of an objective.
   *
   * @param straightness see {@link Way#straightness}, the mean of all pictures
   * @param cells by sampler, then by steps
   */
  public record Measured(double straightness, List<Cell> cells) {
    public Measured {
      cells = List.copyOf(cells);
    }
  }

  /**
   * Loads the autoencoder and looks at all training pictures, as it gives them back.
   *
   * @param model whose autoencoder all have
   * @param examples encoded, with texts
   * @param captions of the examples
   */
  public ObjectiveComparison(
      ModelFolder model,
      ExampleStore examples,
      List<String> captions,
      Settings settings,
      Device device) {
    this.model = model;
    this.examples = examples;
    this.captions = List.copyOf(captions);
    this.settings = settings;
    this.device = device;
    this.batches = batches();
    this.latents = Latents.load(device);
    this.mixtures = new Mixtures(device);
    this.vae = Vae.load(model.vaeConfig(), model.vae(), device, settings.type());
    try {
      for (int i = 0; i < examples.size(); i++) {
        likenesses.add(Likeness.of(trained(examples.get(i))));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Places of examples, evenly over the table, with a caption each; those of a batch fit. */
  private List<List<Integer>> batches() {
    Map<String, Integer> firstOf = new LinkedHashMap<>();
    for (int i = 0; i < captions.size(); i++) {
      firstOf.putIfAbsent(captions.get(i), i);
    }
    List<Integer> places = List.copyOf(firstOf.values());
    int count = Math.min(settings.pictures(), places.size());
    Map<String, List<Integer>> byBucket = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      int place = places.get((int) ((long) i * places.size() / count));
      byBucket
          .computeIfAbsent(examples.buckets().get(place), bucket -> new ArrayList<>())
          .add(place);
    }
    List<List<Integer>> cut = new ArrayList<>();
    for (List<Integer> all : byBucket.values()) {
      for (int from = 0; from < all.size(); from += settings.batchSize()) {
        cut.add(all.subList(from, Math.min(all.size(), from + settings.batchSize())));
      }
    }
    return cut;
  }

  /**
   * Draws and measures.
   *
   * @param trained a folder whose transformer learnt the goal
   * @param cancelled asked between steps
   */
  public Measured measure(ModelFolder trained, Goal.OnPath goal, BooleanSupplier cancelled) {
    try (Transformer transformer =
        Transformer.load(
            trained.transformerConfig(), trained.transformer(), device, settings.type())) {
      Drawing drawing =
          new Drawing(
              new Teacher(trained.transformerConfig(), transformer, latents), goal, cancelled);
      List<float[]> limits = drawing.latents(PathSampling.HEUN, LIMIT_STEPS);
      List<Cell> cells = new ArrayList<>();
      for (PathSampling sampling : PathSampling.of(goal)) {
        for (int steps : settings.stepCounts()) {
          List<float[]> made = drawing.latents(sampling, steps);
          cells.add(cell(sampling, steps, made, limits));
        }
      }
      return new Measured(drawing.straightness(), cells);
    }
  }

  private Cell cell(PathSampling sampling, int steps, List<float[]> made, List<float[]> limits) {
    List<Integer> places = batches.stream().flatMap(List::stream).toList();
    List<Picture> pictures = new ArrayList<>();
    int retrieved = 0;
    double ownDistance = 0;
    double distance = 0;
    for (int i = 0; i < made.size(); i++) {
      int place = places.get(i);
      Picture picture = picture(made.get(i), examples.get(place));
      pictures.add(picture);
      Nearest nearest = nearest(Likeness.of(picture), captions.get(place));
      if (nearest.own() <= nearest.all()) {
        retrieved++;
      }
      ownDistance += nearest.own() / made.size();
      distance += meanSquare(made.get(i), limits.get(i)) / made.size();
    }
    return new Cell(
        sampling.name(),
        steps,
        sampling.callsOfSteps().of(steps),
        (double) retrieved / made.size(),
        ownDistance,
        sampling.isDeterministic() ? OptionalDouble.of(distance) : OptionalDouble.empty(),
        pictures.get(0));
  }

  /**
   * Distances from the nearest of the training pictures with a caption and of all; equal pictures
   * may have several captions.
   */
  private record Nearest(double own, double all) {}

  private Nearest nearest(Likeness made, String caption) {
    double all = Double.POSITIVE_INFINITY;
    double own = Double.POSITIVE_INFINITY;
    for (int i = 0; i < likenesses.size(); i++) {
      double distance = made.rootMeanSquare(likenesses.get(i));
      all = Math.min(all, distance);
      if (captions.get(i).equals(caption)) {
        own = Math.min(own, distance);
      }
    }
    return new Nearest(own, all);
  }

  private static double meanSquare(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum / a.length;
  }

  private int tokens(int pixels) {
    return pixels / (2 * model.vaeConfig().scaleFactor());
  }

  /** A picture of packed latents, (S, C). */
  private Picture picture(float[] packed, Example shape) {
    int rows = tokens(shape.height());
    int columns = tokens(shape.width());
    long size = (long) rows * columns;
    try (TensorScope temporary = new TensorScope(device)) {
      NativeTensor tokens = temporary.floats(packed, 1, size, packed.length / size); // (1, S, C)
      return decoded(temporary, latents.unpack(temporary, tokens, rows, columns), shape);
    }
  }

  /** The example's picture, as it comes back from its latent. */
  private Picture trained(Example example) {
    VaeConfig config = model.vaeConfig();
    long rows = example.height() / config.scaleFactor();
    long columns = example.width() / config.scaleFactor();
    long[] shape = {config.latentChannels(), rows, columns};
    float[] none = new float[example.mean().length];
    try (TensorScope temporary = new TensorScope(device)) {
      NativeTensor latent =
          mixtures.latent(
              temporary,
              Batches.floats(temporary, List.of(example), Example::mean, shape),
              Batches.floats(temporary, List.of(example), Example::logVariance, shape),
              temporary.floats(none, 1, config.latentChannels(), rows, columns),
              config.shiftFactor(),
              config.scalingFactor()); // (1, C, 2 h, 2 w)
      return decoded(temporary, latent, example);
    }
  }

  private Picture decoded(TensorScope temporary, NativeTensor latent, Example shape) {
    return new Picture(
        shape.width(),
        shape.height(),
        vae.pixels(temporary, vae.decode(temporary, latent)).bytes().toBytes());
  }

  @Override
  public void close() {
    vae.close();
    mixtures.close();
    latents.close();
  }

  /** Draws with one model. */
  private final class Drawing {
    private final Teacher drawer;
    private final Goal.OnPath goal;
    private final BooleanSupplier cancelled;

    private Drawing(Teacher drawer, Goal.OnPath goal, BooleanSupplier cancelled) {
      this.drawer = drawer;
      this.goal = goal;
      this.cancelled = cancelled;
    }

    /** Packed latents of each picture, (S, C). */
    private List<float[]> latents(PathSampling sampling, int steps) {
      List<float[]> all = new ArrayList<>();
      for (List<Integer> batch : batches) {
        try (TensorScope scope = new TensorScope(device)) {
          NativeTensor start = noise(scope, batch, all.size()); // (B, S, C)
          float[] made =
              sample(scope, sampling, steps, batch, start, all.size(), Latents.AfterStep.NOTHING)
                  .toFloats();
          int size = made.length / batch.size();
          for (int i = 0; i < batch.size(); i++) {
            all.add(Arrays.copyOfRange(made, i * size, (i + 1) * size));
          }
        }
      }
      return all;
    }

    private double straightness() {
      double sum = 0;
      int drawn = 0;
      for (List<Integer> batch : batches) {
        try (TensorScope scope = new TensorScope(device)) {
          NativeTensor start = noise(scope, batch, drawn); // (B, S, C)
          Way way = new Way(start, 1);
          sample(scope, PathSampling.EULER, STRAIGHTNESS_STEPS, batch, start, drawn, way.keeping());
          sum += Arrays.stream(way.straightness()).sum();
          drawn += batch.size();
        }
      }
      return sum / drawn;
    }

    private NativeTensor noise(TensorScope scope, List<Integer> batch, int before) {
      Example shape = examples.get(batch.get(0));
      return latents.pack(
          scope,
          latents
              .noise(
                  scope,
                  seeds(batch, before),
                  1,
                  model.vaeConfig().latentChannels(),
                  tokens(shape.height()),
                  tokens(shape.width()))
              .get(0)); // (B, S, C)
    }

    /**
     * @param before pictures that were drawn
     */
    private long[] seeds(List<Integer> batch, int before) {
      long[] seeds = new long[batch.size()];
      Arrays.setAll(seeds, i -> settings.seed() + before + i);
      return seeds;
    }

    private NativeTensor sample(
        TensorScope scope,
        PathSampling sampling,
        int steps,
        List<Integer> batch,
        NativeTensor start,
        int before,
        Latents.AfterStep afterStep) {
      return latents.sample(
          scope,
          start,
          // Evenly spaced levels are schnell's.
          Schedule.of(ScheduleConfig.schnell(), steps, (int) start.shape()[1]),
          sampling.maker().of(latents, goal.path(), seeds(batch, before)),
          answers(scope, batch),
          afterStep,
          cancelled);
    }

    private Velocity answers(TensorScope scope, List<Integer> batch) {
      List<Example> told = batch.stream().map(examples::get).toList();
      TextLearner.Text text =
          new GivenTexts(drawer.config().jointAttentionDim()).encode(scope, told);
      double[] scales = new double[batch.size()];
      Arrays.fill(scales, settings.guidanceScale());
      return drawer.velocity(
          scope,
          text,
          Batches.each(scope, scales),
          Rotary.of(
              scope,
              drawer.config().axesDimsRope(),
              (int) text.hidden().shape()[1],
              List.of(
                  new Rotary.Grid(0, tokens(told.get(0).height()), tokens(told.get(0).width())))));
    }
  }

  /**
   * A PNG file: a row for each objective and sampler, a column for each number of steps.
   *
   * @param measured by the objectives' names
   * @param columns numbers of steps
   */
  public static byte[] sheet(Map<String, Measured> measured, int columns) {
    List<Picture> pictures = new ArrayList<>();
    List<String> rows = new ArrayList<>();
    measured.forEach(
        (objective, all) -> {
          for (Cell cell : all.cells()) {
            if (pictures.size() % columns == 0) {
              rows.add(objective + ", " + cell.sampler());
            }
            pictures.add(cell.example());
          }
        });
    return Samples.sheet(pictures, columns, Map.of("rows", String.join("\n", rows)));
  }
}
