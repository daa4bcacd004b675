package io.fluxspark.pipeline;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What of a model stays in the host's memory, where the device's is scarce. */
public enum Offload {
  /** The weights of T5's blocks; each is brought to the device when texts are encoded. */
  TEXT_ENCODER,
  /** The weights that modulate the transformer's blocks; they are needed once a batch. */
  MODULATION,
  /** What lies between two layers of the autoencoder; pictures are decoded in strips. */
  DECODING;

  /** Its name in options. */
  public String optionName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The names of all. */
  public static List<String> names() {
    return Arrays.stream(values()).map(Offload::optionName).toList();
  }

  /**
   * Those that a text names.
   *
   * @param names separated by commas; none where empty
   * @return empty where one is unknown
   */
  public static Optional<Set<Offload>> parse(String names) {
    Set<Offload> parsed = EnumSet.noneOf(Offload.class);
    for (String name : names.isBlank() ? List.<String>of() : List.of(names.split(",", -1))) {
      Optional<Offload> one =
          Arrays.stream(values()).filter(o -> o.optionName().equals(name.strip())).findFirst();
      if (one.isEmpty()) {
        return Optional.empty();
      }
      parsed.add(one.get());
    }
    return Optional.of(Set.copyOf(parsed));
  }

  /** Their names, separated by commas, in the order of this class. */
  public static String text(Set<Offload> some) {
    return Arrays.stream(values())
        .filter(some::contains)
        .map(Offload::optionName)
        .collect(Collectors.joining(","));
  }
}
