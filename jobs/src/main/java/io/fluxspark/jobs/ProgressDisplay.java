package io.fluxspark.jobs;

import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Shows progress: a bar to a person, else a line every tenth of the pictures or ten seconds. */
interface ProgressDisplay extends AutoCloseable {
  void show(RunProgress.Counts counts);

  @Override
  void close();

  static ProgressDisplay of(Environment environment, long images) {
    return environment.isTerminal()
        ? new Bar(environment.err(), images)
        : new Lines(environment.err(), images);
  }

  /** For a terminal. */
  final class Bar implements ProgressDisplay {
    private final ProgressBar bar;

    private Bar(PrintStream out, long images) {
      this.bar =
          new ProgressBarBuilder()
              .setTaskName("pictures")
              .setInitialMax(images)
              .setConsumer(new ConsoleProgressBarConsumer(out))
              .build();
    }

    @Override
    public void show(RunProgress.Counts counts) {
      bar.stepTo(counts.tried());
      if (counts.failed() > 0) {
        bar.setExtraMessage(" " + counts.failed() + " failed");
      }
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** For a log. */
  final class Lines implements ProgressDisplay {
    private static final long NANOS = 1_000_000_000L;
    private static final long SILENCE_NANOS = 10 * NANOS;

    private final PrintStream out;
    private final long images;
    private final long start = System.nanoTime();
    private long shownAt = start;
    private long shownTenths;
    private long shown;

    Lines(PrintStream out, long images) {
      this.out = out;
      this.images = images;
    }

    @Override
    public synchronized void show(RunProgress.Counts counts) {
      long tried = counts.tried();
      long now = System.nanoTime();
      long tenths = 10 * tried / images;
      if (tried > shown && (tenths > shownTenths || now - shownAt > SILENCE_NANOS)) {
        double seconds = (double) (now - start) / NANOS;
        out.printf(
            Locale.ROOT,
            "fluxspark: %d of %d images, %d failed, %.2f images/s%n",
            tried,
            images,
            counts.failed(),
            counts.made() / seconds);
        shownAt = now;
        shownTenths = tenths;
        shown = tried;
      }
    }

    @Override
    public void close() {}
  }
}
