package io.fluxspark.request;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.util.Map;
import java.util.Optional;

/** Rules of rows for tests, and the files that rows may name. */
public final class TestRules {
  /** The files that are there, with their versions. */
  static final Map<String, String> FILES = Map.of("/a.png", "1", "/b.png", "2", "/l", "digest");

  private TestRules() {}

  /** Of a model that is given text alone. */
  public static RequestRules of(RequestDefaults defaults, int maxSize, long seed) {
    return of(defaults, maxSize, seed, Conditioning.NONE);
  }

  static RequestRules of(
      RequestDefaults defaults, int maxSize, long seed, Conditioning conditioning) {
    return new RequestRules(
        defaults,
        new RequestLimits(maxSize),
        seed,
        conditioning,
        new EmbedDims(4, 3),
        true,
        new Files());
  }

  /** What a request of text alone brings. */
  public static RequestInputs noPictures() {
    return new RequestInputs(
        Task.TEXT_TO_IMAGE, Optional.empty(), Optional.empty(), Optional.empty(), 1, false);
  }

  private record Files() implements InputFiles {
    @Override
    public String resolve(String path) {
      return path.startsWith("/") ? path : "/" + path;
    }

    @Override
    public String version(String path) {
      String version = FILES.get(path);
      if (version == null) {
        throw new FluxSparkException(
            ErrorCode.INVALID_ROW, "'" + path + "'; there is no such file");
      }
      return version;
    }

    @Override
    public String loraDigest(String path) {
      return version(path);
    }
  }
}
