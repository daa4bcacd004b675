package io.fluxspark.pipeline;

import io.fluxspark.request.Conditioning;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of FLUX.1, which use a transformer in different ways. */
public enum Variant {
  DEV("FluxPipeline", Conditioning.NONE),
  SCHNELL("FluxPipeline", Conditioning.NONE),
  KONTEXT("FluxKontextPipeline", Conditioning.KONTEXT),
  FILL("FluxFillPipeline", Conditioning.FILL),
  /** FLUX.1 Canny and Depth. */
  CONTROL("FluxControlPipeline", Conditioning.CONTROL);

  private final String className;
  private final Conditioning conditioning;

  Variant(String className, Conditioning conditioning) {
    this.className = className;
    this.conditioning = conditioning;
  }

  /** The one with a name as options have it, such as {@code kontext}. */
  public static Optional<Variant> named(String name) {
    return Arrays.stream(values()).filter(variant -> variant.toString().equals(name)).findFirst();
  }

  /** All names, for messages. */
  public static String names() {
    return Arrays.stream(values()).map(Variant::toString).collect(Collectors.joining(", "));
  }

  /** The pipeline's class in diffusers. */
  String className() {
    return className;
  }

  Conditioning conditioning() {
    return conditioning;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
