package io.fluxspark.request;

import java.util.Arrays;

/**
 * What a model does for a row; it follows from the model's kind and the pictures that a row has.
 */
public enum Task {
  /** Noise to picture, as diffusers' {@code FluxPipeline}. */
  TEXT_TO_IMAGE("text-to-image", false),
  /** A picture, noised by {@code strength}, to picture, as {@code FluxImg2ImgPipeline}. */
  IMAGE_TO_IMAGE("image-to-image", true),
  /**
   * The same where a mask is white; elsewhere the picture stays, as {@code FluxInpaintPipeline}.
   */
  INPAINT("inpaint", true),
  /** A model that looks at a picture while it makes another, as {@code FluxKontextPipeline}. */
  KONTEXT("kontext", false),
  /** A model that is shown a picture and a mask, as {@code FluxFillPipeline}. */
  FILL("fill", true),
  /** A model that is shown edges or depths, as {@code FluxControlPipeline}. */
  CONTROL("control", false);

  private final String taskName;
  private final boolean hasStrength;

  Task(String taskName, boolean hasStrength) {
    this.taskName = taskName;
    this.hasStrength = hasStrength;
  }

  /** The name in tables and reports. */
  public String taskName() {
    return taskName;
  }

  /** Whether the sampler starts late, from the picture with noise. */
  public boolean hasStrength() {
    return hasStrength;
  }

  /**
   * The task with a name.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static Task fromName(String name) {
    return Arrays.stream(values())
        .filter(task -> task.taskName.equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no task is called " + name));
  }
}
