package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.program.DataType;
import io.fluxspark.training.ExampleEncoder;
import io.fluxspark.training.Goal;
import io.fluxspark.training.LearningRate;
import io.fluxspark.training.LowRankSettings;
import io.fluxspark.training.SampleSettings;
import io.fluxspark.training.Subject;
import io.fluxspark.training.Timesteps;
import io.fluxspark.training.TrainingRun;
import io.fluxspark.training.TrainingSettings;
import io.fluxspark.vae.VaeTraining;
import io.fluxspark.weights.StoredType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Options of the commands that train. */
final class TrainOptions {
  private static final int SECONDS_A_MINUTE = 60;
  private static final int LEAST_RESOLUTION = 16;
  private static final int MOST_TOKENS = 512;

  /** Larger scales were never of use; a wrong one should not go unseen. */
  static final double MOST_GUIDANCE = 100;

  private static final int VAE_LOSSES = 4;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "TABLE",
      description =
          "Table with columns image and prompt, perhaps weight (how often a row is drawn) and id: a"
              + " csv, json lines or Parquet file or folder, or a Spark table.")
  private String data;

  @Option(
      names = "--data-format",
      paramLabel = "FORMAT",
      description = "csv, json, parquet or table; default: what the name ends with.")
  private String dataFormat;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FOLDER",
      description = "New folder, or that of a training that was broken off, which goes on.")
  private String output;

  @Option(
      names = "--resolution",
      defaultValue = "512",
      paramLabel = "PIXELS",
      description =
          "Side of a square picture; others get about as many pixels. Default: ${DEFAULT-VALUE}.")
  private int resolution;

  @Option(
      names = "--max-sequence-length",
      defaultValue = "512",
      paramLabel = "N",
      description = "T5 tokens of a caption. Default: ${DEFAULT-VALUE}.")
  private int maxSequenceLength;

  @Option(
      names = "--max-train-steps",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Steps of the optimizer in all. Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(
      names = "--train-batch-size",
      defaultValue = "4",
      paramLabel = "N",
      description = "Pictures of a gradient. Default: ${DEFAULT-VALUE}.")
  private int batchSize;

  @Option(
      names = "--gradient-accumulation-steps",
      defaultValue = "1",
      paramLabel = "N",
      description = "Gradients of a step. Default: ${DEFAULT-VALUE}.")
  private int accumulation;

  @Option(
      names = "--gradient-checkpointing",
      description =
          "Make the transformer's blocks again on the way back: less memory, a third slower."
              + " Default: no.")
  private boolean isCheckpointed;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Threads that share a batch. Default: the processors, on a GPU 1.")
  private Integer workers;

  @Option(
      names = "--learning-rate",
      defaultValue = "1e-4",
      paramLabel = "RATE",
      description = "Of AdamW, at its highest. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Option(
      names = "--lr-scheduler",
      defaultValue = "constant",
      paramLabel = "CURVE",
      description = "constant, linear or cosine. Default: ${DEFAULT-VALUE}.")
  private String scheduler;

  @Option(
      names = "--lr-warmup-steps",
      defaultValue = "0",
      paramLabel = "N",
      description = "Steps to the highest rate. Default: ${DEFAULT-VALUE}.")
  private long warmup;

  @Option(
      names = "--adam-beta1",
      defaultValue = "0.9",
      paramLabel = "BETA",
      description = "Memory of the gradients' mean. Default: ${DEFAULT-VALUE}.")
  private double beta1;

  @Option(
      names = "--adam-beta2",
      defaultValue = "0.999",
      paramLabel = "BETA",
      description = "Memory of the mean of their squares. Default: ${DEFAULT-VALUE}.")
  private double beta2;

  @Option(
      names = "--adam-weight-decay",
      defaultValue = "0.01",
      paramLabel = "DECAY",
      description = "Of AdamW. Default: ${DEFAULT-VALUE}.")
  private double weightDecay;

  @Option(
      names = "--max-grad-norm",
      defaultValue = "1",
      paramLabel = "NORM",
      description = "Longer gradients are cut to this length. Default: ${DEFAULT-VALUE}.")
  private double maxGradNorm;

  @Option(
      names = "--ema-decay",
      defaultValue = "0",
      paramLabel = "DECAY",
      description =
          "Memory of the weights' average, which is what is saved; 0 saves the last. Default:"
              + " ${DEFAULT-VALUE}.")
  private double emaDecay;

  @Option(
      names = "--timesteps",
      defaultValue = "logit-normal",
      paramLabel = "DENSITY",
      description = "uniform or logit-normal. Default: ${DEFAULT-VALUE}.")
  private String density;

  @Option(
      names = "--logit-mean",
      defaultValue = "0",
      paramLabel = "MEAN",
      description = "Of logit-normal noise levels. Default: ${DEFAULT-VALUE}.")
  private double logitMean;

  @Option(
      names = "--logit-std",
      defaultValue = "1",
      paramLabel = "STD",
      description = "Of logit-normal noise levels. Default: ${DEFAULT-VALUE}.")
  private double logitStd;

  @Option(
      names = "--timestep-shift",
      defaultValue = "1",
      paramLabel = "SHIFT",
      description = "Above 1, more noise is seen. Default: ${DEFAULT-VALUE}.")
  private double shift;

  @Option(
      names = "--caption-dropout",
      defaultValue = "0",
      paramLabel = "SHARE",
      description =
          "Captions that are replaced by the empty one, which true_cfg_scale needs. Default:"
              + " ${DEFAULT-VALUE}.")
  private double captionDropout;

  @Option(
      names = "--guidance-scale",
      defaultValue = "1",
      paramLabel = "SCALE",
      description = "What a model with a guidance embedding is told. Default: ${DEFAULT-VALUE}.")
  private double guidanceScale;

  @Option(
      names = "--vae-losses",
      defaultValue = "1,1,1e-4,0",
      split = ",",
      paramLabel = "NUMBER",
      description =
          "How much L1, L2, KL and the L1 of edges count for a vae. Default: ${DEFAULT-VALUE}.")
  private double[] vaeLosses;

  @Option(
      names = "--sample-prompt",
      paramLabel = "TEXT",
      description =
          "A prompt of the sample sheets; can be given often. Default: 16 of the captions.")
  private List<String> samplePrompts = new ArrayList<>();

  @Option(
      names = "--sample-every",
      defaultValue = "500",
      paramLabel = "N",
      description = "Steps between two sample sheets. Default: ${DEFAULT-VALUE}.")
  private long sampleEvery;

  @Option(
      names = "--sample-steps",
      defaultValue = "20",
      paramLabel = "N",
      description = "num_inference_steps of the samples. Default: ${DEFAULT-VALUE}.")
  private int sampleSteps;

  @Option(
      names = "--sample-guidance-scale",
      defaultValue = "3.5",
      paramLabel = "SCALE",
      description = "guidance_scale of the samples. Default: ${DEFAULT-VALUE}.")
  private double sampleGuidance;

  @Option(
      names = "--sample-true-cfg-scale",
      defaultValue = "1",
      paramLabel = "SCALE",
      description =
          "true_cfg_scale of the samples, with the empty negative prompt. Default:"
              + " ${DEFAULT-VALUE}.")
  private double sampleTrueCfg;

  @Option(
      names = "--dtype",
      defaultValue = "float32",
      paramLabel = "TYPE",
      description =
          "In which gradients are computed: float32 or bfloat16. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--save-dtype",
      defaultValue = "float32",
      paramLabel = "TYPE",
      description = "In which the model is saved: float32 or bfloat16. Default: ${DEFAULT-VALUE}.")
  private String saveDtype;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "Decides everything that is random. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--log-every",
      defaultValue = "100",
      paramLabel = "N",
      description = "Steps between two lines of loss.csv. Default: ${DEFAULT-VALUE}.")
  private long logEvery;

  @Option(
      names = "--checkpoint-minutes",
      defaultValue = "5",
      paramLabel = "N",
      description = "Between two checkpoints. Default: ${DEFAULT-VALUE}.")
  private double checkpointMinutes;

  /**
   * What was given.
   *
   * @param model to go on from
   * @param subject what is trained
   * @param goal of a transformer
   * @param lora null where all weights are trained
   * @throws FluxSparkException {@code INVALID_OPTION} for a value that is wrong
   */
  TrainRequest given(String model, Subject subject, Goal goal, LowRankSettings lora) {
    check();
    LearningRate rate =
        new LearningRate(
            learningRate,
            warmup,
            named("--lr-scheduler", LearningRate.Decay.values(), scheduler),
            steps);
    TrainingSettings settings =
        new TrainingSettings(
            steps,
            batchSize,
            accumulation,
            workers == null ? Runtime.getRuntime().availableProcessors() : workers,
            rate,
            beta1,
            beta2,
            weightDecay,
            maxGradNorm,
            emaDecay,
            seed,
            logEvery,
            checkpointMinutes * SECONDS_A_MINUTE);
    TrainingRun.Plan plan =
        new TrainingRun.Plan(
            subject,
            goal,
            lora,
            new ExampleEncoder.Sizes(resolution, maxSequenceLength),
            settings,
            new Timesteps(
                named("--timesteps", Timesteps.Density.values(), density),
                logitMean,
                logitStd,
                shift),
            captionDropout,
            guidanceScale,
            new VaeTraining.LossWeights(vaeLosses[0], vaeLosses[1], vaeLosses[2], vaeLosses[3]),
            type("--dtype", dtype),
            type("--save-dtype", saveDtype) == DataType.BFLOAT16 ? StoredType.BF16 : StoredType.F32,
            isCheckpointed);
    return new TrainRequest(
        data,
        Optional.ofNullable(dataFormat),
        output,
        model,
        plan,
        new SampleSettings(
            samplePrompts.stream().map(SampleSettings.Sample::of).toList(),
            sampleEvery,
            sampleSteps,
            sampleGuidance,
            sampleTrueCfg));
  }

  private void check() {
    atLeast("--resolution", LEAST_RESOLUTION, resolution);
    between("--max-sequence-length", maxSequenceLength, 1, MOST_TOKENS);
    atLeast("--max-train-steps", 1, steps);
    atLeast("--train-batch-size", 1, batchSize);
    atLeast("--gradient-accumulation-steps", 1, accumulation);
    atLeast("--workers", 1, workers == null ? 1 : workers);
    above("--learning-rate", learningRate);
    atLeast("--lr-warmup-steps", 0, warmup);
    if (warmup > steps) {
      throw invalid("--lr-warmup-steps: " + warmup + "; at most --max-train-steps is needed");
    }
    share("--adam-beta1", beta1);
    share("--adam-beta2", beta2);
    between("--adam-weight-decay", weightDecay, 0, 1);
    above("--max-grad-norm", maxGradNorm);
    share("--ema-decay", emaDecay);
    finite("--logit-mean", logitMean);
    above("--logit-std", logitStd);
    above("--timestep-shift", shift);
    between("--caption-dropout", captionDropout, 0, 1);
    between("--guidance-scale", guidanceScale, 0, MOST_GUIDANCE);
    atLeast("--log-every", 1, logEvery);
    above("--checkpoint-minutes", checkpointMinutes);
    atLeast("--sample-every", 1, sampleEvery);
    atLeast("--sample-steps", 1, sampleSteps);
    between("--sample-guidance-scale", sampleGuidance, 0, MOST_GUIDANCE);
    between("--sample-true-cfg-scale", sampleTrueCfg, 1, MOST_GUIDANCE);
    if (vaeLosses.length != VAE_LOSSES) {
      throw invalid("--vae-losses: " + vaeLosses.length + " numbers; 4 are needed");
    }
    for (double count : vaeLosses) {
      between("--vae-losses", count, 0, Double.MAX_VALUE);
    }
  }

  /** Refuses a whole number below the least. */
  static void atLeast(String option, long least, long value) {
    if (value < least) {
      throw invalid(option + ": " + value + "; a whole number of at least " + least + " is needed");
    }
  }

  /** Refuses what is not a positive number. */
  static void above(String option, double value) {
    if (!(value > 0) || value == Double.POSITIVE_INFINITY) {
      throw invalid(option + ": " + value + "; a number above 0 is needed");
    }
  }

  /** Refuses a number outside of a range. */
  static void between(String option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw invalid(
          option
              + ": "
              + shown(value)
              + "; "
              + (most == Double.MAX_VALUE
                  ? "a number of at least " + shown(least)
                  : "a number from " + shown(least) + " to " + shown(most))
              + " is needed");
    }
  }

  private static void share(String option, double value) {
    if (!(value >= 0 && value < 1)) {
      throw invalid(option + ": " + value + "; a number from 0 to below 1 is needed");
    }
  }

  private static void finite(String option, double value) {
    if (!Double.isFinite(value)) {
      throw invalid(option + ": " + value + "; a finite number is needed");
    }
  }

  private static String shown(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  String output() {
    return output;
  }

  long seed() {
    return seed;
  }

  private static DataType type(String option, String name) {
    return named(option, new DataType[] {DataType.FLOAT32, DataType.BFLOAT16}, name);
  }

  /** The value that an option names. */
  static <T> T named(String option, T[] values, String name) {
    return Arrays.stream(values)
        .filter(value -> nameOf(value).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    option
                        + ": '"
                        + name
                        + "'; one of "
                        + Arrays.stream(values)
                            .map(TrainOptions::nameOf)
                            .collect(Collectors.joining(", "))
                        + " is needed"));
  }

  private static String nameOf(Object value) {
    return value.toString().toLowerCase(Locale.ROOT);
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
