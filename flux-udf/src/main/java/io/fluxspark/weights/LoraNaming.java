package io.fluxspark.weights;

import java.util.Set;
import java.util.stream.Collectors;

/** Whose way of writing a tensor's name it is; for messages. */
enum LoraNaming {
  DIFFUSERS("diffusers'"),
  PEFT("PEFT's"),
  BFL("BFL's"),
  XLABS("XLabs'"),
  COMFYUI("ComfyUI's"),
  KOHYA("kohya's"),
  ONETRAINER("OneTrainer's"),
  LYCORIS("LyCORIS'");

  private final String whose;

  LoraNaming(String whose) {
    this.whose = whose;
  }

  static String join(Set<LoraNaming> namings) {
    return namings.stream().map(LoraNaming::toString).collect(Collectors.joining(" and "));
  }

  @Override
  public String toString() {
    return whose;
  }
}
