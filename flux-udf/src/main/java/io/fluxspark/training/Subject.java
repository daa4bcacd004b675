package io.fluxspark.training;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which models of a pipeline are trained. */
public enum Subject {
  /** The autoencoder. */
  VAE,
  /** The transformer, with texts and pictures encoded once. */
  TRANSFORMER,
  /** The transformer and both text encoders, with pictures encoded once. */
  TRANSFORMER_AND_TEXT_ENCODERS;

  /** The subject that options name so. */
  public static Optional<Subject> named(String name) {
    return Arrays.stream(values()).filter(s -> s.toString().equals(name)).findFirst();
  }

  /** All names, for messages. */
  public static String names() {
    return Arrays.stream(values()).map(Subject::toString).collect(Collectors.joining(", "));
  }

  /** As options name it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
