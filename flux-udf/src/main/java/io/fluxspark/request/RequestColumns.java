package io.fluxspark.request;

import java.util.List;

/** Names of the prompt table's columns; they are diffusers' argument names. */
public final class RequestColumns {
  public static final String ID = "id";
  public static final String PROMPT = "prompt";
  public static final String PROMPT_2 = "prompt_2";
  public static final String NEGATIVE_PROMPT = "negative_prompt";
  public static final String TRUE_CFG_SCALE = "true_cfg_scale";
  public static final String TRUE_CFG_START = "true_cfg_start";
  public static final String TRUE_CFG_STOP = "true_cfg_stop";
  public static final String FIRST_BLOCK_CACHE_THRESHOLD = "first_block_cache_threshold";
  public static final String HEIGHT = "height";
  public static final String WIDTH = "width";
  public static final String NUM_INFERENCE_STEPS = "num_inference_steps";
  public static final String GUIDANCE_SCALE = "guidance_scale";
  public static final String SEED = "seed";
  public static final String NUM_IMAGES_PER_PROMPT = "num_images_per_prompt";
  public static final String MAX_SEQUENCE_LENGTH = "max_sequence_length";
  public static final String STRENGTH = "strength";
  public static final String IMAGE = "image";
  public static final String MASK_IMAGE = "mask_image";
  public static final String CONTROL_IMAGE = "control_image";
  public static final String LORA = "lora";
  public static final String LORA_SCALE = "lora_scale";
  public static final String PROMPT_EMBEDS = "prompt_embeds";
  public static final String POOLED_PROMPT_EMBEDS = "pooled_prompt_embeds";

  /** Every column of a request, in the order of the tables. */
  public static final List<String> ALL =
      List.of(
          ID,
          PROMPT,
          PROMPT_2,
          NEGATIVE_PROMPT,
          TRUE_CFG_SCALE,
          HEIGHT,
          WIDTH,
          NUM_INFERENCE_STEPS,
          GUIDANCE_SCALE,
          SEED,
          NUM_IMAGES_PER_PROMPT,
          MAX_SEQUENCE_LENGTH,
          STRENGTH,
          TRUE_CFG_START,
          TRUE_CFG_STOP,
          FIRST_BLOCK_CACHE_THRESHOLD,
          IMAGE,
          MASK_IMAGE,
          CONTROL_IMAGE,
          LORA,
          LORA_SCALE,
          PROMPT_EMBEDS,
          POOLED_PROMPT_EMBEDS);

  /** Columns for which a job has a default; {@link RequestDefaults} holds them. */
  public static final List<String> WITH_DEFAULT =
      ALL.stream()
          .filter(
              column ->
                  !List.of(ID, PROMPT, SEED, PROMPT_EMBEDS, POOLED_PROMPT_EMBEDS).contains(column))
          .toList();

  private RequestColumns() {}
}
